package artifactory

import (
	"bufio"
	"net/http"
	"unicode/utf8"
)

// stream writes a long answer piece by piece.
type stream struct{ *bufio.Writer }

func newStream(w http.ResponseWriter) stream { return stream{bufio.NewWriterSize(w, 64<<10)} }

func (s stream) text(texts ...string) {
	for _, one := range texts {
		_, _ = s.WriteString(one)
	}
}

// quoted writes a text in JSON. What needs no escape, which is nearly everything, takes the short way.
func (s stream) quoted(text string) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			_, _ = s.Write(pretty(text))
			return
		}
	}
	s.text(`"`, text, `"`)
}

func (s stream) end() { _ = s.Flush() }
