package packument

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
)

func TestDigests(t *testing.T) {
	const sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	sum256, sum512 := sha256.Sum256(nil), sha512.Sum512(nil)
	other512 := sha512.Sum512([]byte("other"))
	b256, b512 := "sha256-"+base64.StdEncoding.EncodeToString(sum256[:]), "sha512-"+base64.StdEncoding.EncodeToString(sum512[:])
	h256, h512 := hex.EncodeToString(sum256[:]), hex.EncodeToString(sum512[:])
	other := "sha512-" + base64.StdEncoding.EncodeToString(other512[:])
	for name, c := range map[string]struct {
		shasum, integrity string
		want              artifact.Digests
	}{
		"nothing":         {"", "", artifact.Digests{}},
		"old":             {sha1, "", artifact.Digests{SHA1: sha1}},
		"upper case":      {strings.ToUpper(sha1), "", artifact.Digests{SHA1: sha1}},
		"ordinary":        {sha1, b512, artifact.Digests{SHA1: sha1, SHA512: h512}},
		"several":         {"", b256 + "\n " + b512 + "?opt", artifact.Digests{SHA256: h256, SHA512: h512}},
		"sha1 inside":     {"", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", artifact.Digests{SHA1: sha1}},
		"without padding": {"", strings.TrimRight(b512, "="), artifact.Digests{SHA512: h512}},
		"twice":           {"", b512 + " " + b512, artifact.Digests{SHA512: h512}},
		"two answers":     {"", b512 + " " + other + " " + b256, artifact.Digests{SHA256: h256}},
		"damaged":         {sha1[1:], "sha512-!!!! sha256-AAAA sha512 -x sha384-AAAA md5-AAAA", artifact.Digests{}},
		"shasum decides":  {strings.Repeat("0", 40), "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", artifact.Digests{SHA1: strings.Repeat("0", 40)}},
	} {
		if got := (Version{Shasum: c.shasum, Integrity: c.integrity}).Digests(); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzDigests(f *testing.F) {
	f.Add("da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha512-AAAA== sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
	f.Add("", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=?x sha256-")
	f.Fuzz(func(t *testing.T, shasum, integrity string) {
		d := Version{Shasum: shasum, Integrity: integrity}.Digests()
		for text, size := range map[string]int{d.SHA1: 40, d.SHA256: 64, d.SHA512: 128, d.MD5: 0} {
			if text != "" && (len(text) != size || strings.Trim(text, "0123456789abcdef") != "") {
				t.Fatalf("digests(%q, %q) gives %q", shasum, integrity, text)
			}
		}
	})
}
