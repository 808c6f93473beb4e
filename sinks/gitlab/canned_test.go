package gitlab_test

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pkgferry/internal/artifact"
)

// request is what a canned GitLab received.
type request struct {
	method, path  string
	contentLength int64
	fields        [][2]string // of a form, in order
	part, file    string
	body          string // of a form, its file
}

// canned is a GitLab with one project that holds nothing, and gives one answer to every upload.
type canned struct {
	server
	status int
	answer string
	simple []string // the pages of every PyPI name, one after the other; the last one stays

	mu       sync.Mutex
	received []request
}

func startCanned(t *testing.T, status int, answer string) *canned {
	t.Helper()
	c := &canned{status: status, answer: answer}
	listening := httptest.NewServer(c)
	t.Cleanup(listening.Close)
	c.server = server{url: listening.URL, project: "acme/x"}
	return c
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		c.mu.Lock()
		c.received = append(c.received, receive(r))
		c.mu.Unlock()
		w.WriteHeader(c.status)
		_, _ = io.WriteString(w, c.answer)
	case strings.HasSuffix(r.URL.EscapedPath(), "/projects/acme%2Fx"):
		_, _ = io.WriteString(w, `{"id":7}`)
	case strings.HasSuffix(r.URL.Path, "/packages"):
		_, _ = io.WriteString(w, `[]`)
	case strings.Contains(r.URL.Path, "/pypi/simple/") && len(c.simple) > 0:
		c.mu.Lock()
		defer c.mu.Unlock()
		_, _ = io.WriteString(w, c.simple[0])
		c.simple = c.simple[min(1, len(c.simple)-1):]
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// receive reads a request whole; only a form has fields.
func receive(r *http.Request) request {
	got := request{method: r.Method, path: r.URL.EscapedPath(), contentLength: r.ContentLength}
	form, err := r.MultipartReader()
	if err != nil {
		text, _ := io.ReadAll(r.Body)
		got.body = string(text)
		return got
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return got
		}
		got.add(part)
	}
}

func (r *request) add(part *multipart.Part) {
	text, _ := io.ReadAll(part)
	if part.FileName() == "" {
		r.fields = append(r.fields, [2]string{part.FormName(), string(text)})
		return
	}
	r.part, r.file, r.body = part.FormName(), part.FileName(), string(text)
}

// uploads are the requests so far that could change something.
func (c *canned) uploads() []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]request(nil), c.received...)
}

func (r request) field(name string) string {
	for _, field := range r.fields {
		if field[0] == name {
			return field[1]
		}
	}
	return ""
}

// content is a file that needs no digest to be opened.
func content(texts map[string]string) artifact.Opener {
	return func(_ context.Context, f artifact.File) (artifact.Stream, error) {
		return text{strings.NewReader(texts[f.Path]), texts[f.Path]}, nil
	}
}
