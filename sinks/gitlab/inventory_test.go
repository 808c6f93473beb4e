package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// Of two files with one name GitLab serves the newer.
func TestNewestTwinCounts(t *testing.T) {
	for _, project := range []string{"java-packages", "generic-packages"} {
		s := start(t, project, standin.Options{})
		for _, salt := range []string{"old", "newer"} {
			one := makers[project](t, 1, salt)
			if err := s.publish(t, s.sink(t), one); err != nil {
				t.Fatal(err)
			}
			holding := look(t, s.sink(t), s.destination(one.Package), one.Package)
			for _, f := range one.Files {
				if held := holding.Files[f.Path]; held.Digests.Compare(f.Digests) != artifact.Same || held.Proof != artifact.Server {
					t.Errorf("%s %s %s: %+v", project, salt, f.Path, held)
				}
			}
		}
	}
}

func TestHiddenGeneric(t *testing.T) {
	s, one := start(t, "generic-packages", standin.Options{}), makeGeneric(t, 1, "a")
	for _, f := range one.Files {
		address := fmt.Sprintf("%s/api/v4/projects/%s/packages/generic/%s/%s", s.url, url.PathEscape(s.project), one.Name, one.Version)
		for segment := range strings.SplitSeq(f.Path, "/") {
			address += "/" + url.PathEscape(segment)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address+"?status=hidden", one.Content(f))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = f.Size
		req.Header.Set("PRIVATE-TOKEN", token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusCreated {
			t.Fatalf("%v %v", resp, err)
		}
		_ = resp.Body.Close()
	}
	holding := look(t, s.sink(t), s.destination(one.Package), one.Package)
	for _, f := range one.Files {
		if held := holding.Files[f.Path]; held.Digests.Compare(f.Digests) != artifact.Same || held.Size != f.Size {
			t.Errorf("%s: %+v", f.Path, held)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// A sink finds what it published behind more than one page of what others published meanwhile.
func TestBehindOtherPublishers(t *testing.T) {
	s := start(t, "java-packages", standin.Options{})
	sink, busy := s.sink(t), s.sink(t)
	small := func(n int) artifact.Package {
		one := makeMaven(t, n, "a")
		one.Files = one.Files[4:]
		return one.Package
	}
	first := small(1000)
	if holding := look(t, sink, s.destination(first), first); holding.State != sinks.Absent {
		t.Fatal(holding.State)
	}
	bring := func(to sinks.Sink, n int) {
		one := makeMaven(t, n, "a")
		if err := to.Publish(t.Context(), s.destination(one.Package), one.Package, one.Files[4:], opener(one)); err != nil {
			t.Fatal(err)
		}
	}
	bring(sink, 1000)
	for n := range 230 {
		bring(busy, n)
	}
	if holding := look(t, sink, s.destination(first), first); holding.State != sinks.Ready {
		t.Errorf("state %v", holding.State)
	}
	if holding := look(t, sink, s.destination(small(7)), small(7)); holding.State != sinks.Ready {
		t.Errorf("what came in on the way is %v", holding.State)
	}
	seen := 0
	for _, err := range sink.Packages(t.Context(), s.project, artifact.Maven) {
		if err != nil {
			t.Fatal(err)
		}
		seen++
	}
	if seen != 231 {
		t.Errorf("%d packages are listed, want 231", seen)
	}
}

// What a publish costs: for a plain file its PUT alone, for a Maven version its PUTs and two looks.
func TestRequestsPerPackage(t *testing.T) {
	const packages = 20
	for project, most := range map[string]int{"generic-packages": 3, "java-packages": 5 + 2, "node-packages": 1 + 4} {
		s := start(t, project, standin.Options{Modes: map[string]string{"settle": "immediate"}})
		sink := s.sink(t)
		for n := range packages {
			one := makers[project](t, n, "a")
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
				t.Fatal(holding.State)
			}
			if err := s.publish(t, sink, one); err != nil {
				t.Fatal(err)
			}
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
				t.Errorf("state %v (%s)", holding.State, holding.Reason)
			}
		}
		const once = 4 // the project, two listings, a name's first packument
		if got := s.total(t); got > packages*most+once {
			t.Errorf("%s: %d requests for %d packages, at most %d each", project, got, packages, most)
		}
	}
}

// Of many that were published before any was looked at, one look at the newest rows shows all.
func TestNewRowsAreShared(t *testing.T) {
	const packages = 20
	s := start(t, "java-packages", standin.Options{})
	sink := s.sink(t)
	for n := range packages {
		if err := s.publish(t, sink, makeMaven(t, n, "a")); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			one := makeMaven(t, 99, "a")
			look(t, sink, s.destination(one.Package), one.Package)
		}
	}
	before := s.requests(t)["GET packages"]
	for n := range packages {
		one := makeMaven(t, n, "a")
		if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
			t.Errorf("state %v", holding.State)
		}
	}
	if cost := s.requests(t)["GET packages"] - before; cost > 1 {
		t.Errorf("%d listings for %d new packages", cost, packages)
	}
}

func TestMavenIndex(t *testing.T) {
	s := start(t, "java-packages", standin.Options{})
	sink := s.sink(t)
	p := artifact.Package{Format: artifact.Maven, Name: "com.acme.tools:lib_2.13"}
	for _, content := range []string{"<metadata>1</metadata>", "<metadata>2</metadata>"} {
		f := artifact.File{Path: artifact.MavenMetadata, Size: int64(len(content)), Digests: artifact.DigestsOf(content), Locator: content}
		p.Files = []artifact.File{f}
		holding := look(t, sink, s.destination(p), p)
		if held, ok := holding.Files[f.Path]; ok && held.Digests.Compare(f.Digests) != artifact.Different {
			t.Errorf("before: %+v", held)
		}
		if err := sink.Publish(t.Context(), s.destination(p), p, p.Files, texts); err != nil {
			t.Fatal(err)
		}
		for _, one := range []sinks.Sink{sink, s.sink(t)} {
			holding := look(t, one, s.destination(p), p)
			if held := holding.Files[f.Path]; holding.State != sinks.Ready || held.Digests.Compare(f.Digests) != artifact.Same {
				t.Errorf("state %v, %+v", holding.State, held)
			}
		}
	}
}

func TestCancelledBeforeAnything(t *testing.T) {
	s, one := start(t, "java-packages", standin.Options{}), makeMaven(t, 1, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.sink(t).Stat(ctx, s.destination(one.Package), one.Package); !errors.Is(err, context.Canceled) || fault.IsStop(err) {
		t.Errorf("error %v", err)
	}
}
