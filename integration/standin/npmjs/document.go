package npmjs

// Packuments, in full and abbreviated (npm/registry docs/responses/package-metadata.md), manifests of one version, and
// the caching that npm's public registry shows: a strong ETag per form, and a 304 that carries Vary alone.

import (
	"bytes"
	"compress/gzip"
	"crypto/md5" // an ETag
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

const abbreviatedType = "application/vnd.npm.install-v1+json"

const timeForm = "2006-01-02T15:04:05.000Z"

// document answers GET /{name}.
func (s *Server) document(w http.ResponseWriter, r *http.Request, name string) {
	if s.hidden(w, r, name) {
		return
	}
	fresh := r.URL.Query().Get("write") == "true"
	read := s.edge
	if fresh {
		read = s.snapshot
	}
	p := read(name)
	if p == nil || s.vanished(name) {
		notFound(w, r)
		return
	}
	abbreviated := strings.Contains(r.Header.Get("Accept"), abbreviatedType)
	kind := "application/json"
	if abbreviated {
		kind = abbreviatedType
	}
	etag := fmt.Sprintf(`"%x"`, md5.Sum(fmt.Append(nil, r.Host, name, p.revision, abbreviated)))
	w.Header().Set("Vary", "Accept-Encoding")
	if !s.modes.is("etag", "none") {
		if !fresh && strings.Contains(r.Header.Get("If-None-Match"), etag) {
			s.stats.Request(r.Method, "not modified")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if s.modes.is("etag", "weak") {
			etag = "W/" + etag
		}
		w.Header().Set("ETag", etag)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Last-Modified", p.modified().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", kind)
	s.sendDocument(w, r, name, func(w io.Writer) error { return s.write(w, p, s.tarballs(r), abbreviated) })
}

// sendDocument compresses where the client takes it, and with gzip=truncated breaks the first compressed answer off.
func (s *Server) sendDocument(w http.ResponseWriter, r *http.Request, name string, write func(io.Writer) error) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_ = write(w)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	if s.modes.is("gzip", "whole") {
		compressor := gzip.NewWriter(w)
		_ = write(compressor)
		_ = compressor.Close()
		return
	}
	var body bytes.Buffer
	compressor := gzip.NewWriter(&body)
	_ = write(compressor)
	_ = compressor.Close()
	s.once.Lock()
	first := !s.once.truncated[name]
	s.once.truncated[name] = true
	s.once.Unlock()
	if first {
		body.Truncate(body.Len() / 2)
	}
	w.Header().Set("Content-Length", fmt.Sprint(body.Len()))
	_, _ = w.Write(body.Bytes())
}

// tarballs is where documents say that tarballs are.
func (s *Server) tarballs(r *http.Request) string {
	if s.modes.is("host", "old") {
		return "http://registry.old.example"
	}
	return "http://" + r.Host
}

func (p *pack) modified() time.Time {
	at := born
	for _, r := range p.releases {
		at = later(at, r.at)
	}
	for _, gone := range p.withdrawn {
		at = later(at, gone)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// write writes the document, a version at a time.
func (s *Server) write(w io.Writer, p *pack, base string, abbreviated bool) error {
	head := object{"name": p.name}
	switch {
	case abbreviated:
		head["modified"] = p.modified().Format(timeForm)
	default:
		head["_id"], head["_rev"] = p.name, p.rev()
		if !p.timeless {
			head["time"] = p.times()
		}
		if !p.entombed {
			head["_attachments"], head["users"], head["maintainers"] = object{}, object{}, []object{{"name": Username}}
			head["readme"], head["license"] = "# "+p.name+"\n", "MIT"
		}
	}
	if p.entombed {
		return json.NewEncoder(w).Encode(head)
	}
	head["dist-tags"] = p.tags
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, `%s,"versions":{`, text[:len(text)-1]); err != nil {
		return err
	}
	for i, r := range p.releases {
		key, _ := json.Marshal(r.version)
		manifest, err := json.Marshal(s.manifest(p, r, base, abbreviated))
		if err != nil {
			return err
		}
		separator := ","
		if i == 0 {
			separator = ""
		}
		if _, err := fmt.Fprintf(w, "%s%s:%s", separator, key, manifest); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "}}\n")
	return err
}

// rev is CouchDB's: the number grows with every change.
func (p *pack) rev() string { return fmt.Sprintf("%d-%x", p.revision, md5.Sum([]byte(p.name))) }

func (p *pack) times() object {
	times := object{"created": born.Format(timeForm), "modified": p.modified().Format(timeForm)}
	versions := []string{}
	for _, r := range p.releases {
		times[r.version] = r.at.Format(timeForm)
	}
	for version, at := range p.withdrawn {
		times[version] = at.Format(timeForm)
		versions = append(versions, version)
	}
	if p.entombed || p.unpublished {
		slices.Sort(versions)
		times["unpublished"] = object{"time": p.modified().Format(timeForm), "versions": versions}
	}
	return times
}

// abbreviatedFields are what the short form keeps of a manifest.
var abbreviatedFields = []string{
	"name", "version", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies", "peerDependencies",
	"peerDependenciesMeta", "bin", "directories", "engines", "funding", "cpu", "os",
}

// manifest is one version as documents tell it.
func (s *Server) manifest(p *pack, r *release, base string, abbreviated bool) object {
	r.digest()
	dist := object{
		"tarball": base + "/" + p.name + "/-/" + file(p.name, r.version), "shasum": r.shasum,
		"fileCount": 2, "unpackedSize": 3 * r.size,
	}
	if !r.sha1Only {
		dist["integrity"] = r.integrity
		dist["signatures"] = []object{{"keyid": s.key.id, "sig": s.key.sign(p.name + "@" + r.version + ":" + r.integrity)}}
	}
	if r.attested {
		dist["attestations"] = object{
			"url":        base + "/-/npm/v1/attestations/" + artifact.NPMEscape(p.name) + "@" + url.PathEscape(r.version),
			"provenance": object{"predicateType": provenanceType},
		}
	}
	m := object{"dist": dist}
	for key, value := range r.manifest {
		if !abbreviated || slices.Contains(abbreviatedFields, key) {
			m[key] = value
		}
	}
	if message, ok := p.deprecated[r.version]; ok {
		m["deprecated"] = message
	}
	if !abbreviated {
		m["_id"], m["_npmUser"] = p.name+"@"+r.version, object{"name": Username}
		if p.readme > 0 {
			m["readme"] = strings.Repeat(`readme "text" `, p.readme/14)
		}
	} else if scripts, _ := r.manifest["scripts"].(object); scripts["postinstall"] != nil {
		m["hasInstallScript"] = true
	}
	return m
}

// manifestOf answers GET /{name}/{version or tag}.
func (s *Server) manifestOf(w http.ResponseWriter, r *http.Request, name, version string) {
	if s.hidden(w, r, name) {
		return
	}
	p := s.snapshot(name)
	if p == nil || s.vanished(name) {
		notFound(w, r)
		return
	}
	one := p.release(version)
	if one == nil {
		one = p.release(p.tags[version])
	}
	if one == nil {
		send(w, http.StatusNotFound, "version not found: "+version)
		return
	}
	send(w, http.StatusOK, s.manifest(p, one, s.tarballs(r), false))
}
