package gitlab_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// pages counts the simple pages that were asked for.
func (s server) pages(t *testing.T) int { return s.requests(t)["GET pypi simple"] }

// All versions of a name share one page, and what a page does not show yet is asked for once per settle.
func TestPyPIPagesAreShared(t *testing.T) {
	const versions = 20
	s := start(t, "python-packages", standin.Options{})
	sink := s.configured(t, token, time.Hour)
	var all []artifact.Package
	for n := range versions {
		one := makePyPI(t, n, "a")
		if holding, err := sink.Stat(t.Context(), s.destination(one.Package), one.Package); err != nil || holding.State != sinks.Absent {
			t.Fatalf("state %v, %v", holding.State, err)
		}
		if err := s.publish(t, sink, one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one.Package)
	}
	listings := s.requests(t)["GET packages"]
	for range 2 {
		for _, p := range all {
			if holding, err := sink.Stat(t.Context(), s.destination(p), p); err != nil || holding.State != sinks.Ready || len(holding.Files) != len(p.Files) {
				t.Errorf("%s: %+v, %v", p.Version, holding, err)
			}
		}
	}
	late := makePyPI(t, versions, "a")
	if err := s.publish(t, sink, late); err != nil {
		t.Fatal(err)
	}
	if holding, err := sink.Stat(t.Context(), s.destination(late.Package), late.Package); err != nil || holding.State != sinks.Pending {
		t.Errorf("state %v, %v; the page is younger than settle and older than the upload", holding.State, err)
	}
	if got := s.pages(t); got != 1 {
		t.Errorf("%d pages were asked for", got)
	}
	if got := s.requests(t)["GET packages"]; got != listings {
		t.Errorf("%d listings before the first look, %d after the last: %v", listings, got, s.requests(t))
	}
	// Another process needs one page, whatever is missing.
	fresh := s.configured(t, token, time.Nanosecond)
	for _, p := range all {
		p.Files = append([]artifact.File{{Path: "another.whl"}}, p.Files...)
		if holding, err := fresh.Stat(t.Context(), s.destination(p), p); err != nil || holding.State != sinks.Absent || len(holding.Files) != len(p.Files)-1 {
			t.Errorf("%s: %+v, %v", p.Version, holding, err)
		}
	}
	if got := s.pages(t); got != 2 {
		t.Errorf("%d pages were asked for by two processes", got)
	}
	// Files that are there already need no newer page.
	if holding, err := sink.Stat(t.Context(), s.destination(all[0]), all[0]); err != nil || holding.State != sinks.Ready {
		t.Errorf("state %v, %v", holding.State, err)
	}
}

// GitLab's replicas lag: what it took is waited for, and what it did not take is not.
func TestLaggingSimplePages(t *testing.T) {
	p := artifact.Package{Format: artifact.PyPI, Name: "acme", Version: "1.0", Files: []artifact.File{{Path: "acme.exe", Size: 2}}}
	sum := artifact.DigestsOf("MZ").SHA256
	const empty = "<html></html>"
	shown := `<html><a href="files/x/acme.exe#sha256=` + strings.ToUpper(sum) + `">acme.exe</a></html>`
	for _, c := range []struct {
		status int
		want   []sinks.State
	}{
		{http.StatusCreated, []sinks.State{sinks.Pending, sinks.Pending, sinks.Ready, sinks.Ready}},
		{http.StatusInternalServerError, []sinks.State{sinks.Absent, sinks.Absent}},
	} {
		s := startCanned(t, c.status, "{}")
		s.simple = []string{empty, empty, shown}
		sink := s.configured(t, token, time.Nanosecond)
		err := sink.Publish(t.Context(), s.destination(p), p, p.Files, content(map[string]string{"acme.exe": "MZ"}))
		if (err == nil) != (c.status == http.StatusCreated) {
			t.Fatal(err)
		}
		for i, want := range c.want {
			holding, err := sink.Stat(t.Context(), s.destination(p), p)
			if err != nil || holding.State != want || want == sinks.Ready && holding.Files["acme.exe"].Digests.SHA256 != sum {
				t.Errorf("look %d after %d: %+v, %v; want state %v", i, c.status, holding, err, want)
			}
		}
	}
}

// Spellings of a name and of a version are one, and GitLab's row of another spelling is found.
func TestPyPISpellings(t *testing.T) {
	s := start(t, "python-packages", standin.Options{})
	one := makePyPI(t, 1, "a")
	if err := s.publish(t, s.sink(t), one); err != nil {
		t.Fatal(err)
	}
	other := one.Package
	other.Name, other.Version = "acme-ui.X", "v1.1.0.0-rc.1+LOCAL"
	holding := look(t, s.sink(t), s.destination(other), other)
	if holding.State != sinks.Ready || len(holding.Files) != len(other.Files) {
		t.Errorf("state %v with %d files", holding.State, len(holding.Files))
	}
	other.Name = "acme-uix"
	if holding := look(t, s.sink(t), s.destination(other), other); holding.State != sinks.Absent {
		t.Errorf("another name is %v", holding.State)
	}
}

// GitLab sends who asks for an unknown name to a public index. What that holds is not there.
func TestForwardedSimplePages(t *testing.T) {
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the public index was asked for %s", r.URL)
		_, _ = fmt.Fprint(w, `<html><body><a href="acme_ui_x-1.1.0rc1+local-1-py3-none-any.whl">x</a></body></html>`)
	}))
	defer public.Close()
	s := start(t, "python-packages", standin.Options{Modes: map[string]string{"forward": public.URL}})
	sink, one := s.sink(t), makePyPI(t, 1, "a")
	s.mutate(t, `{"fault":"500@write=1"}`)
	if _, temporary := fault.IsTemporary(s.publish(t, sink, one)); !temporary {
		t.Error("the upload was taken")
	}
	if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent || len(holding.Files) > 0 {
		t.Errorf("%+v", holding)
	}
	if got := s.pages(t); got == 0 {
		t.Error("the page was not asked for")
	}
	if err := s.publish(t, sink, one); err != nil {
		t.Fatal(err)
	}
	if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
		t.Errorf("state %v", holding.State)
	}
}

// A page that breaks off is no page.
func TestCutSimplePages(t *testing.T) {
	s := start(t, "python-packages", standin.Options{})
	sink, one := s.sink(t), makePyPI(t, 1, "a")
	if err := s.publish(t, sink, one); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{standin.Cut, standin.Short} {
		s.mutate(t, `{"fault":"`+kind+`@list=1"}`)
		_, err := sink.Stat(t.Context(), s.destination(one.Package), one.Package)
		if _, temporary := fault.IsTemporary(err); !temporary || fault.SideOf(err) != fault.Sink {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
		t.Errorf("state %v", holding.State)
	}
}

// A file that another process brought meanwhile is there, also when its source declares nothing that GitLab shows.
func TestPyPIFileThatCameMeanwhile(t *testing.T) {
	s := start(t, "python-packages", standin.Options{})
	one := makePyPI(t, 1, "a")
	for i := range one.Files {
		one.Files[i].Digests = artifact.Digests{}
	}
	for range 2 {
		if err := s.publish(t, s.sink(t), one); err != nil {
			t.Error(err)
		}
	}
	if rows := len(s.dump(t)); rows != len(one.Files) {
		t.Errorf("%d rows", rows)
	}
}

// A file that was deleted by hand keeps its name for a while; GitLab does not show it.
func TestNameOfDeletedPyPIFile(t *testing.T) {
	s := start(t, "python-packages", standin.Options{})
	sink, one := s.sink(t), makePyPI(t, 1, "a")
	if err := s.publish(t, sink, one); err != nil {
		t.Fatal(err)
	}
	s.deleteFile(t, one.Package)
	fresh := s.sink(t)
	if holding := look(t, fresh, s.destination(one.Package), one.Package); holding.State != sinks.Absent || len(holding.Files) != len(one.Files)-1 {
		t.Errorf("%v with %d files", holding.State, len(holding.Files))
	}
	one.Files = one.Files[:1]
	err := s.publish(t, fresh, one)
	if _, temporary := fault.IsTemporary(err); !temporary || fault.CodeOf(err) != string(artifact.TargetRejected) || !strings.Contains(err.Error(), "cleaned up") {
		t.Errorf("error %v", err)
	}
}

// deleteFile deletes the first file of a package, as a maintainer does by hand.
func (s server) deleteFile(t *testing.T, p artifact.Package) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	var rows, files []struct{ ID int }
	packages := "/api/v4/projects/" + url.PathEscape(s.project) + "/packages"
	s.ask(t, http.MethodGet, packages+"?package_version="+url.QueryEscape(p.Version), &rows)
	if len(rows) != 1 {
		t.Fatalf("%d packages", len(rows))
	}
	row := fmt.Sprintf("%s/%d/package_files", packages, rows[0].ID)
	s.ask(t, http.MethodGet, row, &files)
	s.ask(t, http.MethodDelete, fmt.Sprintf("%s/%d", row, files[0].ID), nil)
}

// ask makes one request of the API.
func (s server) ask(t *testing.T, method, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
