package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"

	"pkgferry/internal/artifact"
)

// checksum is one as lock files write it: sha512-<base64> (npm, Yarn, pnpm), sha256:<hex> (uv), and Yarn's #<hex of SHA-1>.
var checksum = regexp.MustCompile(`\b(sha1|sha256|sha512)[-:]([0-9A-Za-z+/]+={0,2})|^#([0-9a-f]{40})\b`)

// declared are the checksums that stand beside an address: from its line to the end of its entry, or of the line behind it.
func (d *document) declared(a address) artifact.Digests {
	var all artifact.Digests
	start := bytes.LastIndexByte(d.text[:a.start], '\n') + 1
	front, rest := d.text[start:a.start], d.text[a.end:]
	end := min(len(rest), 4<<10)
	for n, lines := 0, 0; n < end; n++ {
		switch rest[n] {
		case '\n':
			if lines++; lines == 3 {
				end = n
			}
		case '}':
			end = n
		}
	}
	for _, text := range [][]byte{rest[:end], front} {
		for _, m := range checksum.FindAllSubmatch(text, -1) {
			all = all.With(digestsOf(m))
		}
	}
	return all
}

// digestsOf is one match of checksum; nothing when it is none after all.
func digestsOf(m [][]byte) artifact.Digests {
	value := string(m[2])
	switch {
	case m[3] != nil:
		return artifact.Digests{SHA1: string(m[3])}
	case hex.DecodedLen(len(value)) == size[string(m[1])]:
	default:
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil || len(raw) != size[string(m[1])] {
			return artifact.Digests{}
		}
		value = hex.EncodeToString(raw)
	}
	switch string(m[1]) {
	case "sha1":
		return artifact.Digests{SHA1: value}
	case "sha256":
		return artifact.Digests{SHA256: value}
	}
	return artifact.Digests{SHA512: value}
}

// size of a digest in bytes.
var size = map[string]int{"sha1": 20, "sha256": 32, "sha512": 64}
