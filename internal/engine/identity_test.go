package engine_test

import (
	"regexp"
	"testing"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// Packages that differ at the source and would be one at the sink: the first that was listed goes, the others say why not.
func TestNamesThatMerge(t *testing.T) {
	src := new(source).
		add(artifact.PyPI, "Foo", "1.0", "Foo-1.0.tar.gz", "first").
		add(artifact.PyPI, "foo", "1.0.0", "foo-1.0.0.tar.gz", "second").
		add(artifact.PyPI, "foo", "2.0", "foo-2.0.tar.gz", "another version").
		add(artifact.Container, "team/app", "v1", "manifests/a", "one").
		add(artifact.Container, "team-app", "v2", "manifests/b", "two").
		add(artifact.Container, "team-app", "v3", "manifests/c", "three").
		add(artifact.Terraform, "acme/vpc/aws", "1.0.0", "vpc.tgz", "acme's").
		add(artifact.Terraform, "other/vpc/aws", "2.0.0", "vpc.tgz", "other's").
		add(artifact.Terraform, "acme/vpc/aws", "1.1.0", "vpc.tgz", "acme's next").
		add(artifact.Generic, "a", "1.0", "f", "text").
		add(artifact.Generic, "a", "1.0.0", "f", "text")
	o := migration(t, src, newSink())
	rules := append([]mapping.Rule{{
		Match: mapping.Match{Format: []string{"container"}}, Project: "docker-images",
		Rename: &mapping.Rename{From: regexp.MustCompile("/"), To: "-"},
	}}, mapping.Defaults()[:3]...)
	routes, err := mapping.New("g", append(rules, mapping.Defaults()[4:]...))
	if err != nil {
		t.Fatal(err)
	}
	o.Router = routes
	want(t, outcomes(t, o), map[string]string{
		"pkg:pypi/foo@1.0":                  "published",
		"pkg:pypi/foo@1.0.0":                "conflict name-collision",
		"pkg:pypi/foo@2.0":                  "published",
		"pkg:oci/team/app@v1":               "published",
		"pkg:oci/team-app@v2":               "conflict name-collision",
		"pkg:oci/team-app@v3":               "conflict name-collision",
		"pkg:terraform/acme/vpc/aws@1.0.0":  "published",
		"pkg:terraform/other/vpc/aws@2.0.0": "conflict name-collision",
		"pkg:terraform/acme/vpc/aws@1.1.0":  "published",
		"pkg:generic/a@1.0":                 "published",
		"pkg:generic/a@1.0.0":               "published",
	})
}

// One Terraform module may lie in one project below a root group only.
func TestModuleOfTwoProjects(t *testing.T) {
	src := new(source)
	for _, repository := range []string{"first", "second"} {
		src.add(artifact.Terraform, "acme/vpc/aws", "1.0.0", "vpc.tgz", "module")
		src.items[len(src.items)-1].Package.Repository = repository
	}
	src.items[1].Package.Version = "2.0.0"
	o := migration(t, src, newSink())
	routes, err := mapping.New("root/sub", []mapping.Rule{
		{Match: mapping.Match{Repository: []string{"first"}}, Project: "one"}, {Match: mapping.Match{}, Project: "two"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Router = routes
	want(t, outcomes(t, o), map[string]string{
		"pkg:terraform/acme/vpc/aws@1.0.0": "published", "pkg:terraform/acme/vpc/aws@2.0.0": "conflict name-collision",
	})
}

// What a sink shows by its size alone is read back unless this migration sent it.
func TestSizesAlone(t *testing.T) {
	src := new(source).
		add(artifact.NuGet, "new", "1.0.0", "new.nupkg", "alpha").
		add(artifact.NuGet, "same", "1.0.0", "same.nupkg", "alpha").
		add(artifact.NuGet, "equally-long", "1.0.0", "other.nupkg", "alpha").
		add(artifact.NuGet, "longer", "1.0.0", "longer.nupkg", "alpha")
	dst := newSink()
	dst.digestless = true
	at := artifact.Destination{Project: "g/nuget-packages", Format: artifact.NuGet, Version: "1.0.0"}
	for name, text := range map[string]string{"same": "alpha", "equally-long": "gamma", "longer": "alphabet"} {
		at.Name = name
		dst.put(at, map[string]string{"same": "same.nupkg", "equally-long": "other.nupkg", "longer": "longer.nupkg"}[name], text)
	}
	o := migration(t, src, dst)
	expected := map[string]string{
		"pkg:nuget/new@1.0.0": "published", "pkg:nuget/same@1.0.0": "present",
		"pkg:nuget/equally-long@1.0.0": "conflict target-holds-other", "pkg:nuget/longer@1.0.0": "conflict target-holds-other",
	}
	want(t, outcomes(t, o), expected)
	want(t, dst.readBack.Load(), int64(2))
	proofs := map[string]artifact.Proof{}
	for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		proofs[r.Package.Name] = r.Proof
	}
	want(t, proofs["new"], artifact.BySize)
	want(t, proofs["same"], artifact.ReadBack)
}

// What tells nothing at all is read back in any case.
func TestNeitherDigestNorSize(t *testing.T) {
	src := new(source).add(artifact.Helm, "new", "1.0.0", "new-1.0.0.tgz", "alpha")
	dst := newSink()
	dst.digestless, dst.sizeless = true, true
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:helm/new@1.0.0": "published"})
	want(t, dst.readBack.Load(), int64(1))
}
