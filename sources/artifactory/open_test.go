package artifactory

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	art "pkgferry/integration/standin/artifactory"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// read opens a file and reads it to its end.
func read(t *testing.T, s *Source, f artifact.File, offset int64) (string, error) {
	t.Helper()
	content, err := s.Open(t.Context(), f, offset)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(content)
	return string(text), errors.Join(err, content.Close())
}

var onlyFiles = Options{Repositories: []string{art.Files}}

// Nobody's clean-up policy may take a migration for a user, and no store may see a credential.
func TestDownloadsLeaveNoTrace(t *testing.T) {
	s := start(t, "small", "redirect=1000")
	source := s.source(art.Username, onlyFiles)
	items, _ := list(t, source, sources.Start{})
	for _, item := range items {
		for _, f := range item.Package.Files {
			if _, err := read(t, source, f, min(1, f.Size)); err != nil {
				t.Errorf("%s: %v", f.Path, err)
			}
		}
	}
	for _, one := range s.asked("GET /artifactory/" + art.Files) {
		if !strings.Contains(one, "skipUpdateStats=true") {
			t.Errorf("counted as a download: %s", one)
		}
	}
	if n := s.Stats().ForeignCredentials; n > 0 {
		t.Errorf("%d credentials arrived where none belong", n)
	}
}

// A file that was replaced after it was listed is told with what it is, before its first byte or, where a store knows nothing
// of it, behind the last one.
func TestAFileThatWasReplaced(t *testing.T) {
	for _, redirect := range []string{"redirect=off", "redirect=0"} {
		for _, body := range []string{"at the top \n", "longer than it was, by some bytes\n"} { // of the same length, and of another
			s := start(t, "small", redirect)
			source := s.source(art.Username, onlyFiles)
			_, f := find(t, source, art.Files, "root.txt")
			s.change(art.Change{Op: "deploy", Repository: art.Files, Path: "root.txt", Body: body})
			_, err := read(t, source, f, 0)
			var changed *sources.Changed
			if !errors.As(err, &changed) {
				t.Errorf("%s: %v", redirect, err)
				continue
			}
			now := changed.Now
			if now.Digests.SHA256 != artifact.DigestsOf(body).SHA256 || now.Size != int64(len(body)) || now.Path != f.Path {
				t.Errorf("%s: it is told to be %+v", redirect, now)
			}
			if text, err := read(t, source, now, 0); text != body || err != nil {
				t.Errorf("%s: then it reads %q, %v", redirect, text, err)
			}
		}
	}
}

func TestFilesThatCanNotBeRead(t *testing.T) {
	s := start(t, "small")
	source := s.source(art.Username, Options{})
	s.change(art.Change{Op: "lose", Repository: art.Files, Path: "big/image.iso"})
	for _, c := range []struct {
		repository, path, says string
		reason                 artifact.Reason
	}{
		{art.Files, "big/image.iso", "", artifact.SourceMissing},
		{"blackedout-local", "file.bin", "blacked out", artifact.NotPermitted},
		{"excluding-local", "half/upload.tmp", "include/exclude pattern", artifact.NotPermitted},
	} {
		_, f := find(t, source, c.repository, c.path)
		_, err := read(t, source, f, 0)
		if err == nil || fault.IsStop(err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v", c.path, err)
		}
		if code := fault.CodeOf(err); code != string(c.reason) {
			t.Errorf("%s has the reason %s: %v", c.path, code, err)
		}
	}
}

// One 404 may be a server that could not read in time; a page is no file, whatever its status.
func TestAnswersThatAreNoneAboutTheFile(t *testing.T) {
	s := start(t, "small", "redirect=1000")
	source := s.source(art.Username, onlyFiles)
	_, small := find(t, source, art.Files, "root.txt")
	_, large := find(t, source, art.Files, "big/image.iso")
	for _, f := range []artifact.File{small, large} {
		s.Faults.Add(standin.Fault{Kind: "404", Stage: standin.Read, Rate: 1})
		if _, err := read(t, source, f, 0); err != nil {
			t.Errorf("%s after one 404: %v", f.Path, err)
		}
	}
	s.Faults.Add(standin.Fault{Kind: "403", Stage: standin.Blob, Rate: 1}) // the address has expired
	if _, err := read(t, source, large, 0); err != nil {
		t.Errorf("after one 403 of the store: %v", err)
	}
	s.answer(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		late := strings.HasSuffix(r.URL.Path, "/root.txt")
		if late {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errors":[{"status":404,"message":"Timed out when retrieving data for files-local:root.txt"}]}`)
		}
		return late
	})
	if _, err := read(t, source, small, 0); err == nil {
		t.Error("a file that could not be read in time was read")
	} else if _, temporary := fault.IsTemporary(err); !temporary {
		t.Errorf("not worth another attempt: %v", err)
	}
	s.answer(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		page := strings.HasSuffix(r.URL.Path, "/root.txt")
		if page {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<p>signed out")
		}
		return page
	})
	if text, err := read(t, source, small, 0); err == nil || !strings.Contains(err.Error(), "a page") {
		t.Errorf("a page is taken for a file: %q, %v", text, err)
	}
}

// What would begin parameters, a query or a fragment, and what looks escaped already, is part of a name.
func TestAddresses(t *testing.T) {
	for at, want := range map[string]string{
		"a;b.jar":           "a%3Bb.jar",
		"x y/#1 100%?.txt":  "x%20y/%231%20100%25%3F.txt",
		"zip!/%2F.txt":      "zip%21/%252F.txt",
		"größe/a+b@c:1=2&3": "gr%C3%B6%C3%9Fe/a+b@c:1=2&3",
	} {
		if got := escape("r", at); got != "r/"+want {
			t.Errorf("%s becomes %s", at, got)
		}
	}
}
