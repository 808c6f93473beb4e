package packument

// Digests of npm tarballs: dist.shasum is SHA-1 in hex, dist.integrity is Subresource Integrity
// (https://www.w3.org/TR/sri/ §3.5) as npm's ssri reads it: hashes separated by spaces, each "algorithm-base64[?options]".

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"pkgferry/internal/artifact"
)

// Digests are what a version declares. An algorithm that is declared twice with different values says nothing (one of
// them is right, and there is no telling which); sha384 is not used by anyone and passed over.
func (v Version) Digests() artifact.Digests {
	d := artifact.Digests{SHA1: hexOf(v.Shasum, 20)}
	var declared artifact.Digests
	ambiguous := map[*string]bool{}
	for hash := range strings.FieldsSeq(v.Integrity) {
		algorithm, value, _ := strings.Cut(hash, "-")
		value, _, _ = strings.Cut(value, "?")
		var field *string
		size := 0
		switch strings.ToLower(algorithm) {
		case "sha1":
			field, size = &declared.SHA1, 20
		case "sha256":
			field, size = &declared.SHA256, 32
		case "sha512":
			field, size = &declared.SHA512, 64
		default:
			continue
		}
		sum, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
		if err != nil || len(sum) != size {
			continue
		}
		text := hex.EncodeToString(sum)
		ambiguous[field] = ambiguous[field] || *field != "" && *field != text
		*field = text
	}
	for field, unclear := range ambiguous {
		if unclear {
			*field = ""
		}
	}
	return d.With(declared)
}

// hexOf is a digest of size bytes in lower case; "" when text is none.
func hexOf(text string, size int) string {
	sum, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(sum) != size {
		return ""
	}
	return hex.EncodeToString(sum)
}
