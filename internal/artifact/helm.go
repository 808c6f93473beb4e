package artifact

import (
	"fmt"
	"regexp"
	"strings"
)

// In a Helm repository (https://helm.sh/docs/topics/chart_repository/) a chart is a .tgz, beside it at most a provenance file,
// its signature (https://helm.sh/docs/topics/provenance/).

// HelmFile is the file name of a chart, which is also what GitLab calls it: "name-1.0.0.tgz".
func HelmFile(name, version string) string { return fmt.Sprintf("%s-%s.tgz", name, version) }

// HelmProvenance tells the signature of a chart from the chart. GitLab has no place for it.
func HelmProvenance(file string) bool { return strings.HasSuffix(file, ".prov") }

// helmVersion is a complete semantic version, with or without a "v"; charts have no others.
var helmVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$`)

// ParseHelmFile takes the file name of a chart, or of its provenance, apart: "acme-web-1.10.0.tgz" is acme-web 1.10.0. The name
// ends before the first hyphen behind which nothing but a version stands. What is inside the chart may say otherwise.
func ParseHelmFile(file string) (name, version string, ok bool) {
	stem, ok := strings.CutSuffix(strings.TrimSuffix(file, ".prov"), ".tgz")
	if !ok || strings.Contains(stem, "/") {
		return "", "", false
	}
	for i := 1; i < len(stem); i++ {
		if stem[i] == '-' && helmVersion.MatchString(stem[i+1:]) {
			return stem[:i], stem[i+1:], true
		}
	}
	return "", "", false
}

var helmLosses = []Loss{
	{"Provenance files (.prov)", "GitLab's Helm registry has no place for them: push chart and provenance to the container registry as an OCI artifact.", false, ends(".prov")},
}
