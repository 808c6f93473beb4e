package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/standintest"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/sinktest"
)

// nested is an image in depth indexes.
func (m images) nested(depth int) part {
	one := m.image("core", "layer")
	for range depth {
		one = m.index(one)
	}
	return one
}

// chain is an image with an SBOM, whose signature has a signature, and so on.
func (m images) chain(length int) part {
	root := m.image("core", "layer")
	for subject, n := root, 0; n < length; n++ {
		next := m.sbom(subject, fmt.Sprint("level ", n))
		m.refer(subject, next)
		subject = next
	}
	return root
}

// lost removes the content of a part of a kind.
func (m images) lost(kind string, p part) part {
	delete(m, kind+"/"+p.digest())
	return p
}

// What a source may offer: it arrives whole, or is refused with a reason, and then without a tag.
func TestOddImages(t *testing.T) {
	unknown := "application/vnd.acme.unheard+json"
	for name, c := range map[string]struct {
		make   func(m images) part
		modes  []string
		reason artifact.Reason
		source bool  // it is the source's fault
		is     error // the source's own error
		early  bool  // it is known before a blob is sent
	}{
		"a layer is lost":       {make: func(m images) part { p := m.image("a", "b"); m.lost("blobs", m.blob(layerType, "b")); return p }, is: errNotThere},
		"a platform is lost":    {make: func(m images) part { return m.index(m.image("a"), m.lost("manifests", m.image("b"))) }, is: errNotThere},
		"no JSON":               {make: func(m images) part { return m.add("manifests", artifact.OCIManifest, []byte("<html>")) }, reason: artifact.PackageUnreadable, source: true, early: true},
		"a platform is no JSON": {make: func(m images) part { return m.index(m.add("manifests", artifact.OCIManifest, []byte("{}}"))) }, reason: artifact.PackageUnreadable, source: true, early: true},
		"schema 1": {make: func(m images) part {
			return m.add("manifests", artifact.DockerSchema1, []byte(`{"schemaVersion":1,"fsLayers":[]}`))
		}, reason: artifact.Schema1Image, early: true},
		"unknown config": {make: func(m images) part {
			return m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(unknown, "{}"), "layers": []part{}})
		}, reason: artifact.MediaTypeUnsupported, early: true},
		"unknown config, files": {make: func(m images) part {
			return m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(unknown, "{}"), "layers": []part{}})
		}, modes: []string{"registry.database", "off"}},
		"unknown artifactType": {make: func(m images) part {
			return m.manifest(artifact.OCIManifest, map[string]any{"artifactType": unknown, "config": m.blob(emptyType, "{}"), "layers": []part{m.blob(unknown, "x")}})
		}, reason: artifact.MediaTypeUnsupported, early: true},
		"unknown layer": {make: func(m images) part {
			return m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(configType, "{}"), "layers": []part{m.blob(unknown, "x")}})
		}},
		"unknown index": {make: func(m images) part {
			return m.manifest(artifact.OCIIndex, map[string]any{"artifactType": unknown, "manifests": []part{m.image("a")}})
		}},
		"too large": {make: func(m images) part {
			return m.manifest(artifact.OCIIndex, map[string]any{"manifests": []part{}, "annotations": map[string]string{"x": strings.Repeat("x", artifact.MaxManifest)}})
		}, reason: artifact.ManifestTooLarge, early: true},
		"too many":         {make: func(m images) part { return m.index(many(10_001)...) }, reason: artifact.PackageUnreadable, source: true, early: true},
		"deep":             {make: func(m images) part { return m.nested(4) }},
		"too deep":         {make: func(m images) part { return m.nested(6) }, reason: artifact.PackageUnreadable, source: true, early: true},
		"long chain":       {make: func(m images) part { return m.chain(5) }},
		"too long a chain": {make: func(m images) part { return m.chain(7) }, reason: artifact.PackageUnreadable, source: true},
		"referrers are no index": {make: func(m images) part {
			p := m.image("a")
			m["referrers/"+p.digest()] = m["manifests/"+p.digest()]
			return p
		}, reason: artifact.PackageUnreadable, source: true},
		"referrers are no JSON":  {make: func(m images) part { p := m.image("a"); m["referrers/"+p.digest()] = []byte("no"); return p }, reason: artifact.PackageUnreadable, source: true},
		"a referrer is lost":     {make: func(m images) part { p := m.image("a"); m.refer(p, m.lost("manifests", m.sbom(p, "x"))); return p }, is: errNotThere},
		"referrers in a ring":    {make: ring},
		"a subject of its own":   {make: func(m images) part { return m.sbom(m.image("a", "b"), "x") }},
		"a subject that is lost": {make: func(m images) part { return m.sbom(m.lost("manifests", m.image("a", "b")), "x") }, is: errNotThere, early: true},
		"a BuildKit cache": {make: func(m images) part {
			return m.index(m.blob(layerType, "x"), m.blob("application/vnd.buildkit.cacheconfig.v0", "{}"))
		}},
		"an empty layer":            {make: func(m images) part { return m.image("a", "") }},
		"a foreign layer":           {make: foreignLayer},
		"the same layer many times": {make: func(m images) part { return m.image("a", "x", "x", "x") }},
		"an empty index":            {make: func(m images) part { return m.index() }},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := startRegistry(t, c.modes...), images{}
			sink, root := s.sink(t), c.make(m)
			one := m.sample("team/app", "1.0", root)
			var err error
			made := s.since(t, func() { err = s.publish(t, sink, one) })
			switch {
			case c.reason == "" && c.is == nil:
				if err != nil || s.tags(t)["team/app:1.0"] != root.digest() {
					t.Errorf("tags %v: %v", s.tags(t), err)
				}
				return
			case fault.CodeOf(err) != string(c.reason), c.is != nil && !errors.Is(err, c.is), (fault.SideOf(err) == fault.Source) != c.source:
				t.Errorf("reason %q, side %q: %v", fault.CodeOf(err), fault.SideOf(err), err)
			}
			if _, tagged := s.tags(t)["team/app:1.0"]; tagged {
				t.Error("it has its tag")
			}
			if c.early && made["POST registry upload"] > 0 {
				t.Errorf("%v: it was known before", made)
			}
		})
	}
}

// many are descriptors of what nobody has.
func many(n int) []part {
	all := make([]part, n)
	for i := range all {
		all[i] = part{"mediaType": artifact.OCIManifest, "digest": "sha256:" + artifact.DigestsOf(fmt.Sprint(i)).SHA256, "size": 1}
	}
	return all
}

// ring is an image and an SBOM that, as the source has it, refer to each other.
func ring(m images) part {
	root := m.image("a", "b")
	sbom := m.sbom(root, "x")
	m.refer(root, sbom)
	m.refer(sbom, root)
	return root
}

func foreignLayer(m images) part {
	layer := part{
		"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "size": 10,
		"digest": "sha256:" + artifact.DigestsOf("elsewhere").SHA256, "urls": []string{"https://layers.example/1"},
	}
	return m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(configType, "{}"), "layers": []part{layer}})
}

// Where the registry keeps a database the plan knows which types it does not take, once the target was checked.
func TestUnknownTypesInThePlan(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		s, m := startRegistry(t, "registry.database", database), images{}
		sink, one := s.sink(t), m.unheard("1.0")
		if err := sink.Allows(s.destination(one.Package), one.Package); err != nil {
			t.Errorf("nothing is known yet: %v", err)
		}
		if err := sink.Check(t.Context(), map[string][]artifact.Format{s.project: {artifact.Container}}); err != nil {
			t.Fatal(err)
		}
		err := sink.Allows(s.destination(one.Package), one.Package)
		if (fault.CodeOf(err) == string(artifact.MediaTypeUnsupported)) != (database == "on") {
			t.Errorf("database %s: %v", database, err)
		}
	}
}

// unheard is an image whose configuration is of a type that no registry knows.
func (m images) unheard(tag string) sinktest.Sample {
	const kind = "application/vnd.acme.unheard+json"
	root := m.manifest(artifact.OCIManifest, map[string]any{"config": m.blob(kind, `"`+tag+`"`), "layers": []part{}})
	one := m.sample("app", tag, root)
	one.Metadata = map[string]string{artifact.ImageMediaType: kind}
	return one
}

// newer is a registry of a later release.
type newer struct {
	*standingitlab.Server
	release string
}

func (n newer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.Server.ServeHTTP(renamed{w, n.release}, r)
}

type renamed struct {
	http.ResponseWriter
	release string
}

func (r renamed) Write(p []byte) (int, error) {
	if r.Header().Get("Gitlab-Container-Registry-Version") != "" {
		r.Header().Set("Gitlab-Container-Registry-Version", r.release)
	}
	return r.ResponseWriter.Write(p)
}

// A registry that is newer than the list of types is asked, with one image of each type.
func TestUnknownTypesAreAskedOfANewerRegistry(t *testing.T) {
	for release, asked := range map[string]bool{
		"4.32.0-gitlab": false, "v4.9.0": false, "4.33.0-gitlab": true, "v5.0.0": true, "": false, "next": false,
	} {
		t.Run(release, func(t *testing.T) {
			inner, err := standingitlab.New(standin.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := server{inner, standintest.Start(t, newer{inner, release}), standingitlab.Group + "/docker-images"}
			sink, m := s.sink(t), images{}
			for n, want := range []bool{asked, false} {
				one := m.unheard(fmt.Sprint(n))
				var err error
				made := s.since(t, func() { err = s.publish(t, sink, one) })
				if fault.CodeOf(err) != string(artifact.MediaTypeUnsupported) || (made["POST registry upload"] > 0) != want {
					t.Errorf("image %d: %v, %v", n, made, err)
				}
			}
			one := m.unheard("plan")
			if err := sink.Allows(s.destination(one.Package), one.Package); fault.CodeOf(err) != string(artifact.MediaTypeUnsupported) {
				t.Errorf("the plan does not know it: %v", err)
			}
		})
	}
}

// The source's bytes are what is published, also where it did not say beforehand what they would be.
func TestAnotherManifestThanListed(t *testing.T) {
	s, m := startRegistry(t), images{}
	one := m.sample("app", "1.0", m.image("a", "b"))
	other := m.image("c", "d")
	m[one.Files[0].Path] = m["manifests/"+other.digest()]
	one.Files[0].Digests, one.Files[0].Size = artifact.Digests{}, -1
	err := s.publish(t, s.sink(t), one)
	if fault.CodeOf(err) != string(artifact.SourceDigestMismatch) || fault.SideOf(err) != fault.Source || len(s.tags(t)) > 0 {
		t.Errorf("reason %q: %v", fault.CodeOf(err), err)
	}
}

func TestImageNames(t *testing.T) {
	m := images{}
	root := m.image("a")
	large := m.sample("app", "1.0", root)
	large.Files[0].Size = artifact.MaxManifest + 1
	two := m.sample("app", "1.0", root)
	two.Files = append(two.Files, two.Files[0])
	blob := m.sample("app", "1.0", root)
	blob.Files[0].Path = "blobs/" + root.digest()
	schema1 := m.sample("app", "1.0", root)
	schema1.Metadata = map[string]string{artifact.ImageMediaType: artifact.DockerSchema1Signed}
	for _, c := range []struct {
		project string
		sample  sinktest.Sample
		reason  artifact.Reason
		says    string
	}{
		{"Acme/images", m.sample("app", "1.0", root), "", ""},
		{"acme/images", m.sample("team/app_1.x--y__z", "v1.0_RC-1", root), "", ""},
		{"acme/images", m.sample("a/b/c", "1.0", root), artifact.PathTooDeep, `"a/b/c"`},
		{"acme/images", m.sample("a/b/c", "1.0", root), artifact.PathTooDeep, "rename"},
		{strings.Repeat("g/", 18) + "p", m.sample("a", "1.0", root), artifact.PathTooDeep, "g/p/a"},
		{"acme/images", m.sample("", "1.0", root), artifact.NameNotAllowed, `""`},
		{"acme/images", m.sample("App", "1.0", root), artifact.NameNotAllowed, `"App"`},
		{"acme/images", m.sample("a//b", "1.0", root), artifact.PathTooDeep, `"a//b"`},
		{"acme/images", m.sample("../b", "1.0", root), artifact.NameNotAllowed, `"../b"`},
		{"acme/images", m.sample("a___b", "1.0", root), artifact.NameNotAllowed, `"a___b"`},
		{"acme/-images", m.sample("app", "1.0", root), artifact.NameNotAllowed, `"acme/-images/app"`},
		{"acme/images", m.sample(strings.Repeat("a", 244), "1.0", root), artifact.NameNotAllowed, "255"},
		{"acme/images", m.sample(strings.Repeat("a", 243), "1.0", root), "", ""},
		{"acme/images", m.sample("app", "", root), artifact.VersionNotAllowed, `""`},
		{"acme/images", m.sample("app", ".1", root), artifact.VersionNotAllowed, `".1"`},
		{"acme/images", m.sample("app", "1+b", root), artifact.VersionNotAllowed, `"1+b"`},
		{"acme/images", m.sample("app", strings.Repeat("1", 128), root), "", ""},
		{"acme/images", m.sample("app", strings.Repeat("1", 129), root), artifact.VersionNotAllowed, "128"},
		{"acme/images", large, artifact.ManifestTooLarge, "4194305"},
		{"acme/images", two, artifact.TargetRejected, "2 files"},
		{"acme/images", blob, artifact.FileNameNotAllowed, "blobs/"},
		{"acme/images", schema1, artifact.Schema1Image, "schema 1"},
	} {
		dst := artifact.Destination{Project: c.project, Format: artifact.Container, Name: c.sample.Name, Version: c.sample.Version}
		err := startless(t).Allows(dst, c.sample.Package)
		if fault.CodeOf(err) != string(c.reason) || err != nil && (!strings.Contains(err.Error(), c.says) || fault.SideOf(err) != fault.Sink) {
			t.Errorf("%s/%s:%s: reason %q: %v", dst.Project, dst.Name, dst.Version, fault.CodeOf(err), err)
		}
	}
}

// startless is a sink that can reach nothing.
func startless(t *testing.T) sinks.Sink {
	t.Helper()
	return server{url: "http://127.0.0.1:1"}.sink(t)
}
