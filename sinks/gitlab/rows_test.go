package gitlab_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
	"pkgferry/sinks/gitlab"
)

// rows is a GitLab that does nothing by itself: each test moves its rows as GitLab's background would. An upload becomes a
// placeholder that is processing.
type rows struct {
	t   *testing.T
	url string

	mu     sync.Mutex
	all    []*fakeRow
	asked  map[string]int // listings by status, uploads, and other requests by method and last segment
	refuse int            // the status that uploads get; with 500 they are stored all the same
	sync   bool           // packages, not symbols, are made at once
	moved  string         // charts lie in an object store, which is redirected to, or is silent about sizes
}

type fakeRow struct {
	ID      int64       `json:"id"`
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Status  string      `json:"status"`
	Created time.Time   `json:"created_at"`
	Files   []*fakeFile `json:"-"`
	message string
}

type fakeFile struct {
	ID      int64  `json:"id"`
	Name    string `json:"file_name"`
	Size    int64  `json:"size"`
	channel string
}

const (
	nugetPlaceholder   = "NuGet.Temporary.Package"
	symbolsPlaceholder = "NuGet.Temporary.SymbolPackage"
	helmPlaceholder    = "Helm.Temporary.Package"
)

func startRows(t *testing.T) *rows {
	t.Helper()
	f := &rows{t: t, asked: map[string]int{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// sink is a new one, with nothing known, for which GitLab's answers are old at once.
func (f *rows) sink(settle time.Duration) *gitlab.Sink {
	f.t.Helper()
	base, err := url.Parse(f.url)
	if err != nil {
		f.t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", "secret"), Secrets: []string{"secret"}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(client.HTTP().CloseIdleConnections)
	sink, err := gitlab.New(client, gitlab.Options{
		Settle: settle, Password: func(user string) httpx.Auth { return httpx.Basic(user, "secret") },
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return sink
}

// placeholder adds what another process sent, with a file of a size.
func (f *rows) placeholder(name string, size int64, created time.Time) *fakeRow {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(name, size, "", created)
}

func (f *rows) add(name string, size int64, channel string, created time.Time) *fakeRow {
	id := int64(1)
	if len(f.all) > 0 {
		id = f.all[len(f.all)-1].ID + 1
	}
	row := &fakeRow{
		ID: id, Name: name, Version: fmt.Sprintf("0.0.0-%d", id), Status: "processing", Created: created,
		Files: []*fakeFile{{ID: 1000 + id, Name: "package", Size: size, channel: channel}},
	}
	f.all = append(f.all, row)
	return row
}

// become is what GitLab does with a placeholder that is what it should be; into is the package that it joins, or nil.
func (f *rows) become(row *fakeRow, name, version, file string, into *fakeRow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	row.Files[0].Name = file
	if into == nil {
		row.Name, row.Version, row.Status = name, version, "default"
		return
	}
	into.Files = append(into.Files, row.Files...)
	f.all = slices.DeleteFunc(f.all, func(o *fakeRow) bool { return o == row })
}

func (f *rows) fail(row *fakeRow, message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	row.Status, row.message = "error", message
}

func (f *rows) last() *fakeRow {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[len(f.all)-1]
}

func (f *rows) count(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[what]
}

func (f *rows) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest, inPackages := strings.CutPrefix(r.URL.Path, "/api/v4/projects/7/packages")
	registry := strings.HasPrefix(rest, "/nuget/") || strings.HasPrefix(rest, "/helm/")
	if user, secret, basic := r.BasicAuth(); registry != basic || basic && (user != "ferry" || secret != "secret") || basic == (r.Header.Get("PRIVATE-TOKEN") != "") {
		f.t.Errorf("%s %s came with %v", r.Method, r.URL, r.Header)
	}
	switch {
	case r.URL.Path == "/api/v4/user":
		answer(w, map[string]any{"id": 1, "username": "ferry"})
	case r.URL.Path == "/api/graphql":
		f.graphql(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v4/projects/acme"):
		answer(w, map[string]any{"id": 7})
	case !inPackages:
		http.NotFound(w, r)
	case rest == "":
		f.list(w, r.URL.Query())
	case path.Base(rest) == "package_files":
		f.files(w, path.Base(path.Dir(rest)))
	case r.Method == http.MethodPut || r.Method == http.MethodPost:
		f.upload(w, r, rest)
	default:
		f.download(w, r, rest)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (f *rows) list(w http.ResponseWriter, q url.Values) {
	f.asked["list "+q.Get("status")]++
	shown := []*fakeRow{}
	for _, row := range f.all {
		if row.Status == q.Get("status") || q.Get("status") == "" && row.Status != "processing" {
			shown = append(shown, row)
		}
	}
	if q.Get("sort") == "desc" {
		slices.Reverse(shown)
	}
	answer(w, shown)
}

func (f *rows) files(w http.ResponseWriter, id string) {
	f.asked["files"]++
	for _, row := range f.all {
		if strconv.FormatInt(row.ID, 10) == id && row.Status != "processing" {
			answer(w, row.Files)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (f *rows) graphql(w http.ResponseWriter, r *http.Request) {
	var q struct{ Variables struct{ Name string } }
	_ = json.NewDecoder(r.Body).Decode(&q)
	nodes := []map[string]any{}
	for _, row := range f.all {
		if row.Status == "error" && row.Name == q.Variables.Name {
			nodes = append(nodes, map[string]any{"id": fmt.Sprintf("gid://gitlab/Packages::Package/%d", row.ID), "statusMessage": row.message})
		}
	}
	answer(w, map[string]any{"data": map[string]any{"project": map[string]any{"packages": map[string]any{"nodes": nodes}}}})
}

func (f *rows) upload(w http.ResponseWriter, r *http.Request, rest string) {
	f.asked["upload"]++
	part, kind, channel := "package", nugetPlaceholder, ""
	switch {
	case strings.HasSuffix(rest, "/symbolpackage"):
		kind = symbolsPlaceholder
	case strings.HasPrefix(rest, "/helm/api/"):
		part, kind, channel = "chart", helmPlaceholder, strings.Split(rest, "/")[3]
	case rest != "/nuget/":
		f.t.Errorf("upload to %s", rest)
	}
	file, _, err := r.FormFile(part)
	if err != nil {
		f.t.Error(err)
		return
	}
	size, _ := io.Copy(io.Discard, file)
	if f.refuse == 0 || f.refuse == 500 {
		row := f.add(kind, size, channel, time.Now())
		if f.sync && kind == nugetPlaceholder {
			row.Name, row.Version, row.Status, row.Files[0].Name = "Acme.Tools", "1.0", "default", "acme.tools.1.0.nupkg"
		}
	}
	w.WriteHeader(max(f.refuse, http.StatusCreated))
	answer(w, map[string]string{"message": http.StatusText(f.refuse)})
}

func (f *rows) download(w http.ResponseWriter, r *http.Request, rest string) {
	f.asked[r.Method+" "+path.Base(rest)]++
	for _, row := range f.all {
		for _, file := range row.Files {
			if row.Status != "default" || file.Name != path.Base(rest) || !strings.Contains(rest, "/"+file.channel+"/charts/") {
				continue
			}
			switch f.moved {
			case "redirect":
				http.Redirect(w, r, "http://store.example/", http.StatusFound)
			case "":
				w.Header().Set("Content-Length", strconv.FormatInt(file.Size, 10))
			}
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func destinationOf(p artifact.Package) artifact.Destination {
	return artifact.Destination{Project: "acme/x", Format: p.Format, Name: p.Name, Version: p.Version}
}
