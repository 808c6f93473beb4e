package npmjs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	registry "pkgferry/integration/standin/npmjs"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/packument"
)

// lines writes a listing a line per item.
func lines(ctx context.Context, s *Source, from sources.Cursor) (said []string, failed []error) {
	for item, err := range s.Packages(ctx, sources.Start{Cursor: from}) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		p := item.Package
		line := p.Name + " " + p.Version
		for _, f := range p.Files {
			line += " " + f.Path
		}
		if message := p.Metadata[artifact.NPMDeprecated]; message != "" {
			line += " (" + message + ")"
		}
		if item.Skip != "" {
			line += " " + string(item.Skip)
		}
		said = append(said, line)
	}
	return said, failed
}

func TestQuirks(t *testing.T) {
	s := serve(t, "0", "quirks=yes")
	source := s.source(t, Options{Scopes: []string{"@acme", "@jane"}})
	got, failed := lines(t.Context(), source, "")
	if len(failed) > 0 {
		t.Errorf("errors: %v", failed)
	}
	want := []string{
		"@acme/Shout 1.0.0 @acme/Shout-1.0.0.tgz", "@acme/Shout  dist-tags/latest",
		"@acme/again 2.0.0 @acme/again-2.0.0.tgz",
		"@acme/ancient 0.0.1 @acme/ancient-0.0.1.tgz", "@acme/ancient  dist-tags/latest",
		"@acme/flags 1.0.0 @acme/flags-1.0.0.tgz (" + packument.NoMessage + ")", "@acme/flags 1.0.1 @acme/flags-1.0.1.tgz", "@acme/flags  deprecated/1.0.0 dist-tags/latest",
		"@acme/hey! 1.0.0 @acme/hey!-1.0.0.tgz", "@acme/hey!  dist-tags/latest",
		"@acme/lost 1.0.0 @acme/lost-1.0.0.tgz", "@acme/lost 1.0.1 @acme/lost-1.0.1.tgz", "@acme/lost  dist-tags/latest",
		"@acme/malware 0.0.1-security source-unpublished",
		"@acme/old 0.1.0 @acme/old-0.1.0.tgz", "@acme/old 1000000000000000000000.0.0 @acme/old-1000000000000000000000.0.0.tgz", "@acme/old  dist-tags/latest",
		"@acme/partly 1.0.1 @acme/partly-1.0.1.tgz", "@acme/partly 1.0.0 source-unpublished", "@acme/partly  dist-tags/latest",
		"@acme/tombstone 1.0.0 source-unpublished", "@acme/tombstone 1.0.1 source-unpublished",
		"@acme/~wave 1.0.0 @acme/~wave-1.0.0.tgz", "@acme/~wave  dist-tags/latest",
		"@jane/notes 1.0.0 @jane/notes-1.0.0.tgz", "@jane/notes  dist-tags/latest",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for item, err := range source.Packages(t.Context(), sources.Start{}) {
		if err != nil || item.Skip != "" || item.Package.Index() {
			continue
		}
		f := item.Package.Files[0]
		content, err := source.Open(t.Context(), f, 0)
		if f.Path == "@acme/lost-1.0.0.tgz" {
			if fault.CodeOf(err) != string(artifact.SourceMissing) || fault.SideOf(err) != fault.Source {
				t.Errorf("a lost tarball: %v", err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", f.Path, err)
			continue
		}
		h := artifact.NewHasher(f.Digests)
		_, err = io.Copy(h, content)
		if err := errors.Join(err, content.Close()); err != nil || h.Digests().Compare(f.Digests) != artifact.Same {
			t.Errorf("%s: %v, digests %+v", f.Path, err, f.Digests)
		}
		if strings.HasPrefix(f.Path, "@acme/old-") != (f.Digests.SHA512 == "") {
			t.Errorf("%s: sha512 %q", f.Path, f.Digests.SHA512)
		}
	}
}

func TestLargeDocument(t *testing.T) {
	s := serve(t, "0", "packument=10MB")
	got, failed := lines(t.Context(), s.source(t, Options{Packages: []string{"@acme/large"}}), "")
	if len(got) != 101 || len(failed) > 0 {
		t.Errorf("%d items, %v", len(got), failed)
	}
}

// TestCancelInside: a name with thousands of versions ends at once, too.
func TestCancelInside(t *testing.T) {
	s := serve(t, "0", "packument=10MB").source(t, Options{Packages: []string{"@acme/large"}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	items, last := 0, error(nil)
	for _, err := range s.Packages(ctx, sources.Start{}) {
		cancel()
		items, last = items+1, err
	}
	if items != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled at the first item, the listing went on to %d, ending in %v", items, last)
	}
}

func TestTooManyRequests(t *testing.T) {
	s := serve(t, "small")
	s.Faults.Add(standin.Fault{Kind: "429", Stage: standin.List, Rate: 1})
	if err := s.source(t, Options{}).Check(t.Context()); err != nil {
		t.Errorf("a page instead of JSON, once: %v", err)
	}
}

// TestCutTarball: the suite's own cut strikes the largest file of known size, which is none of npm's tarballs.
func TestCutTarball(t *testing.T) {
	s := serve(t, "small", "size=100000")
	source, name := s.source(t, Options{}), "@acme/ui"
	want := s.version(t, name, "1.2.0")
	f := want.Files[0]
	f.Locator = "@acme/ui/-/ui-1.2.0.tgz"
	s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Read, Rate: 2})
	content, err := source.Open(t.Context(), f, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := artifact.NewHasher(f.Digests)
	if _, err := io.Copy(h, content); err != nil || h.Digests().Compare(f.Digests) != artifact.Same {
		t.Errorf("cut twice and resumed: %v", err)
	}
	_ = content.Close()
	s.Faults.Add(standin.Fault{Kind: standin.Cut, Stage: standin.Read, Rate: 1000})
	if content, err = source.Open(t.Context(), f, 0); err != nil {
		return
	}
	if n, err := io.Copy(io.Discard, content); err == nil {
		t.Errorf("cut every time, %d bytes looked complete", n)
	}
	_ = content.Close()
}

func TestResume(t *testing.T) {
	s := serve(t, "10")
	source := s.source(t, Options{Scopes: []string{"@acme"}})
	all, _ := lines(t.Context(), source, "")
	for from, want := range map[sources.Cursor][]string{
		"":                          all,
		"after:@acme/bulk-0000000":  all[5:],
		"after:@acme/bulk-0000001":  all[10:],
		"after:@acme/bulk-00000011": all[10:],
		"after:@acme/bulk-0000002":  nil,
	} {
		got, failed := lines(t.Context(), source, from)
		if diff := cmp.Diff(want, got); diff != "" || len(failed) > 0 {
			t.Errorf("from %q: %v (-want +got):\n%s", from, failed, diff)
		}
	}
}

// answers serves fixed bodies by path; everything else is not found.
func answers(t *testing.T, bodies map[string]string) (*httptest.Server, *Source) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.EscapedPath()]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server, source(t, server.URL, Options{Anonymous: true})
}

func TestDocumentsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ document, want string }{
		"another package": {`{"name":"b","versions":{"1.0.0":{}}}`, `answered with "b"`},
		"a list":          {`[1]`, "not a JSON object"},
		"half":            {`{"name":"a","versions":{"1.0.0":`, "unexpected EOF"},
		"none":            {"", "404"},
	} {
		t.Run(name, func(t *testing.T) {
			bodies := map[string]string{"/z": `{"versions":{"1.0.0":{"dist":{"tarball":"z/-/z.tgz"}}}}`}
			if c.document != "" {
				bodies["/a"] = c.document
			}
			_, s := answers(t, bodies)
			s.o.Packages = []string{"a", "z"}
			got, failed := lines(t.Context(), s, "")
			if diff := cmp.Diff([]string{"z 1.0.0 z-1.0.0.tgz"}, got); diff != "" {
				t.Errorf("the other package (-want +got):\n%s", diff)
			}
			if len(failed) != 1 || !strings.Contains(failed[0].Error(), c.want) || fault.IsStop(failed[0]) || fault.SideOf(failed[0]) != fault.Source {
				t.Errorf("errors: %v", failed)
			}
		})
	}
}

func TestVersionsWithoutTarball(t *testing.T) {
	_, s := answers(t, map[string]string{"/a": `{"dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"deprecated":"x"},"not a version":{"dist":{"tarball":"a/-/x"}},"1.0.1":{"dist":{"tarball":"ftp://x/y"}}}}`, "/b": `{}`})
	s.o.Packages = []string{"a", "b"}
	got, failed := lines(t.Context(), s, "")
	want := []string{"a not a version a-not a version.tgz", "a 1.0.0 (x) source-missing", "a 1.0.1 source-missing", "a  dist-tags/latest", "b  source-unpublished"}
	if diff := cmp.Diff(want, got); diff != "" || len(failed) > 0 {
		t.Errorf("%v (-want +got):\n%s", failed, diff)
	}
}

// TestForeignTarball: credentials stay at home when a document names a file elsewhere.
func TestForeignTarball(t *testing.T) {
	var brought atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			brought.Add(1)
		}
		_, _ = io.WriteString(w, "bytes of "+r.URL.Path)
	}))
	t.Cleanup(elsewhere.Close)
	s := serve(t, "small").as(t, httpx.Bearer(registry.Token), Options{})
	content, err := s.Open(t.Context(), artifact.File{Path: "a-1.0.0.tgz", Locator: s.locate("a", elsewhere.URL+"/files/a.tgz")}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if got, err := io.ReadAll(io.LimitReader(content, 100)); err != nil || string(got) != "bytes of /files/a.tgz" || brought.Load() != 0 {
		t.Errorf("got %q, %v, credentials %d times", got, err, brought.Load())
	}
}
