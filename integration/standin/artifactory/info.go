package artifactory

// GET /api/storage/KEY/PATH: file info and folder info (JFrog: "File Info", "Folder Info"; org.artifactory.api.rest.artifact),
// and which other answer a parameter asks for.

import (
	"net/http"
	"path"
	"strconv"
	"strings"

	"pkgferry/integration/standin/artifactory/storage"
)

const vendor = "application/vnd.org.jfrog.artifactory.storage."

func (s *Server) storage(w http.ResponseWriter, r *http.Request, rest string) {
	key, at, ok := storedPath(rest)
	at = strings.TrimSuffix(at, "/")
	who, query := accountOf(r), r.URL.Query()
	if !ok {
		refuse(w, http.StatusBadRequest, "")
		return
	}
	proAlone := query.Has("list") || query.Has("lastModified") || query.Has("permissions")
	if proAlone && !s.modes.pro() {
		refuse(w, http.StatusBadRequest, proOnly)
		return
	}
	if query.Has("list") && who.anonymous() {
		refuse(w, http.StatusForbidden, "This resource is available to authenticated users only.")
		return
	}
	item, one := s.find(key, at)
	readable := item != nil && s.reads(who, item.Repo, at)
	switch {
	case who.anonymous() && !s.modes.anonymous:
		challenge(w, unauthorized)
	case item == nil:
		refuse(w, http.StatusNotFound, "Unable to find item")
	case !readable:
		s.forbid(w, who, key, at)
	case query.Has("permissions"):
		refuse(w, http.StatusNotFound, "")
	case query.Has("list"):
		s.fileList(w, r, key, item)
	case query.Has("lastModified"):
		s.lastModified(w, r, key, item)
	case query.Has("properties"):
		s.itemProperties(w, r, key, item)
	case query.Has("stats"):
		s.itemStats(w, r, key, item)
	case item.Folder:
		s.folderInfo(w, r, key, item)
	default:
		s.fileInfo(w, r, key, item, one)
	}
}

// acceptable answers 406 when a request does not accept a media type.
func acceptable(w http.ResponseWriter, r *http.Request, mediaType string) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return true
	}
	for one := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(one, ";")
		switch strings.TrimSpace(kind) {
		case "*/*", "application/*", "application/json", mediaType:
			return true
		}
	}
	refuse(w, http.StatusNotAcceptable, "")
	return false
}

// address is that of an item in the storage API.
func (s *Server) address(r *http.Request, key, at string) string {
	if at != "" {
		at = "/" + escape(at)
	}
	return s.base(r) + "/api/storage/" + key + at
}

func (s *Server) fileInfo(w http.ResponseWriter, r *http.Request, key string, item *storage.Item, one *repository) {
	media := vendor + "FileInfo+json"
	if !acceptable(w, r, media) {
		return
	}
	d := item.Digests()
	original := object{{"sha1", d.SHA1}, {"md5", d.MD5}, {"sha256", orNil(d.SHA256)}}
	if item.Untold {
		original = object{{"sha256", orNil(d.SHA256)}}
	}
	upstream := any(nil)
	if one.class == remote {
		upstream = one.upstream + "/" + escape(item.At())
	}
	answer(w, media, append(s.commonInfo(key, item),
		field{"downloadUri", s.base(r) + "/" + key + "/" + escape(item.At())},
		field{"remoteUrl", upstream}, field{"mimeType", contentType(item.Name)}, field{"size", strconv.FormatInt(item.Size(), 10)},
		field{"checksums", object{{"sha1", d.SHA1}, {"md5", d.MD5}, {"sha256", orNil(d.SHA256)}}},
		field{"originalChecksums", original}, field{"uri", s.address(r, key, item.At())}))
}

func (s *Server) commonInfo(key string, item *storage.Item) object {
	return object{
		{"repo", key}, {"path", "/" + item.At()}, {"created", s.date(item.Created)}, {"createdBy", orNil(item.CreatedBy)},
		{"lastModified", s.date(item.Modified)}, {"modifiedBy", orNil(item.ModifiedBy)}, {"lastUpdated", s.date(item.Updated)},
	}
}

// folderInfo writes its children one by one, since there may be very many.
func (s *Server) folderInfo(w http.ResponseWriter, r *http.Request, key string, item *storage.Item) {
	media := vendor + "FolderInfo+json"
	if !acceptable(w, r, media) {
		return
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-store")
	head := pretty(s.commonInfo(key, item))
	out := newStream(w)
	out.text(strings.TrimSuffix(string(head), "\n}") + ",\n  \"children\" : [")
	comma := " "
	for child := range s.children(accountOf(r), key, item.At()) {
		one := object{{"uri", "/" + child.Name}, {"folder", child.Folder}}
		out.text(comma + strings.ReplaceAll(string(pretty(one)), "\n", "\n  "))
		comma = ", "
	}
	out.text(" ],\n  \"uri\" : " + string(pretty(s.address(r, key, item.At()))) + "\n}")
	out.end()
}

// contentType is the media type of a file, by its name.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".jar", ".war", ".aar":
		return "application/java-archive"
	case ".pom":
		return "application/x-maven-pom+xml"
	case ".xml", ".nuspec":
		return "application/xml"
	case ".json":
		return "application/json"
	case ".zip", ".whl", ".nupkg", ".snupkg":
		return "application/zip"
	case ".tgz", ".gz":
		return "application/x-gzip"
	case ".txt", ".asc", ".md", ".sha1", ".md5", ".sha256":
		return "text/plain"
	case ".html":
		return "text/html"
	case ".yaml", ".yml":
		return "application/x-yaml"
	}
	return "application/octet-stream"
}
