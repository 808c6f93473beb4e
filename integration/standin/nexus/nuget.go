package nexus

// NuGet repositories: a package lies at ID/VERSION, without a file name. Of the protocol itself nothing is imitated but the
// download.

import (
	"fmt"
	"path"

	"pkgferry/integration/standin/fixture"
)

const (
	nugetFormat = "nuget"
	nugetMedia  = "application/zip"
)

func (s *store) nugetPublish(r *repository, id, version string) {
	s.keep(r, &asset{path: id + "/" + version, body: fixture.NuPkg(id, version, int(s.last)), media: nugetMedia})
}

func (s *store) seedNuGet(r *repository) {
	s.nugetPublish(r, "Acme.Tools", "1.2.3")
	s.nugetPublish(r, "Acme.Tools", "1.10.0-rc.1")
	s.nugetPublish(r, "tidy.lines", "2.0.0")
}

// seedNuGetCache makes a proxy that knows of packages it never fetched, as those of the old protocol do.
func (s *store) seedNuGetCache(r *repository) {
	s.nugetPublish(r, "Cached.Tools", "3.1.0")
	s.keep(r, &asset{path: "Known.Tools/4.0.0", hollow: true})
}

func generatedNuGet(n int, first int64) generated {
	return generated{n: n, per: 1, first: first, index: func(p string) (int, bool) {
		return number(path.Dir(p), "Made", path.Base(p))
	}, files: func(i int) []generatedFile {
		id, version := fmt.Sprintf("Made%d", i/versionsPerName), fmt.Sprintf("1.%d.0", i%versionsPerName)
		return []generatedFile{{path: id + "/" + version, media: nugetMedia, body: func() []byte { return fixture.NuPkg(id, version, i) }}}
	}}
}
