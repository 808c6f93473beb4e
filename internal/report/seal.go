package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
)

// A sealed file is NDJSON whose lines are chained. Its canonical bytes are the bytes of the file: nothing is parsed to check it.
//
//   - Every line is a JSON object that begins with its number, {"line":N, counted from 1, and ends with its chain, ,"chain":"C"}
//     and a line feed.
//   - C is the SHA-256, in lower-case hex, of the chain of the line before (its 64 characters; nothing for line 1) followed by the
//     bytes of the line before its ,"chain":" member.
//   - Line 1 has the kind "header": who sealed what, and when. The last line has the kind "end": the number of lines, and totals.
//   - The chain of the last line is the head. Who knows the head knows the file: the checkpoint keeps it, report.html shows it.
//
// So a line that was changed, removed, moved, repeated or inserted does not agree with its chain or its number, a file that was cut
// has no last line, and a file that was chained anew has another head.
const (
	lineStart  = `{"line":`
	chainStart = `,"chain":"`
	chainEnd   = "\"}\n"
	chainTail  = len(chainStart) + 2*sha256.Size + len(chainEnd)
)

// The kinds of lines.
const (
	kindHeader  = "header"
	kindPackage = "package"
	kindProblem = "problem"
	kindEnd     = "end"
)

// chained writes the lines of a sealed file.
type chained struct {
	w     io.Writer
	lines int64
	head  string
	text  bytes.Buffer
}

// line writes v, an object with at least one member, as the next line.
func (c *chained) line(v any) error {
	c.text.Reset()
	out := json.NewEncoder(&c.text)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return err
	}
	body := c.text.Bytes()
	body = body[1 : len(body)-2] // without {, } and the line feed
	c.lines++
	start := lineStart + strconv.FormatInt(c.lines, 10) + ","
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(c.head), []byte(start), body} {
		_, _ = sum.Write(part)
	}
	c.head = hex.EncodeToString(sum.Sum(nil))
	for _, part := range [][]byte{[]byte(start), body, []byte(chainStart + c.head + chainEnd)} {
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
