package nexus

import (
	"fmt"
	"testing"
)

// What a path is, in each format: name@version file, or the reason why it is no file of a package; "" for what is told
// elsewhere.
func TestLayouts(t *testing.T) {
	const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	s := New("old", nil, Options{})
	for _, c := range []struct {
		format string
		asset  asset
		want   string
	}{
		{"npm", asset{Path: "/@acme/ui/-/ui-1.0.0.tgz"}, "npm @acme/ui@1.0.0 @acme/ui-1.0.0.tgz"},
		{"npm", asset{Path: "ui/-/ui-1.0.0.tgz", NPM: npmFields{"ui", "1.0.0+b"}}, "npm ui@1.0.0+b ui-1.0.0+b.tgz"},
		{"npm", asset{Path: "/ui/-/odd.tgz", NPM: npmFields{"ui", "2.0.0"}}, "npm ui@2.0.0 ui-2.0.0.tgz"},
		{"npm", asset{Path: "/ui/-/odd.tgz"}, "npm file-name-not-allowed"},
		{"npm", asset{Path: "/-/v1/search"}, "npm not-a-package"},
		{"npm", asset{Path: "/@acme/ui"}, ""},
		{"pypi", asset{Path: "/packages/acme-ui/1.0/Acme_UI-1.0.tar.gz"}, "pypi acme-ui@1.0 Acme_UI-1.0.tar.gz"},
		{"pypi", asset{Path: "packages/Acme.UI/1.0/acme_ui-1.0-py3-none-any.whl.asc"}, "pypi acme-ui@1.0 acme_ui-1.0-py3-none-any.whl.asc"},
		{"pypi", asset{Path: "/packages/ab/cd/ef01/Acme_UI-1.0.zip"}, "pypi acme-ui@1.0 Acme_UI-1.0.zip"},
		{"pypi", asset{Path: "/packages/ab/cd/ef01/whatever"}, "pypi file-name-not-allowed"},
		{"pypi", asset{Path: "/packages/acme/1.0/"}, "pypi file-name-not-allowed"},
		{"pypi", asset{Path: "/simple/acme-ui/"}, "pypi not-a-package"},
		{"nuget", asset{Path: "/Acme.Tools/1.10.0-RC.1"}, "nuget Acme.Tools@1.10.0-RC.1 Acme.Tools.1.10.0-RC.1.nupkg"},
		{"nuget", asset{Path: "/Acme/1.0.0/acme.1.0.0.nupkg"}, "nuget Acme@1.0.0 acme.1.0.0.nupkg"},
		{"nuget", asset{Path: "/Acme/1.0.0/acme.1.0.0.snupkg"}, "nuget Acme@1.0.0 acme.1.0.0.snupkg"},
		{"nuget", asset{Path: "/Acme/1.0.0/acme.nuspec"}, "nuget not-a-package"},
		{"nuget", asset{Path: "/v3/index.json"}, "nuget not-a-package"},
		{"nuget", asset{Path: "/index.json"}, "nuget file-name-not-allowed"},
		{"helm", asset{Path: "/acme-web-1.1.0-rc.1.tgz"}, "helm acme-web@1.1.0-rc.1 acme-web-1.1.0-rc.1.tgz"},
		{"helm", asset{Path: "/acme-web-1.0.0.tgz.prov"}, "helm acme-web@1.0.0 acme-web-1.0.0.tgz.prov"},
		{"helm", asset{Path: "/index.yaml"}, "helm not-a-package"},
		{"helm", asset{Path: "/charts/acme-web-1.0.0.tgz"}, "helm file-name-not-allowed"},
		{"docker", asset{Path: "/v2/team/app/manifests/1.0", Checksum: checksum{SHA256: sum}}, "container team/app@1.0 manifests/sha256:" + sum},
		{"oci", asset{Path: "/v2/manifests/manifests/manifests", Checksum: checksum{SHA256: sum}}, "container manifests@manifests manifests/sha256:" + sum},
		{"docker", asset{Path: "/v2/team/app/manifests/sha256:" + sum}, ""},
		{"docker", asset{Path: "/v2/-/blobs/sha256:" + sum}, ""},
		{"docker", asset{Path: "/v2/team/app/manifests/1.0"}, ""},
		{"docker", asset{Path: "/v2/team/app/other/1.0"}, "container file-name-not-allowed"},
		{"apt", asset{Path: "/pool/a/acme/acme_1.0_amd64.deb"}, "deb r@0.0.0 pool/a/acme/acme_1.0_amd64.deb"},
		{"conan", asset{Path: "/conans/acme/zlib/1.3/stable/conanfile.py"}, "conan conans.acme.zlib@1.3 stable/conanfile.py"},
		{"terraform", asset{Path: "/v1/modules/a/b/c/1.0.0/m.zip"}, "terraform-registry v1.modules.a.b.c@1.0.0 m.zip"},
		{"huggingface", asset{Path: "/a/"}, "huggingface file-name-not-allowed"},
	} {
		got := ""
		if item, ok := s.listed(repository{Name: "r", Format: c.format, Type: hosted}, c.asset); ok && item.Skip == "" {
			p := item.Package
			got = fmt.Sprintf("%s %s@%s %s", p.Format, p.Name, p.Version, p.Files[0].Path)
		} else if ok {
			got = fmt.Sprintf("%s %s", item.Package.Format, item.Skip)
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.format, c.asset.Path, got, c.want)
		}
	}
	for nexus, ours := range formats {
		if _, known := layouts[nexus]; !known && !ours.Foreign() {
			t.Errorf("%s is listed as %s, whose layout nobody knows", nexus, ours)
		}
	}
}
