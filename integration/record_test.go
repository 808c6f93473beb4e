//go:build integration

package integration

// What a client sends, taken down on its way to a stand-in, so that two clients can be compared field by field.

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// recorder is a proxy in front of a stand-in. Bodies must fit into memory.
type recorder struct {
	url string

	mu     sync.Mutex
	writes []shape
}

// shape is a request without what can not be equal from run to run: "method", "path", "header X", and of its body
// "field X" of a form, "member X" of a JSON document, or "body", where files stand as their SHA-256.
type shape map[string]string

// record puts a proxy in front of to until the test ends.
func record(t *testing.T, to string) *recorder {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	forward := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Host = p.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				t.Errorf("recording %s %s: %v", req.Method, req.URL.Path, err)
			}
			s := shapeOf(t, req, body)
			r.mu.Lock()
			r.writes = append(r.writes, s)
			r.mu.Unlock()
			req.Body = io.NopCloser(bytes.NewReader(body))
		}
		forward.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// taken are the requests so far that are no reads.
func (r *recorder) taken() []shape {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]shape(nil), r.writes...)
}

var (
	uploadID = regexp.MustCompile(`/uploads/[^/?]+`)
	// compared are the headers that say what is sent; the others say by whom, and how it travels.
	compared = []string{"Content-Type", "Content-Encoding", "Content-Range", "Authorization", "Private-Token", "X-Nuget-Apikey", "Npm-Command", "Npm-Auth-Type"}
)

func shapeOf(t *testing.T, req *http.Request, body []byte) shape {
	t.Helper()
	s := shape{"host": req.Host, "method": req.Method, "path": uploadID.ReplaceAllString(req.URL.EscapedPath(), "/uploads/ID")}
	for key := range req.URL.Query() {
		s["query "+key] = req.URL.Query().Get(key)
	}
	if state := s["query _state"]; state != "" {
		s["query _state"] = "STATE"
	}
	for _, name := range compared {
		if value := req.Header.Get(name); value != "" {
			s["header "+name] = value
		}
	}
	if scheme, _, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		s["header Authorization"] = scheme
	}
	kind, parameters, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err == nil {
		s["header Content-Type"] = kind
	}
	switch {
	case kind == "multipart/form-data":
		s.form(t, multipart.NewReader(bytes.NewReader(body), parameters["boundary"]))
	case kind == "application/json" && json.Valid(body) && strings.Contains(req.URL.Path, "/npm/"):
		s.document(t, body)
	default:
		s["body"] = sum(body)
	}
	delete(s, "host")
	return s
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return fmt.Sprintf("%d bytes, sha256 %s", len(content), hex.EncodeToString(digest[:]))
}

func (s shape) form(t *testing.T, parts *multipart.Reader) {
	t.Helper()
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("a form that is none: %v", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		name := "field " + part.FormName()
		if s[name] != "" {
			name += " again"
		}
		s[name] = string(content)
		if part.FileName() != "" {
			s["file name of "+part.FormName()] = part.FileName()
		}
		if part.FileName() != "" || len(content) > 200 {
			s[name] = sum(content)
		}
	}
}

// document takes an npm document apart, down to the members of its version objects.
func (s shape) document(t *testing.T, body []byte) {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatal(err)
	}
	s.members("member", whole, 4)
}

func (s shape) members(at string, object map[string]any, depth int) {
	for key, value := range object {
		name := at + " " + key
		switch inner, isObject := value.(map[string]any); {
		case isObject && depth > 0:
			s.members(name, inner, depth-1)
		default:
			text, _ := json.Marshal(value)
			if data, isText := value.(string); isText && key == "data" {
				content, err := base64.StdEncoding.DecodeString(data)
				if err == nil {
					text = []byte(sum(content))
				}
			}
			s[name] = strings.ReplaceAll(string(text), s["host"], "HOST")
		}
	}
}
