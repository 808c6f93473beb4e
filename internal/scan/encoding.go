package scan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	utf16LittleEndian = []byte{0xff, 0xfe}
	utf16BigEndian    = []byte{0xfe, 0xff}
)

// decode returns a file's text, and what turns a changed text back into a file. Text that is not UTF-16 is taken byte for byte,
// be it UTF-8 or not, with or without a byte order mark; UTF-16, which Windows' tools write, only where it comes back as it was.
// False for what is no text.
func decode(raw []byte) (text []byte, encode func([]byte) []byte, ok bool) {
	var order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}
	switch {
	case bytes.HasPrefix(raw, utf16LittleEndian):
		order = binary.LittleEndian
	case bytes.HasPrefix(raw, utf16BigEndian):
		order = binary.BigEndian
	default:
		return raw, bytes.Clone, bytes.IndexByte(raw[:min(len(raw), sniffed)], 0) < 0
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	for _, r := range utf16.Decode(units) {
		text = utf8.AppendRune(text, r)
	}
	encode = func(text []byte) []byte {
		out := make([]byte, 0, 2*len(text))
		for _, unit := range utf16.Encode(bytes.Runes(text)) {
			out = order.AppendUint16(out, unit)
		}
		return out
	}
	return text, encode, bytes.Equal(encode(text), raw)
}
