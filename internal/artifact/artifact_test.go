package artifact

import (
	"slices"
	"strings"
	"testing"
)

func TestPURL(t *testing.T) {
	for want, p := range map[string]Package{
		"pkg:npm/%40acme/ui@1.2.0":        {Format: NPM, Name: "@acme/ui", Version: "1.2.0"},
		"pkg:npm/left-pad":                {Format: NPM, Name: "left-pad"},
		"pkg:maven/com.acme/lib@1.0":      {Format: Maven, Name: "com.acme:lib", Version: "1.0"},
		"pkg:maven/com.acme/lib":          {Format: Maven, Name: "com.acme:lib"},
		"pkg:generic/tools@1.0%2B5":       {Format: Generic, Name: "tools", Version: "1.0+5"},
		"pkg:generic/with%20space@%C3%BC": {Format: Generic, Name: "with space", Version: "ü"},
		"pkg:oci/team/app@latest":         {Format: Container, Name: "team/app", Version: "latest"},
		"pkg:oci/a/b/c@sha256-0":          {Format: Container, Name: "a/b/c", Version: "sha256-0"},
		"pkg:terraform/acme/vpc/aws@1.0":  {Format: Terraform, Name: "acme/vpc/aws", Version: "1.0"},
		"pkg:terraform/vpc/aws@1.0":       {Format: Terraform, Name: "vpc/aws", Version: "1.0"},
		"pkg:nuget/Acme.Core@1.0.0.1":     {Format: NuGet, Name: "Acme.Core", Version: "1.0.0.1"},
		"pkg:helm/web@v1.0.0":             {Format: Helm, Name: "web", Version: "v1.0.0"},
		"pkg:pypi/acme-lib@1%211.0%2Ba.1": {Format: PyPI, Name: "acme-lib", Version: "1!1.0+a.1"},
	} {
		if got := p.PURL(); got != want {
			t.Errorf("%+v prints %s, want %s", p, got, want)
		}
		back, err := ParsePURL(want)
		if err != nil || back.Format != p.Format || back.Name != p.Name || back.Version != p.Version {
			t.Errorf("%s reads back as %+v, %v", want, back, err)
		}
	}
}

func TestMavenPath(t *testing.T) {
	for path, want := range map[string]MavenFile{
		"/com/acme/lib/1.0/lib-1.0.jar":                           {"com.acme:lib", "1.0", "lib-1.0.jar"},
		"com/acme/lib/1.0/lib-1.0-sources.jar.asc":                {"com.acme:lib", "1.0", "lib-1.0-sources.jar.asc"},
		"lib/lib/1/lib-1.pom":                                     {"lib:lib", "1", "lib-1.pom"},
		"com/acme/lib/1.0-SNAPSHOT/lib-1.0-20240501.101112-3.jar": {"com.acme:lib", "1.0-SNAPSHOT", "lib-1.0-20240501.101112-3.jar"},
		"com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar":          {"com.acme:lib", "1.0-SNAPSHOT", "lib-1.0-SNAPSHOT.jar"},
		"com/acme/lib/1.0-SNAPSHOT/maven-metadata.xml":            {"com.acme:lib", "1.0-SNAPSHOT", "maven-metadata.xml"},
		"com/acme/lib/maven-metadata.xml":                         {"com.acme:lib", "", "maven-metadata.xml"},
		"com/acme/maven-metadata.xml":                             {"com:acme", "", "maven-metadata.xml"},
		"archetype-catalog.xml":                                   {},
		"maven-metadata.xml":                                      {},
		"com/maven-metadata.xml":                                  {},
		".index/nexus-maven-repository-index.gz":                  {},
		"com/acme/lib/README.txt":                                 {},
		"com/acme/lib/1.0/other-1.0.jar":                          {},
		"com.acme/lib/1.0/lib-1.0.jar":                            {},
		"com//lib/1.0/lib-1.0.jar":                                {},
		"com/../lib/1.0/lib-1.0.jar":                              {},
	} {
		got, ok := ParseMavenPath(path)
		if ok && got != want || ok != (want != MavenFile{}) {
			t.Errorf("%s is %+v %v, want %+v", path, got, ok, want)
		}
	}
}

func TestGenericPath(t *testing.T) {
	for path, want := range map[string]GenericFile{
		"/tools/cli/1.2.0/linux/cli.tgz": {"tools.cli", "1.2.0", "linux/cli.tgz"},
		"a/v2.0-rc1/x":                   {"a", "v2.0-rc1", "x"},
		"1.2.0/cli.tgz":                  {"repo", Unversioned, "1.2.0/cli.tgz"},
		"repo/1.2.0/cli.tgz":             {"repo", Unversioned, "repo/1.2.0/cli.tgz"},
		"a.b/1.2.0/x":                    {"repo", Unversioned, "a.b/1.2.0/x"},
		"cli.tgz":                        {"repo", Unversioned, "cli.tgz"},
		"/a/b c/ü.txt":                   {"repo", Unversioned, "a/b c/ü.txt"},
		"a/1.0/2.0/x":                    {"a", "1.0", "2.0/x"},
		"a/1/x":                          {"repo", Unversioned, "a/1/x"},
	} {
		if got := ParseGenericPath("repo", path); got != want {
			t.Errorf("%s is %+v, want %+v", path, got, want)
		}
	}
}

func FuzzPaths(f *testing.F) {
	f.Add("com/acme/lib/1.0/lib-1.0.jar")
	f.Add("a/1.0/b")
	f.Add("//../%2f")
	f.Fuzz(func(t *testing.T, path string) {
		if m, ok := ParseMavenPath(path); ok {
			if got := MavenDir(m.Name, m.Version) + "/" + m.File; got != strings.TrimPrefix(path, "/") {
				t.Errorf("%q became %q", path, got)
			}
		}
		g, back := ParseGenericPath("repo", path), ""
		if g.Name != "repo" {
			back = strings.ReplaceAll(g.Name, ".", "/") + "/" + g.Version + "/"
		}
		if back += g.Path; back != strings.TrimPrefix(path, "/") || g.Name == "" || g.Version == "" {
			t.Errorf("%q became %+v", path, g)
		}
	})
}

func TestOrder(t *testing.T) {
	for format, want := range map[Format][]string{
		Maven: {"a-1-sources.jar", "a-1.jar", "a-1.pom", "maven-metadata.xml"},
		NuGet: {"a.1.0.0.nupkg", "A.1.0.0.SNUPKG"},
		Helm:  {"b-1.tgz", "a-1.tgz.prov"},
		PyPI:  {"a-1-py3-none-any.whl", "a-1.tar.gz"},
	} {
		files := []File{}
		for _, path := range want {
			files = append([]File{{Path: path}}, files...)
		}
		SortFiles(format, files)
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", format, got, want)
		}
	}
}

func TestNPMIndexFile(t *testing.T) {
	for path, want := range map[string][2]string{
		NPMTag("next", "1").Path: {"next", ""}, NPMDeprecation("1.0.0", "no").Path: {"", "1.0.0"}, "other/x": {"", ""},
	} {
		if tag, version := NPMIndexFile(path); [2]string{tag, version} != want {
			t.Errorf("%s is %q %q", path, tag, version)
		}
	}
}

func TestCompare(t *testing.T) {
	a, b := DigestsOf("a"), DigestsOf("b")
	for want, pair := range map[Agreement][2]Digests{
		Same:      {a, {SHA1: a.SHA1}},
		Different: {a, {SHA1: a.SHA1, SHA256: b.SHA256}},
		Unknown:   {{SHA1: a.SHA1}, {SHA256: a.SHA256}},
	} {
		if got := pair[0].Compare(pair[1]); got != want {
			t.Errorf("%+v is %v, want %v", pair, got, want)
		}
	}
	if got := (Digests{MD5: "m"}).With(a); got.MD5 != "m" || got.SHA256 != a.SHA256 {
		t.Errorf("with: %+v", got)
	}
}

func TestHasherComputesWhatWasDeclared(t *testing.T) {
	h := NewHasher(Digests{MD5: "x", SHA512: "x"})
	_, _ = h.Write([]byte("text"))
	d := h.Digests()
	if d.MD5 != "1cb251ec0d568de6a929b520c4aed8d1" || len(d.SHA512) != 128 || d.With(Digests{}) != d || DigestsOf("text").SHA256 != d.SHA256 {
		t.Errorf("got %+v", d)
	}
}

func TestEveryReasonSaysWhatToDo(t *testing.T) {
	for _, r := range Reasons() {
		if r.Next() == "" {
			t.Errorf("%s has no next step", r)
		}
	}
	if Reason("other").Next() != "" {
		t.Error("an unknown reason has a next step")
	}
}

func TestProofNames(t *testing.T) {
	words := []string{"", "size", "declared", "readback", "server"}
	for p := NoProof; p <= Server; p++ {
		if p.String() != words[p] {
			t.Errorf("proof %d is called %q, and scripts know it as %q", p, p, words[p])
		}
	}
}
