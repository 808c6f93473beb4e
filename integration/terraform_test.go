//go:build integration

package integration

// Real modules are put to GitLab's stand-in as its instructions say, and the real OpenTofu installs them from there.

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
)

const (
	moduleSystem  = "tofu"
	moduleVersion = "1.12.6"
)

// moduleArchives are the real modules: name and the file that tar made of each.
func moduleArchives(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range realserver.Files(t, "terraform") {
		if name, ok := strings.CutSuffix(file, "-"+moduleSystem+"-"+moduleVersion+".tgz"); ok {
			found[name] = file
		}
	}
	return found
}

func TestModulesArePutAndTofuInstalls(t *testing.T) {
	gitlab := startStandin(t, "gitlab")
	registry := gitlab.projectURL(t, gitlab.Group+"/terraform-modules") + "/terraform/modules"
	var want []string
	for name, file := range moduleArchives(t) {
		realserver.CurlUpload(t, fmt.Sprintf("%s/%s/%s/%s/file", registry, name, moduleSystem, moduleVersion),
			realserver.Cache(t, "packages", "terraform", file), "PRIVATE-TOKEN: "+gitlab.Token)
		sum := sha256.Sum256(cached(t, "packages", "terraform", file))
		want = append(want, name+"/"+moduleSystem+" "+artifact.TerraformFile(name+"/"+moduleSystem, moduleVersion)+" "+hex.EncodeToString(sum[:]))
	}
	var got []string
	for _, line := range gitlab.dump(t) {
		got = append(got, line.Package+" "+line.File+" "+line.SHA256)
	}
	same(t, "what was put", got, want)
	tofuConsumers(t, gitlab)
}

// tofuConsumers installs modules by the registry protocol: none of them needs a provider. Their files must lie there.
func tofuConsumers(t *testing.T, gitlab *server) {
	t.Helper()
	archives := moduleArchives(t)
	namespace, _, _ := strings.Cut(gitlab.Group, "/")
	tofu := realserver.NewTofu(t, gitlab.URL+"/api/v4/packages/terraform/modules/v1/", gitlab.Token)
	names := []string{"local-modules", "override-variable", "nested-layout", "transform-module-var-nested"}
	var config strings.Builder
	for _, name := range names {
		fmt.Fprintf(&config, "module %q {\n  source  = \"%s/%s/%s/%s\"\n  version = \"~> 1.12.0\"\n}\n",
			name, realserver.ModuleHost, namespace, name, moduleSystem)
	}
	if err := os.WriteFile(filepath.Join(tofu.Dir, "main.tf"), []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tofu.Run(t, "init"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range names {
		want := untar(t, cached(t, "packages", "terraform", archives[name]))
		if diff := cmp.Diff(want, files(t, filepath.Join(tofu.Dir, ".terraform", "modules", name))); diff != "" {
			t.Errorf("%s is installed otherwise (-packed +installed):\n%s", name, diff)
		}
	}
}

// files is the content of each regular file below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(os.DirFS(dir), path)
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
