package nexus

// Conditional and partial reads, with the quirks of org.sonatype.nexus.repository.http.HttpConditions,
// PartialFetchHandler and RangeParser.

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// precondition is the status that ends a conditional request; 0 when it goes on. An ETag matches a header that contains it.
func precondition(r *http.Request, etag string, updated time.Time) int {
	updated = updated.Truncate(time.Second)
	since := func(name string) (time.Time, bool) {
		t, err := http.ParseTime(r.Header.Get(name))
		return t, err == nil
	}
	if match := r.Header.Get("If-Match"); match != "" && match != "*" && !strings.Contains(match, etag) {
		return http.StatusPreconditionFailed
	}
	if t, ok := since("If-Unmodified-Since"); ok && updated.After(t) {
		return http.StatusPreconditionFailed
	}
	if match := r.Header.Get("If-None-Match"); match != "" && (match == "*" || strings.Contains(match, etag)) {
		return http.StatusNotModified
	}
	if t, ok := since("If-Modified-Since"); ok && !updated.After(t) {
		return http.StatusNotModified
	}
	return 0
}

// ifRange tells whether a Range header counts: without If-Range, or when it names the present content.
func ifRange(r *http.Request, etag string, updated time.Time) bool {
	condition := r.Header.Get("If-Range")
	if condition == "" || condition == etag {
		return true
	}
	t, err := http.ParseTime(condition)
	return err == nil && !updated.Truncate(time.Second).After(t)
}

var rangeForm = regexp.MustCompile(`^bytes=([0-9]*)-([0-9]*)$`)

// partial is the status and body for a Range header. What it can not read, and several ranges at once, give the whole
// body; any range of an empty file is an error of the server.
func partial(w http.ResponseWriter, wanted string, body []byte) (int, []byte) {
	size := int64(len(body))
	form := rangeForm.FindStringSubmatch(wanted)
	if form == nil || form[1]+form[2] == "" {
		return http.StatusOK, body
	}
	if size == 0 {
		return http.StatusInternalServerError, nil
	}
	first, firstErr := strconv.ParseInt(form[1], 10, 64)
	last, lastErr := strconv.ParseInt(form[2], 10, 64)
	switch {
	case firstErr != nil && lastErr == nil: // the last so many bytes
		first, last = size-last, size-1
	case lastErr != nil:
		last = size - 1
	}
	if first < 0 || first >= size || last < first {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		return http.StatusRequestedRangeNotSatisfiable, nil
	}
	last = min(last, size-1)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
	return http.StatusPartialContent, body[first : last+1]
}
