package artifactory

// JSON as Artifactory writes it: Jackson's DefaultPrettyPrinter, which puts every key on a line of its own and arrays on
// that of their key, and leaves out what is null.

import (
	"bytes"
	"encoding/json"
	"strings"
)

type field struct {
	key   string
	value any // object, list, or what encoding/json writes on one line; nil is left out
}

type (
	object []field
	list   []any
)

// pretty writes a value.
func pretty(value any) []byte {
	var b bytes.Buffer
	write(&b, value, 0)
	return b.Bytes()
}

func write(b *bytes.Buffer, value any, depth int) {
	switch v := value.(type) {
	case object:
		writeObject(b, v, depth)
	case list:
		b.WriteString("[")
		for i, one := range v {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(" ")
			write(b, one, depth)
		}
		b.WriteString(" ]")
	default:
		encoder := json.NewEncoder(b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(v) // strings and numbers always encode
		b.Truncate(b.Len() - 1)
	}
}

func writeObject(b *bytes.Buffer, fields object, depth int) {
	b.WriteString("{")
	comma := ""
	for _, f := range fields {
		if f.value == nil {
			continue
		}
		b.WriteString(comma + "\n" + strings.Repeat("  ", depth+1))
		write(b, f.key, 0)
		b.WriteString(" : ")
		write(b, f.value, depth+1)
		comma = ","
	}
	if comma == "" {
		b.WriteString(" }")
		return
	}
	b.WriteString("\n" + strings.Repeat("  ", depth) + "}")
}

// orNil leaves a text out that is empty.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}
