package gitlab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// How GitLab words its answers: lib/api/helpers.rb, and Workhorse's plain text.

// exchange is one request and its answer. id and rest are what the route's pattern matched, still escaped.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	known    func(text string) *token // nil when nobody has this token
	id, item string
	rest     string
}

// timeFormat is how GitLab writes times.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

func (e *exchange) json(status int, value any) {
	e.w.Header().Set("Content-Type", "application/json")
	e.w.WriteHeader(status)
	encoder := json.NewEncoder(e.w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}

// fail answers like render_api_error!.
func (e *exchange) fail(status int, message string) {
	e.json(status, map[string]string{"message": message})
}

// invalid answers like a failed parameter validation.
func (e *exchange) invalid(reason string) {
	e.json(http.StatusBadRequest, map[string]string{"error": reason})
}

// bad answers like bad_request!.
func (e *exchange) bad(reason string) { e.fail(http.StatusBadRequest, "400 Bad request - "+reason) }

// failNPM answers with both keys, as the npm routes do.
func (e *exchange) failNPM(status int, message, reason string) {
	e.json(status, map[string]string{"message": message, "error": reason})
}

func (e *exchange) empty(status int) {
	e.w.WriteHeader(status)
}

func (e *exchange) text(status int, text string) {
	e.w.Header().Set("Content-Type", "text/plain")
	e.w.WriteHeader(status)
	_, _ = e.w.Write([]byte(text))
}

// tooLarge is Workhorse's answer.
func (e *exchange) tooLarge(size, limit int64) {
	e.text(http.StatusRequestEntityTooLarge,
		fmt.Sprintf("the upload size %d is over maximum of %d bytes: entity is too large\n", size, limit))
}

// writes tells whether the request wants to change something.
func (e *exchange) writes() bool {
	return e.r.Method != http.MethodGet && e.r.Method != http.MethodHead
}

// base is the address under which the client reached the server.
func (e *exchange) base() string { return e.scheme() + e.r.Host }

// scheme is https behind a proxy that says so, as GitLab's own does.
func (e *exchange) scheme() string {
	if e.r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://"
	}
	return "http://"
}

// page cuts a listing and sets GitLab's paging headers (lib/gitlab/pagination); false when it has answered.
func (e *exchange) page(total int) (from, to int, ok bool) {
	query := e.r.URL.Query()
	number, ok := e.positive(query, "page", 1)
	if !ok {
		return 0, 0, false
	}
	size, ok := e.positive(query, "per_page", 20)
	if !ok {
		return 0, 0, false
	}
	size = min(size, 100)
	pages := max((total+size-1)/size, 1)
	from = min((number-1)*size, total)
	to = min(from+size, total)
	e.pageHeaders(query, number, size, pages, total)
	return from, to, true
}

func (e *exchange) positive(query url.Values, name string, fallback int) (int, bool) {
	text := query.Get(name)
	if text == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		e.invalid(name + " is invalid")
		return 0, false
	}
	if n < 1 || n > 1<<30 {
		e.invalid(name + " does not have a valid value")
		return 0, false
	}
	return n, true
}

// countLimit is the number of rows above which GitLab stops telling totals.
const countLimit = 10_000

func (e *exchange) pageHeaders(query url.Values, number, size, pages, total int) {
	h := e.w.Header()
	next, prev := "", ""
	link := ""
	add := func(page int, rel string) {
		query.Set("page", strconv.Itoa(page))
		query.Set("per_page", strconv.Itoa(size))
		if link != "" {
			link += ", "
		}
		link += fmt.Sprintf(`<%s%s?%s>; rel="%s"`, e.base(), e.r.URL.EscapedPath(), query.Encode(), rel)
	}
	if number > 1 {
		prev = strconv.Itoa(number - 1)
		add(number-1, "prev")
	}
	if number < pages {
		next = strconv.Itoa(number + 1)
		add(number+1, "next")
	}
	add(1, "first")
	if total <= countLimit {
		add(pages, "last")
		h.Set("X-Total", strconv.Itoa(total))
		h.Set("X-Total-Pages", strconv.Itoa(pages))
	}
	h.Set("Link", link)
	h.Set("X-Next-Page", next)
	h.Set("X-Prev-Page", prev)
	h.Set("X-Page", strconv.Itoa(number))
	h.Set("X-Per-Page", strconv.Itoa(size))
}

// serve sends a stored file, with Range as object storage and Workhorse both do.
func (e *exchange) serve(f *file) {
	content, err := f.body.open()
	if err != nil {
		e.fail(http.StatusInternalServerError, "500 Internal Server Error")
		return
	}
	defer func() { _ = content.Close() }()
	e.w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(e.w, e.r, "", f.created.Truncate(time.Second), content)
}
