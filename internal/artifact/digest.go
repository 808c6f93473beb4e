package artifact

import (
	"crypto/md5"  //nolint:gosec // Nexus and GitLab declare MD5; it is compared, never trusted alone.
	"crypto/sha1" //nolint:gosec // npm's shasum and Maven's checksums are SHA-1.
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
)

// Digests are the checksums of one file in lower-case hex; an empty field is unknown.
type Digests struct {
	MD5, SHA1, SHA256, SHA512 string
}

// Agreement is what comparing two sets of digests tells.
type Agreement int

// The agreements.
const (
	Unknown   Agreement = iota // no algorithm in common
	Same                       // every common algorithm agrees
	Different                  // at least one disagrees
)

// Compare compares d with other in every algorithm that both know.
func (d Digests) Compare(other Digests) Agreement {
	result := Unknown
	for _, pair := range [...][2]string{
		{d.SHA512, other.SHA512}, {d.SHA256, other.SHA256}, {d.SHA1, other.SHA1}, {d.MD5, other.MD5},
	} {
		switch {
		case pair[0] == "" || pair[1] == "":
		case pair[0] != pair[1]:
			return Different
		default:
			result = Same
		}
	}
	return result
}

// With returns d with its unknown fields taken from other.
func (d Digests) With(other Digests) Digests {
	fill := func(mine *string, theirs string) {
		if *mine == "" {
			*mine = theirs
		}
	}
	fill(&d.MD5, other.MD5)
	fill(&d.SHA1, other.SHA1)
	fill(&d.SHA256, other.SHA256)
	fill(&d.SHA512, other.SHA512)
	return d
}

// Strongest names the strongest known algorithm and its value; both empty when none is known.
func (d Digests) Strongest() (algorithm, value string) {
	switch {
	case d.SHA512 != "":
		return "sha512", d.SHA512
	case d.SHA256 != "":
		return "sha256", d.SHA256
	case d.SHA1 != "":
		return "sha1", d.SHA1
	case d.MD5 != "":
		return "md5", d.MD5
	}
	return "", ""
}

// Hasher computes the digests of what is written to it: SHA-1 and SHA-256 always (sinks and reports need them), the
// others only when they were declared.
type Hasher struct {
	sha1, sha256 hash.Hash
	md5, sha512  hash.Hash // nil when not declared
}

// NewHasher returns a Hasher that can check declared.
func NewHasher(declared Digests) *Hasher {
	h := &Hasher{sha1: sha1.New(), sha256: sha256.New()} //nolint:gosec // see the imports
	if declared.MD5 != "" {
		h.md5 = md5.New() //nolint:gosec // see the imports
	}
	if declared.SHA512 != "" {
		h.sha512 = sha512.New()
	}
	return h
}

// Write adds p to every digest; it never fails.
func (h *Hasher) Write(p []byte) (int, error) {
	for _, one := range [...]hash.Hash{h.sha1, h.sha256, h.md5, h.sha512} {
		if one != nil {
			one.Write(p)
		}
	}
	return len(p), nil
}

// Digests returns the digests of what was written so far.
func (h *Hasher) Digests() Digests {
	sum := func(one hash.Hash) string {
		if one == nil {
			return ""
		}
		return hex.EncodeToString(one.Sum(nil))
	}
	return Digests{MD5: sum(h.md5), SHA1: sum(h.sha1), SHA256: sum(h.sha256), SHA512: sum(h.sha512)}
}

// DigestsOf returns the SHA-1 and SHA-256 of a short text.
func DigestsOf(text string) Digests {
	h := NewHasher(Digests{})
	_, _ = h.Write([]byte(text))
	return h.Digests()
}
