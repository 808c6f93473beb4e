//go:build integration

package integration

// Real charts are posted to GitLab's stand-in as its instructions say, and the real Helm reads them there.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
)

// withoutAPIVersion are charts from before Helm 3. GitLab takes no chart without apiVersion, and finds that out after it
// has answered 201.
var withoutAPIVersion = []string{"compressedchart-with-hyphens-0.1.0.tgz", "pre-release-chart-0.1.0-alpha.tgz"}

func TestChartsArePostedAndHelmPulls(t *testing.T) {
	gitlab := startStandin(t, "gitlab", "--mode", "settle=immediate")
	registry := gitlab.projectURL(t, gitlab.Group+"/helm-charts") + "/helm"
	var want []string
	eachFile(t, "helm", func(file string, content []byte) {
		if artifact.HelmProvenance(file) {
			return
		}
		realserver.CurlForm(t, registry+"/api/stable/charts", anybody, gitlab.Token, "chart", realserver.Cache(t, "packages", "helm", file))
		sum := sha256.Sum256(content)
		if slices.Contains(withoutAPIVersion, file) {
			file = "package.tgz"
		}
		want = append(want, file+" "+hex.EncodeToString(sum[:]))
	})
	var got []string
	for _, line := range gitlab.dump(t) {
		got = append(got, line.File+" "+line.SHA256)
	}
	same(t, "what was posted", got, want)
	helmConsumers(t, registry+"/stable", gitlab.Token)
}

// helmConsumers uses the repository as a person does.
func helmConsumers(t *testing.T, repository, token string) {
	t.Helper()
	helm := realserver.NewHelm(t, nil)
	run := func(arg ...string) string {
		t.Helper()
		out, err := helm.Run(t, arg...)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return out
	}
	run("repo", "add", "lab", repository, "--username", anybody, "--password", token)
	var found []struct{ Name, Version string }
	if err := json.Unmarshal([]byte(run("search", "repo", "lab/", "--versions", "--devel", "--output", "json")), &found); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, one := range found {
		got = append(got, one.Name+" "+one.Version)
	}
	eachFile(t, "helm", func(file string, content []byte) {
		if artifact.HelmProvenance(file) || slices.Contains(withoutAPIVersion, file) {
			return
		}
		chart, err := artifact.ReadChart(bytes.NewReader(content))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		want = append(want, "lab/"+chart.Name+" "+chart.Version)
	})
	same(t, "what helm finds", got, want)

	run("pull", "lab/sprocket", "--version", "1.1.0")
	run("pull", "lab/prod")
	run("pull", "lab/goodone", "--devel")
	for _, file := range []string{"sprocket-1.1.0.tgz", "prod-v0.1.0.tgz", "goodone-199.44.12345-Alpha.1+cafe009.tgz"} {
		got, err := os.ReadFile(filepath.Join(helm.Dir, file))
		if err != nil || !bytes.Equal(got, cached(t, "packages", "helm", file)) {
			t.Errorf("helm pulled another %s: %v", file, err)
		}
	}
	if manifest := run("template", "lab/object-order"); !strings.Contains(manifest, "kind: NetworkPolicy") {
		t.Errorf("helm makes something else of the chart:\n%s", manifest)
	}
}
