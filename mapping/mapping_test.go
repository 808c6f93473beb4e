package mapping

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

func pkg(format artifact.Format, repository, name, version string) artifact.Package {
	return artifact.Package{Source: "src", Repository: repository, Format: format, Name: name, Version: version}
}

func TestRoute(t *testing.T) {
	r, err := New("acme/artifacts", append([]Rule{
		{Match: Match{Format: []string{"maven"}, Version: []string{"*-SNAPSHOT"}}, Project: "java-snapshots"},
		{Match: Match{Format: []string{"npm"}, Name: []string{"@acme/legacy-*"}}, Skip: "superseded"},
		{Match: Match{Format: []string{"container"}}, Project: "docker-images",
			Rename: &Rename{From: regexp.MustCompile("^(.+)/(.+)/(.+)$"), To: "$1/$2-$3"}},
		{Match: Match{Format: []string{"generic"}, Repository: []string{"tools-*"}}, Project: "tools", OnConflict: Skip},
	}, Defaults()[0], Defaults()[1]))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		p    artifact.Package
		want string // project purl, or skip reason: detail
	}{
		{pkg(artifact.Maven, "", "g:a", "1.0-SNAPSHOT"), "acme/artifacts/java-snapshots pkg:maven/g/a@1.0-SNAPSHOT"},
		{pkg(artifact.Maven, "", "g:a", "1.0"), "acme/artifacts/java-packages pkg:maven/g/a@1.0"},
		{pkg(artifact.Maven, "", "g:a", ""), "acme/artifacts/java-packages pkg:maven/g/a"},
		{pkg(artifact.NPM, "", "@acme/legacy-ui", "1.0.0"), "excluded: superseded"},
		{pkg(artifact.NPM, "", "@acme/ui", "1.0.0"), "acme/artifacts/node-packages pkg:npm/%40acme/ui@1.0.0"},
		{pkg(artifact.Container, "", "a/b/c", "v1"), "acme/artifacts/docker-images pkg:oci/a/b-c@v1"},
		{pkg(artifact.Generic, "tools-local", "x", "1"), "acme/artifacts/tools pkg:generic/x@1"},
		{pkg(artifact.Generic, "docs", "x", "1"), "no-route: no route matches"},
	}
	for _, c := range cases {
		d := r.Route(c.p)
		got := d.Destination.Project + " " + d.Destination.PURL()
		if d.Skip != "" {
			got = string(d.Skip) + ": " + d.Detail
		}
		if got != c.want {
			t.Errorf("%s went to %q, want %q", c.p.PURL(), got, c.want)
		}
	}
	want := map[string][]artifact.Format{
		"acme/artifacts/docker-images": {artifact.Container}, "acme/artifacts/java-packages": {artifact.Maven},
		"acme/artifacts/java-snapshots": {artifact.Maven}, "acme/artifacts/node-packages": {artifact.NPM},
		"acme/artifacts/tools": {artifact.Generic},
	}
	if diff := cmp.Diff(want, r.Projects(artifact.Formats()...)); diff != "" {
		t.Error(diff)
	}
}

// TestMaxFileSize: of several rules that lead to a project with a format, the smallest counts.
func TestMaxFileSize(t *testing.T) {
	r, err := New("g", []Rule{
		{Match: Match{Format: []string{"npm"}, Name: []string{"a"}}, Project: "node", MaxFileSize: 7},
		{Match: Match{Format: []string{"npm"}}, Project: "node", MaxFileSize: 5},
		{Match: Match{Format: []string{"maven"}}, Project: "node", MaxFileSize: 3},
		{Match: Match{Format: []string{"helm"}}, Project: "charts"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for dst, want := range map[artifact.Destination]int64{
		{Project: "g/node", Format: artifact.NPM}: 5, {Project: "g/node", Format: artifact.Maven}: 3,
		{Project: "g/charts", Format: artifact.Helm}: 0, {Project: "g/node", Format: artifact.PyPI}: 0,
	} {
		if got := r.MaxFileSize(dst); got != want {
			t.Errorf("%v: %d, want %d", dst, got, want)
		}
	}
}

func TestProjectsOfFormats(t *testing.T) {
	r, err := New("g", append([]Rule{{Match: Match{Name: []string{"x"}}, Project: "any"}}, Defaults()...))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]artifact.Format{
		"g/any": {artifact.NPM, artifact.Helm}, "g/node-packages": {artifact.NPM}, "g/helm-charts": {artifact.Helm},
	}
	if diff := cmp.Diff(want, r.Projects(artifact.Helm, artifact.NPM, artifact.NPM)); diff != "" {
		t.Error(diff)
	}
}

// TestForeignFormats go only where a rule names them.
func TestForeignFormats(t *testing.T) {
	rpm := pkg("rpm", "yum-local", "yum-local", "0.0.0")
	named := Rule{Match: Match{Format: []string{"rpm", "deb"}}, Project: "generic-packages"}
	cases := map[string]struct {
		rules []Rule
		want  string
	}{
		"by default":  {Defaults(), "format-unsupported: no route names the format rpm"},
		"for all":     {[]Rule{{Project: "p"}}, "format-unsupported: no route names the format rpm"},
		"by name":     {[]Rule{{Project: "p"}, named}, "g/generic-packages pkg:generic/yum-local@0.0.0"},
		"skip by all": {[]Rule{{Match: Match{Repository: []string{"yum-*"}}, Skip: "rebuilt"}, named}, "excluded: rebuilt"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := New("g", c.rules)
			if err != nil {
				t.Fatal(err)
			}
			d := r.Route(rpm)
			got := d.Destination.Project + " " + d.Destination.PURL()
			if d.Skip != "" {
				got = string(d.Skip) + ": " + d.Detail
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	r, err := New("g", []Rule{{Match: Match{Format: []string{"rpm"}}, Project: "files"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Projects(artifact.Generic); len(got["g/files"]) != 1 || got["g/files"][0] != artifact.Generic {
		t.Errorf("the project of a foreign format is not one of generic packages: %v", got)
	}
}

func TestRefusedRules(t *testing.T) {
	maven := Match{Format: []string{"maven"}}
	cases := map[string]struct {
		rules []Rule
		says  string
	}{
		"neither":     {[]Rule{{Match: maven}}, "needs a project"},
		"both":        {[]Rule{{Match: maven, Project: "p", Skip: "s"}}, "not both"},
		"bad glob":    {[]Rule{{Match: Match{Name: []string{"[a"}}, Project: "p"}}, `"[a" is not a valid glob`},
		"no format":   {[]Rule{{Match: Match{Format: []string{"mavn"}}, Project: "p"}}, `"mavn" matches no format`},
		"bad answer":  {[]Rule{{Match: maven, Project: "p", OnConflict: "maybe"}}, `"maybe" is none of`},
		"repeated":    {[]Rule{{Match: maven, Project: "p"}, {Match: maven, Project: "q"}}, "never reached"},
		"behind all":  {[]Rule{{Project: "p"}, {Match: maven, Project: "q"}}, "never reached"},
		"behind glob": {[]Rule{{Match: Match{Name: []string{"@acme/*"}}, Project: "p"}, {Match: Match{Name: []string{"@acme/ui"}}, Project: "q"}}, "never reached"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for i := range c.rules {
				c.rules[i].Position = "pkgferry.yaml:7:3"
			}
			_, err := New("g", c.rules)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "pkgferry.yaml:7:3: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	r, err := New("g", Defaults())
	if err != nil {
		t.Fatal(err)
	}
	got := r.Explain(pkg(artifact.NPM, "", "@acme/ui", "1.2.0"))
	want := []string{
		`route 1 (the recommended structure) does not match: format "npm"`,
		`route 2 (the recommended structure) matches: to g/node-packages as pkg:npm/%40acme/ui@1.2.0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
