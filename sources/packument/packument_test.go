package packument

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pkgferry/internal/artifact"
)

func samePackument(t *testing.T, document string, want Document) {
	t.Helper()
	got, err := Read(strings.NewReader(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	if diff := cmp.Diff(want, *got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", document, diff)
	}
}

func TestPackument(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		document string
		want     Document
	}{
		"ordinary": {
			`{"_id":"a","name":"a","readme":"{\"versions\":{}}","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"scripts":{"dist":"x"},
			"dist":{"tarball":"http://r.example/a.tgz","shasum":"s","integrity":"i","size":1},"deprecated":"gone"}},
			"time":{"created":"x","modified":"y","1.0.0":"2020-01-02T03:04:05.000Z"}}`,
			Document{Name: "a", Tags: map[string]string{"latest": "1.0.0"}, Times: map[string]time.Time{"1.0.0": at},
				Versions: []Version{{Number: "1.0.0", Tarball: "http://r.example/a.tgz", Shasum: "s", Integrity: "i", Deprecated: "gone"}}},
		},
		"revision and attestations": {`{"_rev":"12-abc","versions":{"1":{"dist":{"attestations":{"provenance":{"url":"no"},"url":"http://r.example/a"}}},"2":{"dist":{"attestations":[1]}}}}`,
			Document{Revision: 12, Versions: []Version{{Number: "1", Attestations: "http://r.example/a"}, {Number: "2"}}}},
		"odd revisions":     {`{"_rev":7,"versions":{}}`, Document{}},
		"nothing":           {`{}`, Document{}},
		"odd types":         {`{"name":7,"dist-tags":["latest"],"versions":"none","time":null}`, Document{}},
		"odd members":       {`{"dist-tags":{"latest":{"a":[1]},"next":"1"},"versions":{"1":null,"2":{"dist":"none"},"3":{"dist":{"tarball":{},"shasum":1}}}}`, Document{Tags: map[string]string{"next": "1"}, Versions: []Version{{Number: "1"}, {Number: "2"}, {Number: "3"}}}},
		"huge numbers":      {`{"a":1e99999,"b":99999999999999999999999,"versions":{"1000000000000000000000.0.0":{"n":-1e400}}}`, Document{Versions: []Version{{Number: "1000000000000000000000.0.0"}}}},
		"deprecated":        {`{"versions":{"1":{"deprecated":true},"2":{"deprecated":false},"3":{"deprecated":""},"4":{"deprecated":{}},"5":{"deprecated":1}}}`, Document{Versions: []Version{{Number: "1", Deprecated: NoMessage}, {Number: "2"}, {Number: "3"}, {Number: "4"}, {Number: "5", Deprecated: NoMessage}}}},
		"duplicates":        {`{"versions":{"1":{"dist":{"shasum":"a"}},"1":{"dist":{"shasum":"b"}}},"versions":{"1":{"dist":{"shasum":"c"}}}}`, Document{Versions: []Version{{Number: "1", Shasum: "c"}}}},
		"tombstone":         {`{"name":"a","time":{"1.0.0":"never","unpublished":{"name":"x","versions":["1.0.0",{},"2.0.0"],"time":{}}}}`, Document{Name: "a", Times: map[string]time.Time{"1.0.0": {}}, Withdrawn: []string{"1.0.0", "2.0.0"}}},
		"brackets in texts": {`{"readme":"\"` + strings.Repeat("[{", 1000) + `\\","versions":{"1":{}}}`, Document{Versions: []Version{{Number: "1"}}}},
		"odd tombstone":     {`{"time":{"unpublished":"2020"}}`, Document{}},
	} {
		t.Run(name, func(t *testing.T) { samePackument(t, c.document, c.want) })
	}
}

func TestPackumentRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		document io.Reader
		want     string
	}{
		"nothing":           {strings.NewReader(""), "unexpected EOF"},
		"half":              {strings.NewReader(`{"versions":{"1":{"dist":`), "unexpected EOF"},
		"half between":      {strings.NewReader(`{"versions":{"1":{}`), "unexpected EOF"},
		"no object":         {strings.NewReader(`[{}]`), "not a JSON object"},
		"a page":            {strings.NewReader(`<html>`), "invalid character"},
		"two documents":     {strings.NewReader(`{} {}`), "after the document"},
		"a long text":       {io.MultiReader(strings.NewReader(`{"readme":"`), &endless{`x\"`}), "longer than 8 MiB"},
		"a long number":     {io.MultiReader(strings.NewReader(`{"n":1`), &endless{"0"}), "longer than 8 MiB"},
		"a wide space":      {io.MultiReader(strings.NewReader(`{"n":`), &endless{" "}), "longer than 8 MiB"},
		"deep arrays":       {io.MultiReader(strings.NewReader(`{"n":`), &endless{"["}), "levels deep"},
		"deep objects":      {io.MultiReader(strings.NewReader(`{"n":`), &endless{`{"n":`}), "levels deep"},
		"too many versions": {io.MultiReader(strings.NewReader(`{"versions":{`), &counted{}), "MiB of names"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Read(c.document)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want an error about %q", p, err, c.want)
			}
		})
	}
}

// endless repeats a text for ever.
type endless struct{ text string }

func (e *endless) Read(p []byte) (int, error) {
	whole := p[:len(p)/len(e.text)*len(e.text)]
	if len(whole) == 0 {
		n := copy(p, e.text)
		e.text = e.text[n:] + e.text[:n]
		return n, nil
	}
	for n := copy(whole, e.text); n < len(whole); n *= 2 {
		copy(whole[n:], whole[:n])
	}
	return len(whole), nil
}

// counted gives one version after the other.
type counted struct {
	n    int
	rest string
}

func (c *counted) Read(p []byte) (int, error) {
	if c.rest == "" {
		c.n++
		c.rest = fmt.Sprintf(`"%d":{"dist":{"tarball":"%s"}},`, c.n, strings.Repeat("x", 1<<20))
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// large writes a document most of which nobody needs, and calls look after each megabyte.
func large(megabytes int, look func()) io.Reader {
	r, w := io.Pipe()
	go func() {
		filling := strings.Repeat(`text \\\" `, 100_000)
		fmt.Fprint(w, `{"name":"a","versions":{`)
		for i := range megabytes {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `"1.%d.0":{"readme":"%s","dist":{"tarball":"http://r.example/a/-/a-1.%d.0.tgz"}}`, i, filling, i)
			look()
		}
		fmt.Fprint(w, `}}`)
		w.Close()
	}()
	return r
}

func TestPackumentMemory(t *testing.T) {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen := 0
	p, err := Read(large(24, func() {
		if seen++; seen%8 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc+10<<20 {
				t.Errorf("after %d MB: %d MiB held", seen, (now.HeapAlloc-before.HeapAlloc)>>20)
			}
		}
	}))
	if err != nil || len(p.Versions) != 24 {
		t.Errorf("%v, %+v", err, p)
	}
}

func BenchmarkPackument(b *testing.B) {
	b.SetBytes(8 << 20)
	for b.Loop() {
		if _, err := Read(large(8, func() {})); err != nil {
			b.Fatal(err)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	want := []string{
		"", "1.0", "latest", "v1.0.0",
		"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.0+a", "1.0.0+b", "1.2.0", "1.10.0", "2.0.0",
		"1000000000000000000000.0.0",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareVersions)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzPackument(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"dist":{"tarball":"http://r.example/a/-/a.tgz","shasum":"x","integrity":"sha512-x"},"deprecated":true}},"time":{"unpublished":{"versions":["1"]}}}`,
		`{"versions":{"":{}, "1":[]},"time":{"":1}}`, `{"versions":{"1":{"deprecated":1e999}}}`, `[[]]`, `{"a":"\u00`, `{}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		p, err := Read(strings.NewReader(document))
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for item := range p.Items(artifact.Package{Name: "@acme/ui"}, func(v Version) string { return v.Tarball }) {
			id := item.Package.Version
			if seen[id] {
				t.Fatalf("%q is yielded twice", id)
			}
			seen[id] = true
			if item.Skip == "" && len(item.Package.Files) == 0 {
				t.Fatalf("%q has no file and no reason", id)
			}
		}
		if len(seen) == 0 {
			t.Fatal("the name is lost")
		}
	})
}
