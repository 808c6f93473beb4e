package nexus

// npm repositories (org.sonatype.nexus.repository.npm of the open 3.30: NpmPaths, NpmContentFacetImpl, NpmMetadataUtils):
// a tarball at NAME/-/FILE, and the package root at NAME, which belongs to no component and alone holds dist-tags and
// deprecations. Tarball addresses in a root are written anew for whoever reads it.

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

const npmFormat = "npm"

// root is a package root as far as this imitation needs it.
type root struct {
	ID       string                  `json:"_id"`
	Rev      string                  `json:"_rev"`
	Name     string                  `json:"name"`
	Tags     map[string]string       `json:"dist-tags"`
	Versions map[string]*npmManifest `json:"versions"`
	Time     map[string]string       `json:"time"`
}

type npmManifest struct {
	Name       string  `json:"name"`
	Version    string  `json:"version"`
	Main       string  `json:"main"`
	Deprecated string  `json:"deprecated,omitempty"`
	Dist       npmDist `json:"dist"`
}

type npmDist struct {
	Shasum    string `json:"shasum"`
	Integrity string `json:"integrity"`
	Tarball   string `json:"tarball"`
}

func npmTarball(name, version string) string {
	return fmt.Sprintf("%s/-/%s-%s.tgz", name, path.Base(name), version)
}

// npmVersion is the tarball and the manifest of a version.
func npmVersion(name, version string, seed int) ([]byte, *npmManifest) {
	body := fixture.NPM(name, version, seed)
	short, long := sha1.Sum(body), sha512.Sum512(body)
	return body, &npmManifest{Name: name, Version: version, Main: "index.js", Dist: npmDist{
		Shasum: hex.EncodeToString(short[:]), Integrity: "sha512-" + base64.StdEncoding.EncodeToString(long[:]), Tarball: npmTarball(name, version),
	}}
}

// npmRoot reads the root of a package; an empty one when there is none.
func (r *repository) npmRoot(name string) *root {
	p := &root{ID: name, Name: name, Tags: map[string]string{}, Versions: map[string]*npmManifest{}, Time: map[string]string{}}
	if a := r.at(name); a != nil {
		_ = json.Unmarshal(a.content(), p) // we wrote it
	}
	return p
}

func npmMeta(name, version string) object {
	return object{{"name", path.Base(name)}, {"version", version}}
}

// npmPublish stores a version as "npm publish --tag" does.
func (s *store) npmPublish(r *repository, name, version, tag string) {
	body, manifest := npmVersion(name, version, int(s.last))
	s.keep(r, &asset{path: npmTarball(name, version), body: body, attributes: npmMeta(name, version)})
	s.npmChange(r, name, func(p *root) {
		p.Versions[version] = manifest
		p.Tags[tag] = version
	})
}

// npmChange changes the root of a package.
func (s *store) npmChange(r *repository, name string, change func(*root)) {
	p := r.npmRoot(name)
	change(p)
	at := s.clock().UTC().Format(time.RFC3339)
	for version := range p.Versions {
		if p.Time[version] == "" {
			p.Time[version] = at
		}
	}
	p.Time["modified"], p.Rev = at, fmt.Sprint(len(p.Rev)+1)
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // maps of texts encode
	}
	s.keep(r, &asset{path: name, body: text, media: "application/json"})
}

// npmUnpublish takes a version out of the root, and its tarball away.
func (s *store) npmUnpublish(r *repository, name, version string) bool {
	if !r.remove(npmTarball(name, version)) {
		return false
	}
	s.npmChange(r, name, func(p *root) {
		delete(p.Versions, version)
		for tag, to := range p.Tags {
			if to == version {
				delete(p.Tags, tag)
			}
		}
	})
	return true
}

func (s *store) seedNPM(r *repository) {
	for _, v := range [][3]string{
		{"@acme/ui", "1.0.0", "latest"}, {"@acme/ui", "1.10.0", "latest"}, {"@acme/ui", "2.0.0-rc.1", "next"},
		{"tidy-lines", "0.9.0", "latest"}, {"tidy-lines", "1.0.0+build.7", "latest"}, {"@acme/cli", "1.0.0", "latest"},
	} {
		s.npmPublish(r, v[0], v[1], v[2])
	}
	s.npmChange(r, "@acme/ui", func(p *root) { p.Versions["1.0.0"].Deprecated = "Use 1.10.0: it is faster." })
	s.put(r, "-/all", []byte("{}")) // an index for an old client's search
}

// generatedNPM are names with versionsPerName versions each: n packages, rounded up to whole names.
func generatedNPM(n int, first int64) generated {
	return generated{
		n: (n + versionsPerName - 1) / versionsPerName, per: versionsPerName + 1, first: first, files: npmFiles,
		index: func(p string) (int, bool) {
			name, _, _ := strings.Cut(p, "/-/")
			at, ok := number(path.Base(name), "made", "1.0.0")
			return at / versionsPerName, ok
		},
	}
}

func npmFiles(i int) []generatedFile {
	name := fmt.Sprintf("@acme/made%d", i)
	version := func(minor int) string { return fmt.Sprintf("1.%d.0", minor) }
	var files []generatedFile
	for minor := range versionsPerName {
		body := func() []byte {
			body, _ := npmVersion(name, version(minor), i)
			return body
		}
		files = append(files, generatedFile{path: npmTarball(name, version(minor)), body: body, shown: npmMeta(name, version(minor))})
	}
	whole := func() []byte {
		p := &root{ID: name, Name: name, Tags: map[string]string{"latest": version(versionsPerName - 1)}, Versions: map[string]*npmManifest{}, Time: map[string]string{}}
		for minor := range versionsPerName {
			_, p.Versions[version(minor)] = npmVersion(name, version(minor), i)
			p.Time[version(minor)] = epoch.UTC().Format(time.RFC3339)
		}
		text, _ := json.Marshal(p) // maps of texts encode
		return text
	}
	return append(files, generatedFile{path: name, body: whole, media: "application/json"})
}

// serveRoot answers with a package root for this server's address.
func (s *Server) serveRoot(w http.ResponseWriter, r *http.Request, repository *repository, a *asset) {
	p := &root{}
	_ = json.Unmarshal(a.content(), p) // we wrote it
	for _, v := range p.Versions {
		v.Dist.Tarball = s.base(r) + "/repository/" + repository.name + "/" + v.Dist.Tarball
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p)
}

// npmService answers the addresses of an npm registry that are no stored files; false for others.
func (s *Server) npmService(w http.ResponseWriter, repository *repository, p string) bool {
	name, isTags := strings.CutSuffix(strings.TrimPrefix(p, "-/package/"), "/dist-tags")
	switch {
	case p == "-/ping":
		answer(w, object{})
	case isTags && strings.HasPrefix(p, "-/package/"):
		for _, member := range s.store.expand(repository) {
			if member.at(name) != nil {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(member.npmRoot(name).Tags)
				return true
			}
		}
		npmRefusal(w, http.StatusNotFound, "Package '"+name+"' not found")
	default:
		return false
	}
	return true
}

// npmRefusal is how npm repositories refuse.
func npmRefusal(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "error": message})
}

// NPMIndex tells what a package's root says beside its versions: the dist-tags, and the messages of deprecated versions.
func (s *Server) NPMIndex(repository, name string) (tags, deprecated map[string]string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.store.repositories[repository].npmRoot(name)
	deprecated = map[string]string{}
	for version, v := range p.Versions {
		if v.Deprecated != "" {
			deprecated[version] = v.Deprecated
		}
	}
	return p.Tags, deprecated
}

// NPMNames are the packages of an npm repository, sorted.
func (s *Server) NPMNames(repository string) (names []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.store.repositories[repository]
	if r == nil {
		return nil
	}
	r.after(0, func(a *asset) bool {
		if artifact.IsNPMName(a.path) {
			names = append(names, a.path)
		}
		return true
	})
	slices.Sort(names)
	return names
}
