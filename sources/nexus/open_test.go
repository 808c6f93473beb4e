package nexus

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	standinnexus "pkgferry/integration/standin/nexus"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// openAll opens a file and reads it.
func openAll(t *testing.T, s *Source, f artifact.File) (string, error) {
	t.Helper()
	content, err := s.Open(t.Context(), f, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = content.Close() }()
	body, err := io.ReadAll(io.LimitReader(content, 1<<20))
	return string(body), err
}

const libIndex = "com/example/lib/maven-metadata.xml"

func TestWhatChangedSinceTheListing(t *testing.T) {
	for _, era := range []string{"orient", "sqlA", "sqlB"} {
		for _, c := range []struct {
			name, repository, path string
			changes                []standinnexus.Change
			digests                bool // the new record is found, with all its digests
		}{
			{"metadata is rebuilt when read", standinnexus.Releases, libIndex,
				[]standinnexus.Change{{Op: "rebuild", Body: "new"}}, true},
			{"replaced", standinnexus.Raw, "root.txt", []standinnexus.Change{{Op: "put", Body: "new"}}, true},
			{"replaced by as many bytes", standinnexus.Raw, "root.txt", []standinnexus.Change{{Op: "put", Body: "AT the root\n"}}, true},
			{"deleted and stored again", standinnexus.Raw, "root.txt", []standinnexus.Change{{Op: "delete"}, {Op: "put", Body: "new"}}, false},
		} {
			t.Run(era+"/"+c.name, func(t *testing.T) {
				server := start(t, "small", "era="+era)
				source := server.source(t, standinnexus.Password, Options{})
				_, f := find(t, source, c.repository, c.path)
				for _, change := range c.changes {
					change.Repository, change.Path = c.repository, c.path
					server.change(change)
				}
				body, err := openAll(t, source, f)
				var changed *sources.Changed
				if !errors.As(err, &changed) {
					t.Fatalf("read %q, %v; want *sources.Changed", body, err)
				}
				now, want := changed.Now, c.changes[len(c.changes)-1].Body
				if now.Path != f.Path || now.Size != int64(len(want)) || now.Digests.SHA1 != artifact.DigestsOf(want).SHA1 {
					t.Errorf("now %+v", now)
				}
				if c.digests && now.Digests.MD5 == "" || now.Modified.IsZero() || time.Since(now.Modified) > time.Hour {
					t.Errorf("the present record is not known: %+v", now)
				}
				if body, err = openAll(t, source, now); body != want || err != nil {
					t.Errorf("opened as it is now: %q, %v", body, err)
				}
			})
		}
	}
}

func TestRecordThatDoesNotAgreeWithItsContent(t *testing.T) {
	server := start(t, "small", "era=sqlB")
	source := server.source(t, standinnexus.Password, Options{})
	_, f := find(t, source, standinnexus.Raw, "root.txt")
	server.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/repository/") {
			return false
		}
		w.Header().Set("ETag", `"`+strings.Repeat("0", 40)+`"`)
		_, _ = io.WriteString(w, "other bytes")
		return true
	})
	_, err := openAll(t, source, f)
	_, temporary := fault.IsTemporary(err)
	if fault.CodeOf(err) != string(artifact.SourceDigestMismatch) || !strings.Contains(err.Error(), f.Digests.SHA1) || !temporary {
		t.Errorf("got %v", err)
	}
}

// A length that contradicts the SHA-1 beside it is damage on the way: nobody replaced the file.
func TestShortAnswerIsNoChange(t *testing.T) {
	server := start(t, "small", "era=sqlB")
	source := server.source(t, standinnexus.Password, Options{})
	_, f := find(t, source, standinnexus.Raw, "root.txt")
	server.Faults.Add(standin.Fault{Kind: standin.Short, Stage: standin.Read, Rate: 1})
	if body, err := openAll(t, source, f); err != nil || len(body) != int(f.Size)/2 {
		t.Errorf("read %q, %v", body, err)
	}
}

// Behind a server that drops ETags, sizes are what is left to compare.
func TestChangeWithoutETag(t *testing.T) {
	server := start(t, "small", "era=sqlB")
	source := server.source(t, standinnexus.Password, Options{})
	_, f := find(t, source, standinnexus.Raw, "root.txt")
	server.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/repository/") {
			return false
		}
		_, _ = io.WriteString(w, "new")
		return true
	})
	server.change(standinnexus.Change{Op: "put", Repository: standinnexus.Raw, Path: "root.txt", Body: "new"})
	var changed *sources.Changed
	if _, err := openAll(t, source, f); !errors.As(err, &changed) || changed.Now.Digests.SHA1 != artifact.DigestsOf("new").SHA1 {
		t.Errorf("got %v", err)
	}
}

func TestForeignETagsOfAProxyAreNotTrusted(t *testing.T) {
	server := start(t, "small", "era=sqlB")
	source := server.source(t, standinnexus.Password, Options{Proxies: true})
	const path = "org/example/cached/3.1/cached-3.1.jar"
	_, f := find(t, source, standinnexus.Cache, path)
	want, _ := server.Body(standinnexus.Cache, path)
	if body, err := openAll(t, source, f); body != string(want) || err != nil {
		t.Errorf("read %d bytes, %v", len(body), err)
	}
}

func TestWhyAFileCanNotBeRead(t *testing.T) {
	for _, c := range []struct {
		name   string
		change standinnexus.Change
		reason artifact.Reason
		says   string
	}{
		{"deleted", standinnexus.Change{Op: "delete", Path: "root.txt"}, artifact.SourceMissing, "listed and not there"},
		{"no blob", standinnexus.Change{Op: "lose", Path: "root.txt"}, artifact.SourceFailed, "blob may be missing"},
		{"offline", standinnexus.Change{Op: "offline"}, artifact.SourceFailed, "offline"},
		{"no repository", standinnexus.Change{Op: "drop"}, artifact.SourceMissing, "root.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := start(t, "small")
			source := server.source(t, standinnexus.Password, Options{})
			_, f := find(t, source, standinnexus.Raw, "root.txt")
			c.change.Repository = standinnexus.Raw
			server.change(c.change)
			_, err := openAll(t, source, f)
			if fault.CodeOf(err) != string(c.reason) || fault.SideOf(err) != fault.Source || fault.IsStop(err) {
				t.Errorf("reason %q, side %q, stop %v: %v", fault.CodeOf(err), fault.SideOf(err), fault.IsStop(err), err)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func TestReadingNeedsThePrivilege(t *testing.T) {
	server := start(t, "small")
	source := server.source(t, standinnexus.Password, Options{})
	_, f := find(t, source, standinnexus.Raw, "root.txt")
	server.answer(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	if _, err := openAll(t, source, f); fault.CodeOf(err) != string(artifact.NotPermitted) || fault.IsStop(err) {
		t.Errorf("got %v", err)
	}
}

func TestLocatorOfAnotherSource(t *testing.T) {
	source := start(t, "0").source(t, standinnexus.Password, Options{})
	if _, err := source.Open(t.Context(), artifact.File{Path: "x", Locator: "npm"}, 0); fault.SideOf(err) != fault.Source {
		t.Errorf("got %v", err)
	}
}

func TestETags(t *testing.T) {
	sha1 := strings.Repeat("ab", 20)
	for etag, want := range map[string]string{
		`"` + sha1 + `"`: sha1, `"{SHA1{` + sha1 + `}}"`: sha1, `W/"` + sha1 + `"`: sha1, `"` + strings.ToUpper(sha1) + `"`: sha1,
		`"` + sha1 + `-gzip"`: "", `"5d41402abc4b2a76b9719d911017c592"`: "", "": "", `"`: "", `"{SHA1{"`: "",
	} {
		if got := etagSHA1(etag); got != want {
			t.Errorf("%s: %q, want %q", etag, got, want)
		}
	}
}

func TestContentPathsAreEscapedSegmentBySegment(t *testing.T) {
	for path, want := range map[string]string{
		"a/b c.txt":    "/repository/r/a/b%20c.txt",
		"a+b/100%.txt": "/repository/r/a+b/100%25.txt",
		"a;b/[x]#y?":   "/repository/r/a%3Bb/%5Bx%5D%23y%3F",
		"größe":        "/repository/r/gr%C3%B6%C3%9Fe",
		"@s/n":         "/repository/r/@s/n",
		"back\\slash":  "/repository/r/back%5Cslash",
	} {
		if got := contentPath(locator{Repository: "r", Path: path}); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
