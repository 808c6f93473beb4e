package npmjs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
)

// TestStaleEdge: after a change the edge gives what was before, but who asks for the document to write sees it.
func TestStaleEdge(t *testing.T) {
	c := start(t, with("stale=2"))
	before := c.get("/@acme%2fui", 200)["_rev"]
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"@acme/ui","version":"3.0.0","tag":"latest"}}`)
	fresh := c.get("/@acme%2fui?write=true", 200)
	if fresh["_rev"] == before || fresh["dist-tags"].(object)["latest"] != "3.0.0" {
		t.Errorf("?write=true: %v", fresh["_rev"])
	}
	for i, want := range []any{before, before, fresh["_rev"]} {
		if got := c.get("/@acme%2fui", 200)["_rev"]; got != want {
			t.Errorf("read %d: %v, want %v", i+1, got, want)
		}
	}
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"new","version":"1.0.0","tag":"latest"}}`)
	c.get("/new", 404)
}

func TestETags(t *testing.T) {
	for mode, prefix := range map[string]string{"strong": `"`, "weak": `W/"`, "none": ""} {
		c := start(t, with("etag="+mode))
		first, _ := c.ask("GET", "/@acme%2fui", "")
		etag := first.Header.Get("ETag")
		if !strings.HasPrefix(etag, prefix) || (etag == "") != (mode == "none") {
			t.Errorf("%s: ETag %s", mode, etag)
		}
		want := http.StatusNotModified
		if mode == "none" {
			want = http.StatusOK
		}
		if again, _ := c.ask("GET", "/@acme%2fui", "", "If-None-Match: "+etag); again.StatusCode != want {
			t.Errorf("%s: %s", mode, again.Status)
		}
		if n := c.Stats().Requests["GET not modified"]; (n == 1) != (want == http.StatusNotModified) {
			t.Errorf("%s: counted %d", mode, n)
		}
	}
}

func TestOddDocuments(t *testing.T) {
	c := start(t, standin.Options{Seed: "0", Modes: map[string]string{"quirks": "yes", "tombstone": "404"}})
	c.get("/@acme%2ftombstone", 404)
	if got := c.get("/@acme%2fancient", 200); got["time"] != nil || got["versions"] == nil {
		t.Errorf("without times: %v", got)
	}
	again := c.get("/@acme%2fagain", 200)
	if _, ok := again["time"].(object)["unpublished"].(object); !ok || len(again["dist-tags"].(object)) != 0 {
		t.Errorf("published again: %v", again)
	}
	if got := c.get("/@acme%2fmalware/0.0.1-security", 200)["description"]; got != "security holding package" {
		t.Errorf("security holder: %v", got)
	}
	dist := c.get("/@acme%2fold/0.1.0", 200)["dist"].(object)
	if dist["integrity"] != nil || dist["signatures"] != nil || dist["shasum"] == nil {
		t.Errorf("sha1 only: %v", dist)
	}
}

// TestSignatures checks what the registry signs as npm's client does.
func TestSignatures(t *testing.T) {
	c := start(t, standin.Options{})
	key := c.get("/-/npm/v1/keys", 200)["keys"].([]any)[0].(object)
	der, err := base64.StdEncoding.DecodeString(key["key"].(string))
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	dist := c.get("/@acme%2fui/1.2.0", 200)["dist"].(object)
	one := dist["signatures"].([]any)[0].(object)
	signature, err := base64.StdEncoding.DecodeString(one["sig"].(string))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("@acme/ui@1.2.0:" + dist["integrity"].(string)))
	if one["keyid"] != key["keyid"] || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), sum[:], signature) {
		t.Errorf("signature %v by %v", one, key)
	}
}

func TestAttestations(t *testing.T) {
	c := start(t, with("private=yes"))
	dist := c.get("/@acme%2fcli/0.3.0+build.7", 200, bearer)["dist"].(object)
	address := dist["attestations"].(object)["url"].(string)
	if want := c.url + "/-/npm/v1/attestations/@acme%2fcli@0.3.0+build.7"; address != want {
		t.Errorf("they are at %s, want %s", address, want)
	}
	path := strings.TrimPrefix(address, c.url)
	_, text := c.ask("GET", path, "", bearer)
	var body struct {
		Attestations []struct {
			PredicateType string
			Bundle        struct{ DSSEEnvelope struct{ Payload string } }
		}
	}
	if err := json.Unmarshal(text, &body); err != nil || len(body.Attestations) != 2 {
		t.Fatalf("%s: %v", text, err)
	}
	for _, one := range body.Attestations {
		statement, err := base64.StdEncoding.DecodeString(one.Bundle.DSSEEnvelope.Payload)
		if err != nil || !bytes.Contains(statement, []byte(one.PredicateType)) || !bytes.Contains(statement, []byte("pkg:npm/%40acme/cli@0.3.0+build.7")) {
			t.Errorf("%s: %s, %v", one.PredicateType, statement, err)
		}
	}
	c.get(path, 404)
	for _, none := range []string{"@acme%2fui@1.2.0", "@acme%2fcli@9.9.9", "nobody@1.0.0", "x"} {
		c.get(fmt.Sprintf("/-/npm/v1/attestations/%s", none), 404, bearer)
	}
}
