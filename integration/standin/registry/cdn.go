package registry

// The content delivery network in front of a registry's store: blobs at addresses that are signed for a while, as Docker
// Hub's are. A credential beside a signature is somebody else's.

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin"
)

// CDN serves the blobs of a Store to whoever has a signed address. It is used by its pointer.
type CDN struct {
	Store *Store
	// Lifetime is how long an address is good; 0 is 20 minutes.
	Lifetime time.Duration
	// Now is the time; nil is that of the machine.
	Now func() time.Time
	// NoRanges: a Range is ignored and the whole blob is the answer.
	NoRanges bool

	// Stats counts requests as "GET cdn", and the credentials that arrive.
	Stats *standin.Stats
	// Faults strike at the stages blob and read.
	Faults *standin.Faults

	key []byte
}

// NewCDN is a network before a store, with a key of its own.
func NewCDN(store *Store) *CDN {
	c := &CDN{Store: store, key: make([]byte, 32)}
	_, _ = rand.Read(c.key) // it never fails
	return c
}

const cdnRoot = "/registry-v2/docker/registry/v2/blobs/sha256/"

var cdnPath = regexp.MustCompile(`^` + cdnRoot + `([0-9a-f]{2})/([0-9a-f]{64})/data$`)

// Address is where the network at base, which has no final slash, serves a blob from now on until Lifetime is over.
func (c *CDN) Address(base, digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	until := c.now().Add(cmp.Or(c.Lifetime, 20*time.Minute)).Unix()
	return base + cdnRoot + hex[:2] + "/" + hex + "/data?verify=" + strconv.FormatInt(until, 10) + "-" + c.signature(hex, until)
}

func (c *CDN) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *CDN) signature(hex string, until int64) string {
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte(hex + " " + strconv.FormatInt(until, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// ServeHTTP serves the path of an Address, whatever stands before it in the address: who mounts it takes that off.
func (c *CDN) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Stats != nil {
		c.Stats.Request(r.Method, "cdn")
		if Credential(r) {
			c.Stats.Foreign()
		}
	}
	match := cdnPath.FindStringSubmatch(r.URL.Path)
	switch {
	case Credential(r):
		http.Error(w, "only one authorization mechanism is allowed", http.StatusBadRequest)
		return
	case match == nil || match[1] != match[2][:2]:
		http.NotFound(w, r)
		return
	case !c.signed(match[2], r.URL.Query().Get("verify")):
		http.Error(w, "error code: 1020", http.StatusForbidden)
		return
	}
	found, ok := c.Store.Anywhere("sha256:" + match[2])
	if !ok {
		http.NotFound(w, r)
		return
	}
	if c.NoRanges {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	g := Registry{Faults: c.Faults}
	g.faulty([]string{standin.Blob, standin.Read}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"`+match[2][:32]+`"`)
		serveBlob(w, r, found)
	}).ServeHTTP(w, r)
}

// signed tells whether an address was signed here and is still good.
func (c *CDN) signed(hex, verify string) bool {
	text, signature, _ := strings.Cut(verify, "-")
	until, err := strconv.ParseInt(text, 10, 64)
	return err == nil && hmac.Equal([]byte(signature), []byte(c.signature(hex, until))) && c.now().Unix() < until
}

// Credential tells whether a request carries one: in a header of any registry, or as a cookie.
func Credential(r *http.Request) bool {
	for _, name := range []string{"Authorization", "Cookie", "Private-Token", "Job-Token", "Deploy-Token", "X-Jfrog-Art-Api", "X-Nuget-Apikey"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}
