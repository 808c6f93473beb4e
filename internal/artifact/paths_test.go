package artifact_test

import (
	"strings"
	"testing"

	"pkgferry/internal/artifact"
)

func TestParseNPMPath(t *testing.T) {
	for path, want := range map[string][2]string{
		"tidy/-/tidy-1.0.0.tgz":                      {"tidy", "1.0.0"},
		"/@acme/ui/-/ui-1.2.0-rc.1+b.tgz":            {"@acme/ui", "1.2.0-rc.1+b"},
		"@acme/ui/-/@acme/ui-1.2.0.tgz":              {"@acme/ui", "1.2.0"},
		"a-1/-/a-1-2.0.0.tgz":                        {"a-1", "2.0.0"},
		"tidy":                                       {},
		"-/all":                                      {},
		"-/-/x-1.tgz":                                {},
		"tidy/-/other-1.0.0.tgz":                     {},
		"tidy/-/tidy-.tgz":                           {},
		"tidy/-/tidy-1.0.0.tgz.sha1":                 {},
		"tidy/-/tidy-1/../x.tgz":                     {},
		"a/b/-/b-1.0.0.tgz":                          {},
		"@acme/ui/x/-/x-1.0.0.tgz":                   {},
		"..//-/..-1.tgz":                             {},
		"-/package/tidy/dist-tags/-/dist-tags-1.tgz": {},
	} {
		name, version, ok := artifact.ParseNPMPath(path)
		if name != want[0] || version != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: %q %q %v", path, name, version, ok)
		}
	}
}

func TestParseHelmFile(t *testing.T) {
	for file, want := range map[string][2]string{
		"acme-web-1.10.0.tgz":        {"acme-web", "1.10.0"},
		"acme-web-1.10.0.tgz.prov":   {"acme-web", "1.10.0"},
		"acme-v1.0.0-rc.1+b.tgz":     {"acme", "v1.0.0-rc.1+b"},
		"chart-2-1.0.0.tgz":          {"chart-2", "1.0.0"},
		"chart-2.0-1.0.0-alpha.tgz":  {"chart-2.0", "1.0.0-alpha"},
		"chart-1.0.0-2-0.tgz":        {"chart", "1.0.0-2-0"},
		"chart-1.0.tgz":              {},
		"-1.0.0.tgz":                 {},
		"1.0.0.tgz":                  {},
		"chart-1.0.0.zip":            {},
		"dir/chart-1.0.0.tgz":        {},
		"chart-1.0.0.prov":           {},
		"chart-1.0.0.tgz.prov.prov":  {},
		"index.yaml":                 {},
		"chart-1.0.0-größe.tgz":      {},
		"chart-1.0.0.tgz-2.0.0.prov": {},
	} {
		name, version, ok := artifact.ParseHelmFile(file)
		if name != want[0] || version != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: %q %q %v", file, name, version, ok)
		}
	}
}

func TestIsNPMName(t *testing.T) {
	for _, name := range []string{"a", "@acme/ui", "@acme/.x", "@acme/_x", "UPPER", "hey!", "http", "~wave", strings.Repeat("a", 300)} {
		if !artifact.IsNPMName(name) {
			t.Errorf("%q is a name", name)
		}
	}
	for _, name := range []string{"", ".", "..", "-", "_design/x", "a/b", "@acme", "@/x", "@acme/", "@acme/..", "@acme/a/b", "-/all", "_updated", "a\nb", "@acme/\ufffd"} {
		if artifact.IsNPMName(name) {
			t.Errorf("%q is no name", name)
		}
	}
}

// What is taken apart can be put together again.
func FuzzRegistryPaths(f *testing.F) {
	f.Add("@acme/ui/-/ui-1.2.0.tgz")
	f.Add("acme-web-1.10.0.tgz.prov")
	f.Fuzz(func(t *testing.T, text string) {
		if name, version, ok := artifact.ParseNPMPath(text); ok {
			base := name[strings.IndexByte(name, '/')+1:]
			plain, again := name+"/-/"+base+"-"+version+".tgz", name+"/-/"+name+"-"+version+".tgz"
			if got := strings.TrimPrefix(text, "/"); got != plain && got != again || !artifact.IsNPMName(name) {
				t.Errorf("%q became %q %q", text, name, version)
			}
		}
		if name, version, ok := artifact.ParseHelmFile(text); ok {
			if file := artifact.HelmFile(name, version); text != file && text != file+".prov" || name == "" {
				t.Errorf("%q became %q %q", text, name, version)
			}
		}
	})
}
