package artifactory

import (
	"bufio"
	"net/http"
)

// stream writes a long answer piece by piece.
type stream struct{ *bufio.Writer }

func newStream(w http.ResponseWriter) stream { return stream{bufio.NewWriterSize(w, 64<<10)} }

func (s stream) text(t string) { _, _ = s.WriteString(t) }

func (s stream) end() { _ = s.Flush() }
