package nexus

// Helm repositories (org.sonatype.repository.helm of the open 3.30: HelmHostedFacetImpl): charts and their provenance at the
// root, and an index that is made when it is asked for and stored then.

import (
	"fmt"
	"strings"
	"time"

	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

const helmFormat = "helm"

func (s *store) helmPublish(r *repository, name, version string, signed bool) {
	seed := int(s.last)
	s.put(r, artifact.HelmFile(name, version), fixture.Chart(name, version, seed))
	if signed {
		s.put(r, artifact.HelmFile(name, version)+".prov", fixture.Provenance(name, version, seed))
	}
	r.remove("index.yaml")
}

func (s *store) seedHelm(r *repository, odd bool) {
	s.helmPublish(r, "acme-web", "1.0.0", odd)
	s.helmPublish(r, "acme-web", "1.1.0-rc.1", false)
	s.helmPublish(r, "acme-2-db", "0.3.0+b.1", false)
	s.keep(r, s.helmIndex(r, "index.yaml"))
}

func generatedHelm(n int, first int64) generated {
	return generated{n: n, per: 1, first: first, index: func(p string) (int, bool) {
		name, version, _ := artifact.ParseHelmFile(p)
		return number(name, "made", version)
	}, files: func(i int) []generatedFile {
		name, version := fmt.Sprintf("made%d", i/versionsPerName), fmt.Sprintf("1.%d.0", i%versionsPerName)
		return []generatedFile{{path: artifact.HelmFile(name, version), body: func() []byte { return fixture.Chart(name, version, i) }}}
	}}
}

// helmIndex makes the index; nil for another path.
func (s *store) helmIndex(r *repository, p string) *asset {
	if r.format != helmFormat || r.kind != hosted || p != "index.yaml" {
		return nil
	}
	charts, names := map[string][]string{}, []string{}
	r.after(0, func(a *asset) bool {
		name, version, ok := artifact.ParseHelmFile(a.path)
		if !ok || artifact.HelmProvenance(a.path) {
			return true
		}
		if charts[name] == nil {
			names = append(names, name)
		}
		charts[name] = append(charts[name], fmt.Sprintf("  - apiVersion: v2\n    created: %q\n    digest: %s\n    name: %s\n    urls:\n    - %s\n    version: %q\n",
			a.created.UTC().Format(time.RFC3339), digestsOf(a.content()).SHA256, name, a.path, version))
		return true
	})
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  %s:\n%s", name, strings.Join(charts[name], ""))
	}
	return &asset{path: p, body: []byte(b.String()), media: "text/x-yaml"}
}
