package nexus

// Content below /repository/ (org.sonatype.nexus.repository.httpbridge.internal.ViewServlet and the handlers of the
// Maven and raw recipes): the order in which a request is refused, and the headers of a file.

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

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
		switch {
		case !ok:
			page(w, r, http.StatusBadRequest, "Invalid repository path")
		case repository == nil:
			page(w, r, http.StatusNotFound, "Repository not found")
		case offline:
			page(w, r, http.StatusServiceUnavailable, "Repository offline")
		case subjectOf(r) == nobody:
			challenge(w, r)
		case !subjectOf(r).reads():
			page(w, r, http.StatusForbidden, "Forbidden")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			page(w, r, http.StatusMethodNotAllowed, r.Method)
		case r.URL.Query().Has("describe"):
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><body>a description of the request instead of the file</body></html>")
		default:
			s.serve(w, r, repository, p)
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
				return s.rebuilt(member, a), member.kind
			}
		}
	}
	return nil, ""
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
		page(w, r, http.StatusNotFound, "/"+p)
		return
	case a.lost:
		page(w, r, http.StatusInternalServerError, "org.sonatype.nexus.blobstore.api.MissingBlobException")
		return
	}
	metadata := path.Base(p) == artifact.MavenMetadata
	etag := s.release.etag(a.digests().SHA1, metadata && repository.kind == group)
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
	header.Set("Content-Type", typeOf(a.path))
	header.Set("Content-Disposition", "attachment")
	header.Set("Content-Security-Policy", "sandbox allow-forms allow-modals allow-popups allow-presentation allow-scripts allow-top-navigation")
	header.Set("X-XSS-Protection", "1; mode=block")
	status, body := http.StatusOK, a.body
	if wanted := r.Header.Get("Range"); wanted != "" && r.Method == http.MethodGet && !metadata && ifRange(r, etag, a.updated) {
		status, body = partial(w, wanted, a.body)
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
