package gitlab

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// The object store that may hold GitLab's package files: mode store. Downloads are then redirected to it, with a signed
// address, but for Maven and NuGet, which GitLab fetches and passes on itself (lib/api/helpers.rb
// present_carrierwave_file!, lib/api/helpers/packages/maven.rb, lib/api/nuget_project_packages.rb). This server plays the
// store at any of its addresses; it answers as Amazon S3 does.

const storedPrefix = "packages/"

func (s *Server) objectStoreRoutes() []route {
	return []route{{"GET", storePath + storedPrefix + "*", "store", s.download(s.storedGet)}}
}

// storable lets faults strike a download where its bytes come from: here, or at the store.
func (s *Server) storable(f func(*exchange)) func(*exchange) {
	here := s.download(f)
	return func(e *exchange) {
		if s.modes.get("store") == "off" {
			here(e)
		} else {
			f(e)
		}
	}
}

// serveStored sends a file, or sends the client to the store for it.
func (s *Server) serveStored(e *exchange, f *file) {
	store := s.modes.get("store")
	if store == "off" {
		e.serve(f)
		return
	}
	e.w.Header().Set("Location", s.storeAddress(strings.TrimSuffix(store, "/"), storedPrefix+filepath.Base(f.body.path)))
	e.empty(http.StatusFound)
}

// storedGet serves a file to whoever has a signed address. Credentials beside it are somebody else's and counted; S3
// refuses the one that it would understand.
func (s *Server) storedGet(e *exchange) {
	name := unescaped(e.rest)
	refuse := func(status int, code string) {
		e.w.Header().Set("Content-Type", "application/xml")
		e.w.WriteHeader(status)
		_, _ = fmt.Fprintf(e.w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code></Error>", code)
	}
	h := e.r.Header
	if e.foreignCredential() || h.Get("Authorization") != "" || h.Get("X-NuGet-ApiKey") != "" || h.Get("Cookie") != "" {
		s.stats.Foreign()
	}
	switch {
	case h.Get("Authorization") != "":
		refuse(http.StatusBadRequest, "InvalidArgument")
		return
	case e.r.URL.Query().Get("X-Amz-Signature") != hex.EncodeToString(s.images.mac([]byte(storedPrefix+name))):
		refuse(http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	path := filepath.Join(s.dir, filepath.Base(name)) // what is signed has no slash
	if _, err := os.Stat(path); err != nil {
		refuse(http.StatusNotFound, "NoSuchKey")
		return
	}
	e.serve(&file{body: body{path: path}, created: epoch})
}
