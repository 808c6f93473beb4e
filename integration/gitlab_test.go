package integration

// What a consumer sees on the GitLab stand-in beside files (GitLab: doc/api/packages/npm.md, doc/api/projects.md).

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// answer reads a JSON answer of GitLab's API; path follows /api/v4.
func (s *server) answer(t testing.TB, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v4"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// packument is what npm reads of a package, as far as a migration must keep it.
type packument struct {
	Name     string
	Tags     map[string]string `json:"dist-tags"`
	Versions map[string]struct {
		Deprecated string
		Dist       struct{ Shasum, Integrity, Tarball string }
	}
}

// packument reads one npm package of a project.
func (s *server) packument(t testing.TB, project, name string) packument {
	t.Helper()
	var p packument
	s.answer(t, "/projects/"+url.PathEscape(project)+"/packages/npm/"+artifact.NPMEscape(name), &p)
	return p.withoutAddresses()
}

// withoutAddresses is p without what differs from server to server.
func (p packument) withoutAddresses() packument {
	for version, one := range p.Versions {
		one.Dist.Tarball = ""
		p.Versions[version] = one
	}
	return p
}

// packuments reads every npm package in a dump, by project and name.
func (s *server) packuments(t testing.TB, dump []standin.DumpLine) map[string]packument {
	t.Helper()
	all := map[string]packument{}
	for _, line := range dump {
		at := line.Project + " " + line.Package
		if _, known := all[at]; line.Format == string(artifact.NPM) && !known {
			all[at] = s.packument(t, line.Project, line.Package)
		}
	}
	return all
}

// projectURL is the address of a project's packages, by the project's number, as clients are told to write it.
func (s *server) projectURL(t testing.TB, project string) string {
	t.Helper()
	var found struct{ ID json.Number }
	s.answer(t, "/projects/"+url.PathEscape(project), &found)
	return s.URL + "/api/v4/projects/" + found.ID.String() + "/packages"
}
