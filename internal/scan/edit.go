package scan

import (
	"bytes"
	"fmt"
	"strings"
)

// edit is a finding with the bytes that it would replace.
type edit struct {
	Finding
	start, end int
	text       string
}

// apply is text with every safe edit made; what is outside of their ranges stays as it is.
func apply(text []byte, edits []edit) []byte {
	var out bytes.Buffer
	from := 0
	for _, e := range edits {
		if e.Safe() {
			out.Write(text[from:e.start])
			out.WriteString(e.text)
			from = e.end
		}
	}
	out.Write(text[from:])
	return out.Bytes()
}

// diff is what apply changes, in the unified form (https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html).
// It has no lines around the changed ones, since credentials tend to stand there, and masks those that are in the changed ones.
// An edit never spans lines.
func diff(path string, text []byte, edits []edit) string {
	var out strings.Builder
	for i := 0; i < len(edits); {
		start := bytes.LastIndexByte(text[:edits[i].start], '\n') + 1
		end := len(text)
		if n := bytes.IndexByte(text[start:], '\n'); n >= 0 {
			end = start + n
		}
		var line []edit
		for safe := false; i < len(edits) && edits[i].start < end; i++ {
			one := edits[i]
			one.start, one.end = one.start-start, one.end-start
			line, safe = append(line, one), safe || one.Safe()
		}
		before, after := text[start:end], apply(text[start:end], line)
		if bytes.Equal(before, after) {
			continue
		}
		if out.Len() == 0 {
			fmt.Fprintf(&out, "--- a/%s\n+++ b/%s\n", Printable(path), Printable(path))
		}
		fmt.Fprintf(&out, "@@ -%[1]d +%[1]d @@\n-%[2]s\n+%[3]s\n", line[0].Line, shown(before), shown(after))
	}
	return out.String()
}

// maxLine is how much of a line a diff shows: there are files of one line.
const maxLine = 4 << 10

func shown(line []byte) string {
	text := mask(strings.TrimSuffix(string(line[:min(len(line), maxLine)]), "\r"))
	if len(line) > maxLine {
		text += " …"
	}
	return text
}
