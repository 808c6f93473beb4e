// Terraform repositories on Artifactory (docs.jfrog.com, "Terraform Repositories"): modules as NAMESPACE/NAME/SYSTEM/VERSION.zip, providers as
// NAMESPACE/NAME/VERSION/terraform-provider-NAME_VERSION_OS_ARCH.zip. Only the path tells which is which, and what. Old releases of
// JFrog's client swapped a module's name and system; nothing shows that.

package artifactory

import (
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

var terraformLayout = layout{
	format: artifact.Terraform, generated: func(p string) bool { return strings.HasSuffix(p, ".json") }, read: each(terraform),
}

// terraformProvider is the format of providers, which GitLab has no place for.
const terraformProvider artifact.Format = "terraform-provider"

func terraform(w *walk, one item) (sources.Listed, bool) {
	folders := strings.Split(one.Folder, "/")
	if strings.HasPrefix(one.Name, "terraform-provider-") {
		item, ok := generic(w, one)
		item.Package.Format = terraformProvider
		return item, ok
	}
	for _, suffix := range []string{".zip", ".tar.gz", ".tgz"} {
		if version, is := strings.CutSuffix(one.Name, suffix); is && version != "" && len(folders) == 3 {
			stem, _ := strings.CutSuffix(artifact.TerraformFile(one.Folder, version), ".tgz")
			return w.part(one, one.Folder, version, stem+suffix), true
		}
	}
	return w.skip(one, artifact.FileNameNotAllowed, "its path is not that of a module: namespace/name/system/version.zip"), true
}
