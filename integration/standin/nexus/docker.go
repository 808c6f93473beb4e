package nexus

// Docker repositories: the registry's API below /repository/NAME/v2/, which needs no connector, and the assets behind it. A
// tag is an asset of its own that holds the manifest; manifests that are named by their digest alone, configurations and
// layers belong to no component.

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"pkgferry/integration/standin/registry"
)

const dockerFormat = "docker"

// bulkImage is the image whose tags a numeric seed makes up.
const bulkImage = "made/app"

// dockerToken is what the token service gives to whoever may read.
const dockerToken = "DockerToken.0c9a7f1e-6c3b-3f0e-9d58-0a6c1d0f8a11"

func tagPath(image, reference string) string { return "v2/" + image + "/manifests/" + reference }

// docker makes a Docker repository.
func (s *store) docker(name, kind string) *repository {
	r := s.repository(name, dockerFormat, kind)
	r.images = registry.NewStore()
	r.images.Now = s.now
	return r
}

// reflect stores what the images of a repository are made of as assets, and takes away what is gone. With all, every
// manifest has an asset under its digest; without, only those that no tag names.
func (s *store) reflect(r *repository, all bool) {
	tagged, wanted := map[string]bool{}, map[string]bool{}
	for line := range r.images.Lines("") {
		if line.Package == bulkImage {
			continue
		}
		kind, digest, _ := strings.Cut(line.File, "/")
		p := "v2/-/" + line.File
		if kind == "manifests" {
			p = tagPath(line.Package, line.Version)
		}
		if line.Version != digest {
			tagged[line.Package+"@"+digest] = true
		} else if kind == "manifests" && tagged[line.Package+"@"+digest] && !all {
			continue
		}
		wanted[p] = true
		if old := r.at(p); old == nil || digestsOf(old.body).SHA256 != line.SHA256 {
			s.keep(r, r.imageAsset(p, line.Package, digest))
		}
	}
	for _, a := range slices.Clone(r.stored) {
		if !wanted[a.path] {
			r.remove(a.path)
		}
	}
}

func (r *repository) imageAsset(p, image, digest string) *asset {
	if m, ok := r.images.Manifest(image, digest); ok {
		return &asset{path: p, body: m.Body, media: m.MediaType}
	}
	a := &asset{path: p, media: "application/octet-stream"}
	if b, ok := r.images.Blob(image, digest); ok {
		if content, err := b.Open(); err == nil {
			a.body, _ = io.ReadAll(content) // it lies in memory
			_ = content.Close()
		}
	}
	return a
}

// generateDocker makes the tags of one image.
func (s *store) generateDocker(r *repository, n int, first int64) generated {
	r.images.Generate(bulkImage, n)
	return generated{n: n, per: 3, first: first, index: func(p string) (int, bool) {
		var i int
		_, err := fmt.Sscanf(path.Base(p), "build-%07d", &i)
		return i, err == nil
	}, files: func(i int) []generatedFile {
		tag := fmt.Sprintf("build-%07d", i)
		m, _ := r.images.Manifest(bulkImage, tag)
		files := []generatedFile{}
		for _, digest := range layersOf(m.Body) {
			files = append(files, generatedFile{path: "v2/-/blobs/" + digest, media: "application/octet-stream", body: func() []byte {
				return r.imageAsset("", bulkImage, digest).body
			}})
		}
		return append(files, generatedFile{path: tagPath(bulkImage, tag), media: m.MediaType, body: func() []byte { return m.Body }})
	}}
}

// layersOf are the configuration and the layers of a manifest.
func layersOf(body []byte) []string {
	var m struct {
		Config struct{ Digest string }
		Layers []struct{ Digest string }
	}
	_ = json.Unmarshal(body, &m) // we wrote it
	digests := []string{m.Config.Digest}
	for _, one := range m.Layers {
		digests = append(digests, one.Digest)
	}
	return digests
}

// isRegistry tells whether a path in a Docker repository is one of a registry's API.
func isRegistry(p string) bool {
	return p == "v2" || strings.HasPrefix(p, "v2/") && !strings.HasPrefix(p, "v2/-/")
}

// registryOf is the registry of a repository, or of the first member of a group that is one; false when there is none.
func (s *Server) registryOf(r *repository) (registry.Registry, bool) {
	for _, member := range s.store.expand(r) {
		if member.images == nil {
			continue
		}
		paging := registry.Paging{}
		if s.release.minor <= 71 {
			paging.Link = registry.LinkRoot
		}
		return registry.Registry{
			Store: member.images, Prefix: s.context + "/repository/" + r.name, Tags: paging, Catalog: &paging,
			Stats: &s.stats, Faults: s.Faults,
			Pull: func(_ http.ResponseWriter, _ *http.Request, c registry.Call, _ registry.Manifest) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.store.touch(member, member.at(tagPath(c.Repository, c.Reference)))
				return true
			},
		}, true
	}
	return registry.Registry{}, false
}

// serveRegistry answers below /repository/NAME/v2/; false for what is no Docker repository.
func (s *Server) serveRegistry(w http.ResponseWriter, r *http.Request, repository *repository, p string) bool {
	s.mu.RLock()
	g, ok := s.registryOf(repository)
	s.mu.RUnlock()
	if !ok || p != "v2" && !strings.HasPrefix(p, "v2/") {
		return false
	}
	if digest, direct := strings.CutPrefix(p, "v2/-/blobs/"); direct {
		b, known := g.Store.Anywhere(digest)
		if !known {
			registry.Fail(w, http.StatusNotFound, "BLOB_UNKNOWN", digest)
			return true
		}
		w.Header().Set("Content-Length", fmt.Sprint(b.Size))
		if content, err := b.Open(); err == nil {
			_, _ = io.Copy(w, content)
			_ = content.Close()
		}
		return true
	}
	g.ServeHTTP(w, r)
	return true
}

// byPath serves registries under the server's own /v2/, the repository's name before the image's: what a repository's setting
// pathEnabled does. There is no catalog.
func (s *Server) byPath(p string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, rest, _ := strings.Cut(p, "/")
		switch {
		case p == "" && subjectOf(r) == nobody:
			s.stats.Request(r.Method, registry.Base)
			s.dockerChallenge(w, r)
		case p == "":
			s.stats.Request(r.Method, registry.Base)
			w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		case p == "_catalog" || rest == "_catalog":
			registry.Fail(w, http.StatusNotFound, "NAME_UNKNOWN", nil)
		default:
			inner := r.Clone(r.Context())
			inner.URL.Path, inner.URL.RawPath = s.context+"/repository/"+name+"/v2/"+rest, ""
			s.content(name+"/v2/"+rest).ServeHTTP(w, inner)
		}
	})
}

// dockerChallenge asks for Basic, or for a token where the repository does not insist on Basic.
func (s *Server) dockerChallenge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `BASIC realm="Sonatype Nexus Repository Manager"`)
	if s.bearer {
		address := s.base(r) + "/v2/token"
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service=%q,scope="repository:*:pull"`, address, address))
	}
	registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", nil)
}

// dockerTokens is the token service, /v2/token.
func (s *Server) dockerTokens(w http.ResponseWriter, r *http.Request) {
	if !subjectOf(r).may(toRead) {
		challenge(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"token":%q}`, dockerToken)
}
