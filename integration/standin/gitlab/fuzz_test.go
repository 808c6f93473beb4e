package gitlab

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// FuzzJSONStream compares the streaming reader with encoding/json: what one takes, the other takes.
func FuzzJSONStream(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{"a":{"b":[1,2,{"c":"d\"\\"}]},"e":null}`, `{"a" : true , "b":-1.5e3}`, `{"a"}`, `{"a":1,}`, `{,}`, `{"a":"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := map[string]json.RawMessage{}
		j := newJSONStream(strings.NewReader(text))
		err := j.object(func(key string) error {
			value, err := j.value()
			got[key] = bytes.Clone(value)
			return err
		})
		if err == nil {
			err = j.end()
		}
		var want map[string]json.RawMessage
		if wrong := json.Unmarshal([]byte(text), &want); (wrong == nil && want != nil) != (err == nil) {
			t.Fatalf("%q: %v, encoding/json says %v", text, err, wrong)
		} else if err == nil && len(got) != len(want) {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	})
}

// FuzzJSONString compares the streaming of strings with encoding/json, for ASCII.
func FuzzJSONString(f *testing.F) {
	f.Add("abc")
	f.Add("a\\/b\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		quoted, _ := json.Marshal(text)
		r, err := newJSONStream(bytes.NewReader(append(quoted, 'x'))).ascii()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotestHalf{r})
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if isASCII(text) && string(got) != text {
			t.Fatalf("%s: %q", quoted, got)
		}
	})
}

// iotestHalf reads a few bytes at a time.
type iotestHalf struct{ r io.Reader }

func (h iotestHalf) Read(p []byte) (int, error) { return h.r.Read(p[:min(len(p), 3)]) }

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"name":"a","versions":{"1.0.0":{"deprecated":"x"}},"dist-tags":{"latest":"1.0.0"},"_attachments":{"a-1.0.0.tgz":{"data":"QUJD"}}}`)
	f.Add(`{"versions":1,"_attachments":{"x":{"data":"====","length":1}},"dist-tags":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		s := &Server{dir: dir}
		d, err := s.parseDocument(strings.NewReader(text))
		if err == nil && !json.Valid([]byte(text)) {
			t.Fatalf("%q is taken", text)
		}
		d.close()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Fatalf("%q left %v, %v", text, left, err)
		}
	})
}

// FuzzForm reads any body as a form: nothing may stay behind when it is removed.
func FuzzForm(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"c\"; filename=\"../d\"\r\n\r\nx\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"c\"; filename=\"x\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n--b")
	f.Fuzz(func(t *testing.T, body string) {
		s := &Server{dir: t.TempDir()}
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		sent, ok := s.receiveForm(&exchange{w: w, r: r}, 100)
		if ok == (w.Body.Len() > 0) {
			t.Fatalf("%q: %v and %d %s", body, ok, w.Code, w.Body)
		}
		for name, u := range sent.files {
			if ok && (u.name == "" || strings.ContainsAny(u.name, "/\\") || strings.Trim(u.name, ".") == "" || u.body.size > 100) {
				t.Fatalf("%s is %+v", name, u)
			}
		}
		sent.remove()
		if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
			t.Fatalf("%q left %v, %v", body, left, err)
		}
	})
}

// FuzzNuspecInZip reads any bytes as a package, both ways: no crash, and nothing longer than is allowed.
func FuzzNuspecInZip(f *testing.F) {
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	head := &zip.FileHeader{Name: "a.nuspec", CRC32: 0x3610a686, CompressedSize64: 5, UncompressedSize64: 5}
	if part, err := w.CreateRaw(head); err != nil {
		f.Fatal(err)
	} else if _, err = part.Write([]byte("hello")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(buffer.Bytes())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, find := range []func(io.ReaderAt, int64) ([]byte, error){nuspecFromFront, nuspecFromEnd} {
			if text, err := find(bytes.NewReader(content), int64(len(content))); len(text) > maxNuspec || err != nil && text != nil {
				t.Fatalf("%d bytes, %v", len(text), err)
			}
		}
	})
}

func FuzzNuspec(f *testing.F) {
	f.Add([]byte(`<package xmlns="x"><metadata><id>a</id><dependencies><group targetFramework="n"/><dependency id="b" version="1"/></dependencies></metadata></package>`))
	f.Add([]byte(`<a xmlns="x"><package><metadata><tags>a b</tags><packageTypes><packageType name="SymbolsPackage"/>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := parseNuspec(text)
		if err != nil {
			return
		}
		if m, wrong := spec.metadata(); m != nil && wrong == nil && (m.authors == "" || m.description == "") {
			t.Fatalf("%q: %+v", text, m)
		}
		seen := map[string]bool{}
		for _, d := range spec.links() {
			if seen[d.name] {
				t.Fatalf("%q: %s twice", text, d.name)
			}
			seen[d.name] = true
		}
	})
}

// FuzzChart reads any text as a Chart.yaml: what is taken fits into an index, and that can be read again.
func FuzzChart(f *testing.F) {
	f.Add("apiVersion: v2\nname: a\nversion: 1.0.0\nkeywords: [x, \"y\"]\ndependencies:\n- {name: b, import-values: [{child: c, parent: d}]}\n")
	f.Add("name: &a b\nx: *a\n")
	f.Add("apiVersion: v1\nname: a\nversion: 1.0.0\nappVersion: |\n  1\n  2\n")
	s, err := New(standin.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		value, err := psychLoad([]byte(text))
		chart, ok := value.(map[string]any)
		if err != nil || !ok || !chartFits(chart) {
			return
		}
		p := &project{}
		p.packages = []*pkg{{
			project: p, format: artifact.Helm, name: "a", version: "1", status: statusDefault,
			files: []*file{{name: "a-1.tgz", channel: "stable", chart: chart, status: statusDefault}},
		}}
		var index struct {
			Entries map[string][]map[string]any
		}
		if err := yaml.Unmarshal(s.helmIndexOf(p, "stable", "1", 1), &index); err != nil || len(index.Entries["a"]) != 1 {
			t.Fatalf("%q: %v, %v", text, index, err)
		}
	})
}

// FuzzChartText reads any bytes as a packed chart.
func FuzzChartText(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		if text, err := chartText(bytes.NewReader(packed)); len(text) > maxChart || err != nil && text != nil {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add(`query($a: Int = 1) { p: project(fullPath: "x", list: [1, {a: ENUM}]) { ...f ... on Project { id } } } fragment f on Project { name }`)
	f.Add(`mutation { a(b: $c) }`)
	f.Add(`{a{b`)
	s, err := New(standin.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		if q, err := parseQuery(text, map[string]any{"c": 1.0}); err == nil {
			_, _ = s.execute(q, tokens["standin-owner"])
		}
	})
}

// FuzzPath sends any path: no answer may be a crash, and nothing may leave the directory of bodies.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"nuget/download/a/1.0/a.1.0.nupkg", "pypi/files/x/a.whl", "maven/com/acme/lib/1.0/lib.jar", "generic/a/1.0/b/../c", "npm/@a%2fb", "npm/-/package/a/dist-tags/b", "maven/x", "1/package_files"} {
		f.Add(seed)
	}
	s, err := New(standin.Options{Modes: map[string]string{"settle": "immediate"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, path string) {
		for _, method := range []string{"PUT", "GET"} {
			r := httptest.NewRequest(method, "/", strings.NewReader("{}"))
			r.URL.RawPath = "/api/v4/projects/acme%2Fartifact-management%2Fjava-packages/packages/" + path
			r.URL.Path = r.URL.RawPath
			r.Header.Set("PRIVATE-TOKEN", "standin-owner")
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code >= 500 {
				t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
	})
}
