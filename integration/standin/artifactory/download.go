package artifactory

// GET and HEAD of KEY/PATH (org.artifactory.engine.DownloadServiceImpl, RequestResponseHelper): the order in which a request
// is refused, the headers of a file, conditions and ranges.

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin/artifactory/storage"
)

const notFound = "File not found."

// download serves an escaped KEY/PATH.
func (s *Server) download(w http.ResponseWriter, r *http.Request, escaped string) {
	key, at, ok := storedPath(escaped)
	who := accountOf(r)
	folder := strings.HasSuffix(at, "/") || at == ""
	at = strings.TrimSuffix(at, "/")
	s.mu.RLock()
	item, one := s.served(key, at)
	s.mu.RUnlock()
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, http.StatusMethodNotAllowed, "")
	case !ok, strings.Contains(escaped, "!/"):
		refuse(w, http.StatusBadRequest, "")
	case who.anonymous() && !s.modes.anonymous:
		challenge(w, unauthorized)
	case item == nil:
		s.synthesised(w, r, key, at)
	case !s.reads(who, item.Repo, item.At()):
		s.forbid(w, who, key, at)
	case item.Folder && !folder:
		w.Header().Set("Location", "http://"+r.Host+s.context+"/"+key+"/"+escape(at)+"/")
		w.WriteHeader(http.StatusFound)
	case item.Folder:
		s.browse(w, r, key, item)
	case one.blackedOut:
		refuse(w, http.StatusForbidden, "The repository '"+one.key+"' is blacked out and cannot serve artifact '"+one.key+":"+at+"'.")
	case one.excludes != "" && matchesPattern(one.excludes, at):
		refuse(w, http.StatusNotFound, "The repository '"+one.key+"' rejected the artifact '"+one.key+":"+at+"' due to its include/exclude pattern settings.")
	case item.Blocked:
		refuse(w, http.StatusForbidden, "Artifact download request rejected: "+at+" was not downloaded due to the download blocking policy configured in Xray for "+key+".")
	case item.Lost:
		refuse(w, http.StatusNotFound, notFound)
	default:
		s.serve(w, r, item)
	}
}

// served returns what a key serves at a path: what is stored there or, for a snapshot, its newest build.
func (s *Server) served(key, at string) (*storage.Item, *repository) {
	if item, one := s.find(key, at); item != nil {
		return item, one
	}
	if newest := newestBuild(at, func(folder string) []string { return s.names(key, folder) }); newest != "" {
		return s.find(key, newest)
	}
	return nil, nil
}

// names are those of the files in a folder of a key.
func (s *Server) names(key, at string) (names []string) {
	for item := range s.children(account{admin: true}, key, at) {
		if !item.Folder {
			names = append(names, item.Name)
		}
	}
	return names
}

// synthesised answers for what is not stored: the checksums of a file that is, as a text.
func (s *Server) synthesised(w http.ResponseWriter, r *http.Request, key, at string) {
	dot := strings.LastIndexByte(at, '.')
	if dot < 0 {
		dot = len(at)
	}
	s.mu.RLock()
	item, _ := s.served(key, at[:dot])
	s.mu.RUnlock()
	sum := ""
	if item != nil && !item.Folder && s.reads(accountOf(r), item.Repo, item.At()) {
		d := item.Digests()
		sum = map[string]string{".sha1": d.SHA1, ".md5": d.MD5, ".sha256": d.SHA256}[at[dot:]]
		if at[dot:] == ".sha512" && s.modes.sha512 {
			sum = item.Blob.SHA512()
		}
	}
	if upstream := s.content.repositories[key]; upstream != nil && upstream.class == remote && sum == "" {
		s.stats.Request(r.Method, "upstream") // it is asked, and does not answer
	}
	if sum == "" {
		refuse(w, http.StatusNotFound, notFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-checksum")
	w.Header().Set("Content-Length", strconv.Itoa(len(sum)))
	_, _ = io.WriteString(w, sum)
}

// serve answers with a file, or sends the client to the store for it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, item *storage.Item) {
	d, h := item.Digests(), w.Header()
	away := s.redirected(r, item)
	if !away || s.modes.redirectSums {
		for name, sum := range map[string]string{"X-Checksum-Sha1": d.SHA1, "X-Checksum-Md5": d.MD5, "X-Checksum-Sha256": d.SHA256} {
			if sum != "" {
				h.Set(name, sum)
			}
		}
	}
	h.Set("X-Artifactory-Filename", url.QueryEscape(item.Name))
	if away {
		h.Set("Location", s.store.address(item, s.clock.now().Add(s.modes.redirectExpiry)))
		h.Set("Content-Type", contentType(item.Name))
		w.WriteHeader(http.StatusFound)
		s.count(r, item)
		return
	}
	h["ETag"] = []string{d.SHA1}
	h.Set("Last-Modified", item.Modified.UTC().Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	if notModified(r, d.SHA1, item.Modified) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, item.Name, url.PathEscape(item.Name)))
	h.Set("Content-Type", contentType(item.Name))
	if expirable(item.Name) {
		h.Set("Cache-Control", "no-store")
	}
	s.count(r, item)
	serveRange(w, r, item, d.SHA1)
}

// count raises the statistics of a download; HEAD never does. Releases before 7 do not know the parameter that forbids it.
func (s *Server) count(r *http.Request, item *storage.Item) {
	skip := s.modes.major >= 7 && r.URL.Query().Get("skipUpdateStats") == "true"
	if r.Method == http.MethodGet && !skip {
		s.countDownload(item, accountOf(r))
	}
}

// notModified evaluates the conditions of RFC 9110 with Artifactory's ETag, which is a bare SHA-1.
func notModified(r *http.Request, sha1 string, modified time.Time) bool {
	if match := r.Header.Get("If-None-Match"); match != "" {
		return strings.Trim(match, `"`) == sha1
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !modified.Truncate(time.Second).After(since)
}

// expirable tells metadata that changes in place.
func expirable(name string) bool {
	return name == "maven-metadata.xml" || name == "index.yaml" || strings.Contains(name, "-SNAPSHOT")
}

// browse is the listing of a folder that browsers see.
func (s *Server) browse(w http.ResponseWriter, r *http.Request, key string, folder *storage.Item) {
	w.Header().Set("Content-Type", "text/html;charset=utf-8")
	title := html.EscapeString(strings.TrimSuffix(key+"/"+folder.At(), "/"))
	out := newStream(w)
	out.text("<html>\n<head><title>Index of " + title + "</title>\n</head>\n<body>\n<h1>Index of " + title + "</h1>\n<pre>Name  Last modified  Size</pre><hr/>\n<pre>")
	s.mu.RLock()
	defer s.mu.RUnlock()
	for item := range s.children(accountOf(r), key, folder.At()) {
		slash := ""
		if item.Folder {
			slash = "/"
		}
		out.text(fmt.Sprintf("<a href=%q>%s%s</a>  %s  %d\n", escape(item.Name)+slash, html.EscapeString(item.Name), slash,
			item.Modified.Format("02-Jan-2006 15:04"), item.Size()))
	}
	out.text("</pre>\n<hr/><address style=\"font-size:small;\">Artifactory/" + s.modes.version + "</address></body></html>")
	out.end()
}
