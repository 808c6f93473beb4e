package npmjs

// Writing, as npm/cli's client does it: workspaces/libnpmpublish (a document with one version and its tarball in base64),
// lib/commands/deprecate.js (the whole document again, without tarball), lib/commands/dist-tag.js.

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"pkgferry/integration/standin"
)

// maxPublish bounds a publish document.
const maxPublish = 64 << 20

// receive decodes a JSON body, or answers that it can not.
func receive(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(io.LimitReader(r.Body, maxPublish)).Decode(into)
	if err != nil {
		send(w, http.StatusBadRequest, object{"error": "invalid body: " + err.Error()})
	}
	return err == nil
}

// publish answers PUT /{name}.
func (s *Server) publish(w http.ResponseWriter, r *http.Request, name string) {
	var document struct {
		Name        string            `json:"name"`
		Tags        map[string]string `json:"dist-tags"`
		Versions    map[string]object `json:"versions"`
		Attachments map[string]struct {
			Data   string `json:"data"`
			Length int    `json:"length"`
		} `json:"_attachments"`
	}
	if !s.valid(r) {
		s.unauthorized(w, r)
		return
	}
	if !receive(w, r, &document) {
		return
	}
	if document.Name != name || len(document.Versions) == 0 {
		send(w, http.StatusBadRequest, object{"error": "the document is not of " + name})
		return
	}
	if len(document.Attachments) == 0 {
		s.redeclare(w, name, document.Versions)
		return
	}
	for version, manifest := range document.Versions {
		attachment := document.Attachments[name+"-"+version+".tgz"]
		body, err := base64.StdEncoding.DecodeString(attachment.Data)
		if err != nil || len(body) != attachment.Length || len(body) == 0 {
			send(w, http.StatusBadRequest, object{"error": "the attachment does not have the length it declares"})
			return
		}
		s.store(w, name, version, manifest, document.Tags, body)
		return
	}
}

// store keeps one version.
func (s *Server) store(w http.ResponseWriter, name, version string, manifest object, tags map[string]string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.owned(name)
	if p == nil {
		p = s.put(name)
	}
	if _, gone := p.withdrawn[version]; gone || p.release(version) != nil {
		send(w, http.StatusForbidden, object{"error": "You cannot publish over the previously published versions: " + version + "."})
		return
	}
	sum := sha256.Sum256(body)
	path := filepath.Join(s.dir, hex.EncodeToString(sum[:]))
	if err := os.WriteFile(path, body, 0o600); err != nil {
		send(w, http.StatusInternalServerError, object{"error": err.Error()})
		return
	}
	delete(manifest, "dist")
	s.change(p, func() {
		p.add(&release{version: version, manifest: manifest, at: time.Now().UTC(), body: func() ([]byte, error) { return readBody(path) }}, "")
		maps.Copy(p.tags, tags)
	})
	s.stats.Wrote("npm/npm/" + name + "/" + version + "/" + file(name, version))
	send(w, http.StatusCreated, object{"success": true})
}

func readBody(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxPublish))
}

// redeclare takes the deprecations of a document over.
func (s *Server) redeclare(w http.ResponseWriter, name string, versions map[string]object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.owned(name)
	if p == nil {
		send(w, http.StatusNotFound, object{"error": "Not found"})
		return
	}
	s.change(p, func() {
		for _, r := range p.releases {
			if manifest, ok := versions[r.version]; ok {
				p.deprecated[r.version] = manifest["deprecated"]
				if manifest["deprecated"] == nil {
					delete(p.deprecated, r.version)
				}
			}
		}
	})
	send(w, http.StatusOK, object{"success": true})
}

// tagged answers /-/package/{name}/dist-tags and /-/package/{name}/dist-tags/{tag}.
func (s *Server) tagged(w http.ResponseWriter, r *http.Request, name string, tag []string) {
	s.stats.Request(r.Method, "dist-tags")
	if s.hidden(w, r, name) {
		return
	}
	write := r.Method != http.MethodGet
	if write && !s.valid(r) {
		s.unauthorized(w, r)
		return
	}
	stage := standin.List
	if write {
		stage = standin.Write
	}
	s.Faults.Wrap(stage, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.retag(w, r, name, tag) })).ServeHTTP(w, r)
}

func (s *Server) retag(w http.ResponseWriter, r *http.Request, name string, tag []string) {
	var version string
	if r.Method == http.MethodPut && !receive(w, r, &version) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.owned(name)
	switch {
	case p == nil, r.Method == http.MethodPut && p.release(version) == nil:
		send(w, http.StatusNotFound, object{"error": "Not found"})
	case r.Method == http.MethodGet:
		send(w, http.StatusOK, p.tags)
	case len(tag) != 1:
		send(w, http.StatusMethodNotAllowed, object{"error": "name one tag"})
	case r.Method == http.MethodPut:
		s.change(p, func() { p.tags[tag[0]] = version })
		send(w, http.StatusCreated, object{"ok": "tagged"})
	default:
		s.change(p, func() { delete(p.tags, tag[0]) })
		send(w, http.StatusOK, object{"ok": "tag removed"})
	}
}
