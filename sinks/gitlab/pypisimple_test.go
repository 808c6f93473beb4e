package gitlab

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	sumA = strings.Repeat("0a", 32)
	sumB = strings.Repeat("0B", 32)
)

// page is a simple page as GitLab writes it.
func page(links string) string {
	return "<!DOCTYPE html>\n        <html>\n          <head>\n            <title>Links for foo &lt;/title&gt;</title>\n          </head>\n" +
		"          <body>\n            <h1>Links for foo</h1>\n            " + links + "\n          </body>\n        </html>\n"
}

func TestReadSimplePage(t *testing.T) {
	const files = "https://gitlab.example/api/v4/projects/7/packages/pypi/files/"
	for name, c := range map[string]struct {
		links string
		want  simplePage
	}{
		"no file": {"", simplePage{}},
		"GitLab's": {
			`<a href="` + files + sumA + `/foo-1.0.tar.gz#sha256=` + sumA + `" data-requires-python="&gt;=3.8">foo-1.0.tar.gz</a>` +
				`<a href="` + files + sumB + `/foo-1.0-1-py3-none-any.whl#sha256=` + sumB + `" data-requires-python="">foo</a>`,
			simplePage{"foo-1.0.tar.gz": sumA, "foo-1.0-1-py3-none-any.whl": sumB},
		},
		"relative":            {`<a href="../../files/` + sumA + `/foo-1.0.zip#sha256=` + sumA + `">x</a>`, simplePage{"foo-1.0.zip": sumA}},
		"a local version":     {`<a href="` + files + `x/foo-1.0+cu118.whl#sha256=` + sumA + `">x</a>`, simplePage{"foo-1.0+cu118.whl": sumA}},
		"percent-encoded":     {`<a href="` + files + `x/foo-1.0%2Bcu%20118%2F.whl#sha256=` + sumA + `">x</a>`, simplePage{"foo-1.0+cu 118/.whl": sumA}},
		"entities":            {`<a href='` + files + `x/f&#111;o-1.0&amp;.whl?a=1&amp;b=2#sha256&#61;` + sumA + `'>x</a>`, simplePage{"foo-1.0&.whl": sumA}},
		"oddly written":       {"<A\nclass=x HREF=" + files + "x/foo.whl#sha256=" + sumA + " >x</A ><a>no</a><a name=top></a>", simplePage{"foo.whl": sumA}},
		"no digest":           {`<a href="` + files + `/foo.whl#sha256=">x</a><a href="foo.exe">x</a>`, simplePage{"foo.whl": "", "foo.exe": ""}},
		"another digest":      {`<a href="x/foo.whl#md5=d41d8cd98f00b204e9800998ecf8427e">x</a>`, simplePage{"foo.whl": ""}},
		"the first counts":    {`<a href="x/f.whl#sha256=` + sumA + `">x</a><a href="y/f.whl#sha256=` + sumB + `">x</a>`, simplePage{"f.whl": sumA}},
		"comments, scripts":   {`<!-- <a href="c.whl">x</a> --><script>"<a href='s.whl'>"</script>`, simplePage{}},
		"only the end counts": {`</html><a href="f.whl">x</a>`, simplePage{"f.whl": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSimplePage(strings.NewReader(page(c.links)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSimplePagesThatCanNotBeTrusted(t *testing.T) {
	whole := page(`<a href="x/foo.whl#sha256=` + sumA + `">x</a>`)
	end := strings.Index(whole, "</html")
	for cut := range end {
		if got, err := readSimplePage(strings.NewReader(whole[:cut])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("the first %d bytes were read as %v, %v", cut, got, err)
		}
	}
	for name, text := range map[string]string{
		"an address that is none":   page(`<a href="http://[::1/foo.whl">x</a>`),
		"a name that is none":       page(`<a href="http://gitlab.example/%zz.whl">x</a>`),
		"a link without end":        page(`<a href="` + strings.Repeat("a", maxSimpleLink) + `">x</a>`),
		"another document":          `{"name":"foo","files":[]}`,
		"an error page of a bridge": "<h1>502 Bad Gateway</h1>",
	} {
		if got, err := readSimplePage(strings.NewReader(text)); err == nil {
			t.Errorf("%s was read as %v", name, got)
		}
	}
	broken := errors.New("broken")
	if _, err := readSimplePage(io.MultiReader(strings.NewReader(whole[:end]), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := readSimplePage(&endless{}); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a page without end: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless is a page of blanks and short tags.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("<br>   \n"), 1+len(p)/8)), nil
}

func FuzzReadSimplePage(f *testing.F) {
	f.Add(page(`<a href="https://gitlab.example/files/` + sumA + `/foo-1.0.tar.gz#sha256=` + sumA + `" data-requires-python="&gt;=3">x</a>`))
	f.Add(page(`<a href='a&#x2F;b%2Fc#sha256&#61;` + sumB + `'>`))
	f.Add("</html>")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readSimplePage(strings.NewReader(text))
		if err == nil && !strings.Contains(strings.ToLower(text), "</html") {
			t.Error("a page without end was read")
		}
		for file, sum := range got {
			if file == "" || sum != "" && !sha256Text.MatchString(sum) {
				t.Errorf("file %q with digest %q", file, sum)
			}
		}
	})
}
