package nexus

// Content below /repository/ (org.sonatype.nexus.repository.httpbridge.internal.ViewServlet and the handlers of the
// Maven and raw recipes): the order in which a request is refused, and the headers of a file.

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// content serves an escaped path below /repository/.
func (s *Server) content(escaped string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, p, ok := contentPath(escaped)
		s.mu.RLock()
		repository := s.store.repositories[name]
		offline := repository != nil && repository.offline
		s.mu.RUnlock()
		if repository == nil || repository.format != dockerFormat || !isRegistry(p) {
			s.stats.Request(r.Method, "content") // registries count for themselves
		}
		switch {
		case !ok:
			page(w, r, http.StatusBadRequest, "Invalid repository path")
		case repository == nil:
			page(w, r, http.StatusNotFound, "Repository not found")
		case offline:
			page(w, r, http.StatusServiceUnavailable, "Repository offline")
		case subjectOf(r) == nobody && repository.format == dockerFormat:
			s.dockerChallenge(w, r)
		case subjectOf(r) == nobody:
			challenge(w, r)
		case !subjectOf(r).may(toRead):
			page(w, r, http.StatusForbidden, "Forbidden")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			page(w, r, http.StatusMethodNotAllowed, r.Method)
		case r.URL.Query().Has("describe"):
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><body>a description of the request instead of the file</body></html>")
		case repository.format == dockerFormat && s.serveRegistry(w, r, repository, p):
		case repository.format == npmFormat && s.npmService(w, repository, p):
		default:
			s.Faults.Wrap(standin.Read, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, repository, p) })).ServeHTTP(w, r)
		}
	})
}

// contentPath takes NAME/PATH apart: path parameters are cut off, the rest is decoded, empty segments and backslashes
// are normalised; false for a path that Nexus refuses.
func contentPath(escaped string) (name, p string, ok bool) {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		segment, _, _ = strings.Cut(segment, ";")
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", "", false
		}
		segments[i] = plain
	}
	name, p, ok = strings.Cut(strings.ReplaceAll(strings.Join(segments, "/"), `\`, "/"), "/")
	var clean []string
	for i, segment := range strings.Split(p, "/") {
		if segment == "." || segment == ".." {
			return "", "", false
		}
		if segment != "" || i == strings.Count(p, "/") {
			clean = append(clean, segment)
		}
	}
	return name, strings.Join(clean, "/"), ok
}

// find returns the file that a repository serves at p, and the repository that holds it.
func (s *Server) find(repository *repository, p string) (*asset, string) {
	paths := []string{p}
	if repository.format == "raw" && (p == "" || strings.HasSuffix(p, "/")) {
		paths = []string{p + "index.html", p + "index.htm"}
	}
	for _, member := range s.store.expand(repository) {
		for _, one := range paths {
			if a := member.at(one); a != nil && !a.hollow {
				s.store.touch(member, a)
				return s.rebuilt(member, a), member.kind
			}
			if a := s.store.made(member, one); a != nil {
				s.store.keep(member, a)
				return a, member.kind
			}
		}
	}
	return nil, ""
}

// made makes what a repository makes when it is asked for; nil when that is not at p.
func (s *store) made(r *repository, p string) *asset {
	if a := s.simplePage(r, p); a != nil {
		return a
	}
	return s.helmIndex(r, p)
}

// missing answers for a path that is not here. What a proxy does not hold it fetches, unless usage is over its limit.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, repository *repository, p string) {
	if s.fetches(repository) {
		s.stats.Request(r.Method, "upstream")
		if s.over {
			status := http.StatusForbidden
			if repository.format == nugetFormat {
				status = http.StatusConflict
			}
			page(w, r, status, "PAYMENT REQUIRED: At current usage levels, you can no longer download new components from remote repositories")
			return
		}
	}
	if repository.format == npmFormat {
		npmRefusal(w, http.StatusNotFound, "Package '"+p+"' not found")
		return
	}
	page(w, r, http.StatusNotFound, "/"+p)
}

// fetches tells whether a repository asks a remote for what it does not hold.
func (s *Server) fetches(one *repository) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.store.expand(one), func(member *repository) bool { return member.kind == proxy })
}

// rebuilt puts rebuilt metadata in place before it is served.
func (s *Server) rebuilt(r *repository, a *asset) *asset {
	if a.next != nil {
		a = &asset{id: a.id, path: a.path, body: a.next, created: a.created, updated: s.store.clock()}
		r.set(a)
	}
	return a
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, repository *repository, p string) {
	s.mu.Lock()
	a, kind := s.find(repository, p)
	s.mu.Unlock()
	switch {
	case a == nil:
		s.missing(w, r, repository, p)
		return
	case a.lost:
		page(w, r, http.StatusInternalServerError, "org.sonatype.nexus.blobstore.api.MissingBlobException")
		return
	}
	if repository.format == npmFormat && !strings.Contains(p, "/-/") {
		s.serveRoot(w, r, repository, a)
		return
	}
	metadata, whole := path.Base(p) == artifact.MavenMetadata, a.content()
	etag := s.release.etag(digestsOf(whole).SHA1, metadata && repository.kind == group)
	if kind == proxy {
		etag = `"` + artifact.DigestsOf("the remote's own ETag of "+p).SHA1 + `"`
	}
	header := w.Header()
	header.Set("ETag", etag)
	header.Set("Last-Modified", a.updated.UTC().Format(http.TimeFormat))
	if status := precondition(r, etag, a.updated); status != 0 {
		header.Del("Last-Modified")
		w.WriteHeader(status)
		return
	}
	header.Set("Content-Type", a.mediaType())
	header.Set("Content-Disposition", "attachment")
	header.Set("Content-Security-Policy", "sandbox allow-forms allow-modals allow-popups allow-presentation allow-scripts allow-top-navigation")
	header.Set("X-XSS-Protection", "1; mode=block")
	status, body := http.StatusOK, whole
	if wanted := r.Header.Get("Range"); wanted != "" && r.Method == http.MethodGet && !metadata && ifRange(r, etag, a.updated) {
		status, body = partial(w, wanted, whole)
	}
	if status == http.StatusInternalServerError {
		page(w, r, status, "java.lang.IllegalArgumentException: Invalid range: [0..-1]")
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, bytes.NewReader(body))
	}
}
