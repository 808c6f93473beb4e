package nexus

// JSON as Nexus writes it: indented, with nulls, the keys in a fixed order (Jackson's DefaultPrettyPrinter). A key may
// come twice, which a Go map could not express.

import (
	"bytes"
	"encoding/json"
	"strings"
)

type field struct {
	key   string
	value any // object, list, or what encoding/json writes on one line
}

type (
	object []field
	list   []object
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
		_ = encoder.Encode(v) // strings, numbers and nil always encode
		b.Truncate(b.Len() - 1)
	}
}

func writeObject(b *bytes.Buffer, fields object, depth int) {
	if len(fields) == 0 {
		b.WriteString("{ }")
		return
	}
	b.WriteString("{")
	for i, f := range fields {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n" + strings.Repeat("  ", depth+1))
		write(b, f.key, 0)
		b.WriteString(" : ")
		write(b, f.value, depth+1)
	}
	b.WriteString("\n" + strings.Repeat("  ", depth) + "}")
}
