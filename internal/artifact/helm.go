package artifact

import (
	"fmt"
	"strings"
)

// In a Helm repository (https://helm.sh/docs/topics/chart_repository/) a chart is a .tgz, beside it at most a provenance file,
// its signature (https://helm.sh/docs/topics/provenance/).

// HelmFile is the file name of a chart, which is also what GitLab calls it: "name-1.0.0.tgz".
func HelmFile(name, version string) string { return fmt.Sprintf("%s-%s.tgz", name, version) }

// HelmProvenance tells the signature of a chart from the chart. GitLab has no place for it.
func HelmProvenance(file string) bool { return strings.HasSuffix(file, ".prov") }
