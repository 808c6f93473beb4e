package npmjs

// What the registry signs, npm Docs "About registry signatures": name@version:integrity with ECDSA on P-256, by keys at
// /-/npm/v1/keys; and where packages were built, npm Docs "Generating provenance statements" and npm/cli pacote
// lib/registry.js: Sigstore bundles at /-/npm/v1/attestations/{name}@{version}. The bundles hold the right statements in
// envelopes that nobody signed.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// The two kinds of statements that npm stores.
const (
	provenanceType = "https://slsa.dev/provenance/v1"
	publishType    = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
)

// signer is the registry's key.
type signer struct {
	private *ecdsa.PrivateKey
	id, der string
}

func newSigner() (signer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return signer{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return signer{}, err
	}
	sum := sha256.Sum256(der)
	return signer{private, "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(der)}, nil
}

// sign always gives the same signature of the same text (RFC 6979).
func (k signer) sign(text string) string {
	sum := sha256.Sum256([]byte(text))
	signature, err := ecdsa.SignASN1(nil, k.private, sum[:])
	if err != nil {
		panic(err) // a key of our own making signs
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// keys answers /-/npm/v1/keys.
func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, object{"keys": []object{{
		"expires": nil, "keyid": s.key.id, "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256", "key": s.key.der,
	}}})
}

// attestations answers /-/npm/v1/attestations/{name}@{version}.
func (s *Server) attestations(w http.ResponseWriter, r *http.Request, of string) {
	at := strings.LastIndexByte(of, '@')
	name, version := of[:max(at, 0)], of[at+1:]
	if s.hidden(w, r, name) {
		return
	}
	p := s.snapshot(name)
	if p == nil || p.release(version) == nil || !p.release(version).attested {
		notFound(w, r)
		return
	}
	one := p.release(version)
	one.digest()
	send(w, http.StatusOK, object{"attestations": []object{bundle(publishType, name, one), bundle(provenanceType, name, one)}})
}

func bundle(kind, name string, of *release) object {
	sum, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(of.integrity, "sha512-"))
	statement, _ := json.Marshal(object{
		"_type": "https://in-toto.io/Statement/v1", "predicateType": kind,
		"subject":   []object{{"name": "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + of.version, "digest": object{"sha512": hex.EncodeToString(sum)}}},
		"predicate": object{"name": name, "version": of.version},
	})
	return object{"predicateType": kind, "bundle": object{
		"mediaType":            "application/vnd.dev.sigstore.bundle+json;version=0.3",
		"verificationMaterial": object{"publicKey": object{"hint": "nobody"}, "tlogEntries": []object{}},
		"dsseEnvelope": object{
			"payload": base64.StdEncoding.EncodeToString(statement), "payloadType": "application/vnd.in-toto+json",
			"signatures": []object{{"keyid": "", "sig": ""}},
		},
	}}
}
