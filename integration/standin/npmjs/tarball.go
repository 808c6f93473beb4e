package npmjs

// Tarballs, at the addresses that documents name: GET /{name}/-/{file}. npm's public registry serves ranges and an ETag;
// Verdaccio neither.

import (
	"bytes"
	"crypto/sha1" // no more than a name for the content
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// tarball answers or, with tarball=redirect, sends to the second host.
func (s *Server) tarball(w http.ResponseWriter, r *http.Request, name, wanted string) {
	if s.hidden(w, r, name) {
		return
	}
	if s.foreignAt != "" {
		http.Redirect(w, r, s.foreignAt+r.URL.EscapedPath(), http.StatusFound)
		return
	}
	s.sendTarball(w, r, name, wanted)
}

func (s *Server) sendTarball(w http.ResponseWriter, r *http.Request, name, wanted string) {
	body, found, err := s.body(name, wanted)
	switch {
	case err != nil:
		send(w, http.StatusInternalServerError, object{"error": err.Error()})
	case !found && s.verdaccio:
		send(w, http.StatusNotFound, object{"error": "no such file available"})
	case !found:
		send(w, http.StatusNotFound, object{"error": "package could not be found."})
	case s.verdaccio:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha1.Sum(body)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}

// body finds a tarball by its file name.
func (s *Server) body(name, wanted string) (body []byte, found bool, err error) {
	p := s.snapshot(name)
	if p == nil {
		return nil, false, nil
	}
	for _, one := range p.releases {
		if file(name, one.version) == wanted && one.body != nil {
			body, err = one.body()
			return body, true, err
		}
	}
	return nil, false, nil
}
