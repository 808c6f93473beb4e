package artifactory

// Ranges (RFC 9110; org.artifactory.request.range): one gives a part, several give multipart/byteranges, one that can not be
// read the whole file. If-Range takes the SHA-1, or a date.

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin/artifactory/storage"
)

// span is a part of a file, both ends included.
type span struct{ first, last int64 }

func (s span) header(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", s.first, s.last, size)
}

// parseRange reads a Range header; not ok: it can not be read, and means nothing. A range outside the file is left out.
func parseRange(header string, size int64) (spans []span, ok bool) {
	list, isBytes := strings.CutPrefix(header, "bytes=")
	if !isBytes {
		return nil, false
	}
	for one := range strings.SplitSeq(list, ",") {
		from, to, dash := strings.Cut(strings.TrimSpace(one), "-")
		first, errFirst := strconv.ParseInt(from, 10, 64)
		last, errLast := strconv.ParseInt(to, 10, 64)
		switch {
		case !dash, from != "" && errFirst != nil, to != "" && errLast != nil, from == "" && to == "", first < 0, last < 0:
			return nil, false
		case from == "":
			first, last = max(0, size-last), size-1
		case to == "":
			last = size - 1
		case last < first:
			return nil, false
		}
		if last = min(last, size-1); first <= last {
			spans = append(spans, span{first, last})
		}
	}
	return spans, true
}

// serveRange writes a file, or the part of it that a request wants.
func serveRange(w http.ResponseWriter, r *http.Request, item *storage.Item, sha1 string) {
	size, content, h := item.Size(), item.Blob.Reader(), w.Header()
	spans, ranged := parseRange(r.Header.Get("Range"), size)
	if condition := r.Header.Get("If-Range"); ranged && condition != "" {
		date, err := http.ParseTime(condition)
		ranged = strings.Trim(condition, `"`) == sha1 || err == nil && !item.Modified.Truncate(time.Second).After(date)
	}
	status, length := http.StatusOK, size
	switch {
	case !ranged:
	case len(spans) == 0:
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		if r.Context().Value(atStore{}) != nil {
			refuseStore(w, http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable")
			return
		}
		refuse(w, http.StatusRequestedRangeNotSatisfiable, "")
		return
	case len(spans) > 1:
		serveRanges(w, r, spans, content, size)
		return
	default:
		h.Set("Content-Range", spans[0].header(size))
		status, length = http.StatusPartialContent, spans[0].last-spans[0].first+1
		_, _ = content.Seek(spans[0].first, io.SeekStart)
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = io.CopyN(w, content, length)
	}
}

func serveRanges(w http.ResponseWriter, r *http.Request, spans []span, content io.ReadSeeker, size int64) {
	parts := multipart.NewWriter(w)
	kind := w.Header().Get("Content-Type")
	w.Header().Set("Content-Type", "multipart/byteranges; boundary="+parts.Boundary())
	w.WriteHeader(http.StatusPartialContent)
	if r.Method != http.MethodGet {
		return
	}
	for _, one := range spans {
		part, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {kind}, "Content-Range": {one.header(size)}})
		if err != nil {
			return
		}
		_, _ = content.Seek(one.first, io.SeekStart)
		_, _ = io.CopyN(part, content, one.last-one.first+1)
	}
	_ = parts.Close()
}
