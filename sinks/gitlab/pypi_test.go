package gitlab_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// wheel is a wheel of one module; metadata is left out when it is "".
func wheel(t *testing.T, directory, metadata, module string) string {
	t.Helper()
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	entries := [][2]string{{"module.py", module}, {directory + ".dist-info/METADATA", metadata}}
	if metadata == "" {
		entries = entries[:1]
	}
	for _, entry := range entries {
		w, err := archive.Create(entry[0])
		if err == nil {
			_, err = w.Write([]byte(entry[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// sdist is a source distribution of one module; metadata is left out when it is "".
func sdist(t *testing.T, directory, metadata, module string) string {
	t.Helper()
	var packed bytes.Buffer
	zipper := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipper)
	for _, entry := range [][2]string{{"PKG-INFO", metadata}, {"module.py", module}} {
		if entry[1] == "" {
			continue
		}
		err := archive.WriteHeader(&tar.Header{Name: directory + "/" + entry[0], Mode: 0o644, Size: int64(len(entry[1]))})
		if err == nil {
			_, err = archive.Write([]byte(entry[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipper.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func metadata(name, version, more string) string {
	return "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + more
}

// publishTexts publishes one package of a canned GitLab, file by file in the order of paths.
func (c *canned) publishTexts(t *testing.T, format artifact.Format, name, version string, texts map[string]string, paths ...string) error {
	t.Helper()
	p := artifact.Package{Format: format, Name: name, Version: version}
	for _, path := range paths {
		p.Files = append(p.Files, artifact.File{Path: path, Size: int64(len(texts[path]))})
	}
	return c.sink(t).Publish(t.Context(), c.destination(p), p, p.Files, content(texts))
}

// A file is sent as twine sends it: one form, its fields before the file, with a Content-Length.
func TestPyPIRequest(t *testing.T) {
	c := startCanned(t, http.StatusCreated, `{"message":"201 Created"}`)
	const file = "Acme_UI-1.0rc1-2-py3-none-any.whl"
	inside := metadata("acme.ui", "1.0.0rc1", "Summary: The UI\nKeywords: a,b\nAuthor: Alice\nAuthor-Email: a@acme.example\n"+
		"Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\nLicense: MIT\nClassifier: X\n\n# UI\n")
	texts := map[string]string{file: wheel(t, "Acme_UI-1.0rc1", inside, "x = 1")}
	if err := c.publishTexts(t, artifact.PyPI, "Acme.UI", "1.0rc1", texts, file); err != nil {
		t.Fatal(err)
	}
	got := c.uploads()
	if len(got) != 1 || got[0].method != http.MethodPost || got[0].path != "/api/v4/projects/7/packages/pypi" || got[0].contentLength < int64(len(texts[file])) {
		t.Fatalf("%+v", got)
	}
	fields := [][2]string{
		{":action", "file_upload"}, {"protocol_version", "1"}, {"metadata_version", "2.1"}, {"name", "Acme.UI"}, {"version", "1.0rc1"},
		{"summary", "The UI"}, {"description", "# UI"}, {"description_content_type", "text/markdown"}, {"keywords", "a,b"},
		{"author_email", "a@acme.example"}, {"requires_python", ">=3.8"}, {"sha256_digest", artifact.DigestsOf(texts[file]).SHA256},
	}
	if diff := cmp.Diff(fields, got[0].fields); diff != "" {
		t.Error(diff)
	}
	if got[0].part != "content" || got[0].file != file || got[0].body != texts[file] {
		t.Errorf("part %q with file %q of %d bytes", got[0].part, got[0].file, len(got[0].body))
	}
}

func TestWhatPyPIFilesTellOfThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		name, version string
		files         []string
		content       func(t *testing.T, file string) string
		field         string
		want          []string // of each file
	}{
		"a name and a version that are the source's": {
			"acme", "1.0", []string{"acme-1.0-py3-none-any.whl"},
			func(t *testing.T, _ string) string { return wheel(t, "other-2.0", metadata("other", "2.0", ""), "") },
			"name", []string{"acme"},
		},
		"an epoch and a local version": {
			"acme", "2!1.0+cu118", []string{"acme-1.0+cu118.tar.gz"},
			func(t *testing.T, _ string) string { return sdist(t, "acme", metadata("acme", "2!1.0+cu118", ""), "x") },
			"version", []string{"2!1.0+cu118"},
		},
		"an sdist without metadata": {
			"acme", "1.0", []string{"acme-1.0.tar.gz"},
			func(t *testing.T, _ string) string { return sdist(t, "acme-1.0", "", "x") },
			"metadata_version", []string{""},
		},
		"a wheel without metadata": {
			"acme", "1.0", []string{"acme-1.0-py3-none-any.whl"},
			func(t *testing.T, _ string) string { return wheel(t, "acme-1.0", "", "x") },
			"metadata_version", []string{""},
		},
		"an installer repeats what the file before it told": {
			"acme", "1.0", []string{"acme-1.0.tar.gz", "acme-1.0.win32.exe", "acme-1.0.zip"},
			func(t *testing.T, file string) string {
				switch file {
				case "acme-1.0.tar.gz":
					return sdist(t, "acme-1.0", metadata("acme", "1.0", "Requires-Python: >=3.8\n"), "x")
				case "acme-1.0.zip":
					return wheel(t, "acme-1.0", "", "x")
				}
				return "MZ"
			},
			"requires_python", []string{">=3.8", ">=3.8", ">=3.8"},
		},
		"a long description": {
			"acme", "1.0", []string{"acme-1.0.tar.gz"},
			func(t *testing.T, _ string) string {
				return sdist(t, "acme-1.0", metadata("acme", "1.0", "\n"+strings.Repeat("ä", 5000)), "x")
			},
			"description", []string{strings.Repeat("ä", 3997) + "..."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := startCanned(t, http.StatusCreated, `{"message":"201 Created"}`)
			texts := map[string]string{}
			for _, file := range c.files {
				texts[file] = c.content(t, file)
			}
			if err := server.publishTexts(t, artifact.PyPI, c.name, c.version, texts, c.files...); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, one := range server.uploads() {
				got = append(got, one.field(c.field))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What can not be read is not sent.
func TestUnreadablePyPIFiles(t *testing.T) {
	bomb := metadata("acme", "1.0", "\n"+strings.Repeat("x", 200<<20))
	whole := wheel(t, "acme-1.0", metadata("acme", "1.0", ""), "x = 1")
	for name, c := range map[string]struct{ file, content string }{
		"no zip":              {"acme-1.0-py3-none-any.whl", "PK"},
		"nothing":             {"acme-1.0-py3-none-any.whl", ""},
		"a cut wheel":         {"acme-1.0-py3-none-any.whl", whole[:len(whole)-10]},
		"no gzip":             {"acme-1.0.tar.gz", "acme"},
		"200 MB METADATA":     {"acme-1.0-py3-none-any.whl", wheel(t, "acme-1.0", bomb, "")},
		"200 MB PKG-INFO":     {"acme-1.0.tar.gz", sdist(t, "acme-1.0", bomb, "")},
		"an egg that is none": {"acme-1.0.egg", sdist(t, "acme-1.0", metadata("acme", "1.0", ""), "")},
	} {
		t.Run(name, func(t *testing.T) {
			server := startCanned(t, http.StatusCreated, `{}`)
			err := server.publishTexts(t, artifact.PyPI, "acme", "1.0", map[string]string{c.file: c.content}, c.file)
			if fault.CodeOf(err) != string(artifact.PackageUnreadable) || fault.SideOf(err) != fault.Source || !strings.Contains(err.Error(), c.file) {
				t.Errorf("error %v", err)
			}
			if sent := server.uploads(); len(sent) > 0 {
				t.Errorf("%d requests were sent", len(sent))
			}
		})
	}
}

func TestRefusedPyPIFiles(t *testing.T) {
	for _, c := range []struct {
		status    int
		answer    string
		reason    artifact.Reason
		temporary bool
	}{
		{400, `{"message":"400 Bad request - Validation failed: Name is invalid"}`, artifact.TargetRejected, false},
		{400, `{"error":"sha256_digest is invalid"}`, artifact.TargetRejected, false},
		{400, `{"message":"400 Bad request - File is too large"}`, artifact.FileTooLarge, false},
		{413, "the upload size 9 is over maximum of 8 bytes: entity is too large", artifact.FileTooLarge, false},
		{403, `{"message":"403 Forbidden - Package protected."}`, artifact.Protected, false},
		{403, `{"message":"403 Forbidden"}`, artifact.NotPermitted, true}, // it may be the object store
		{404, `{"message":"404 Project Not Found"}`, artifact.NotPermitted, false},
		{422, `{"message":"422 Unprocessable Entity"}`, artifact.TargetRejected, false},
		{500, `{"message":"500 Internal Server Error"}`, artifact.TargetFailed, true},
		// A name that the simple page does not show: the file was deleted, and GitLab has not cleaned up yet.
		{400, `{"message":"400 Bad request - Validation failed: File name has already been taken"}`, artifact.TargetRejected, true},
	} {
		t.Run(fmt.Sprint(c.status, c.reason), func(t *testing.T) {
			server := startCanned(t, c.status, c.answer)
			err := server.publishTexts(t, artifact.PyPI, "acme", "1.0", map[string]string{"acme-1.0.exe": "MZ"}, "acme-1.0.exe")
			if _, temporary := fault.IsTemporary(err); fault.CodeOf(err) != string(c.reason) || temporary != c.temporary || fault.SideOf(err) != fault.Sink {
				t.Errorf("reason %q, temporary %v: %v", fault.CodeOf(err), temporary, err)
			}
			if err == nil || !strings.Contains(err.Error(), strconv.Itoa(c.status)) {
				t.Errorf("the error does not quote the answer: %v", err)
			}
		})
	}
}
