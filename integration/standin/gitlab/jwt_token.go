package gitlab

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
)

// The JSON Web Tokens by which GitLab tells its registry who may do what: RFC 7519, signed as RS256, with the claims of
// GitLab's lib/json_web_token/token.rb and of registry/auth/token/token.go in gitlab-org/container-registry. GitLab names
// its key by "kid"; the certificate chain in "x5c" is what any other distribution registry can check as well.

const (
	registryIssuer  = "gitlab-issuer"
	registryService = "container_registry"
)

// claims are what a token says. A deploy token has no subject.
type claims struct {
	ID        string   `json:"jti"`
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub,omitempty"`
	Issuer    string   `json:"iss"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	Expires   int64    `json:"exp"`
	AuthType  string   `json:"auth_type"`
	Access    []access `json:"access"`
	User      string   `json:"user,omitempty"`
}

// access is what a token grants on one repository.
type access struct {
	Type    string      `json:"type"`
	Name    string      `json:"name"`
	Actions []string    `json:"actions"`
	Meta    *accessMeta `json:"meta,omitempty"`
}

type accessMeta struct {
	ProjectPath   string              `json:"project_path"`
	ProjectID     int                 `json:"project_id"`
	RootID        int                 `json:"root_namespace_id"`
	DenyPatterns  map[string][]string `json:"tag_deny_access_patterns,omitzero"`
	FixedPatterns []string            `json:"tag_immutable_patterns,omitempty"`
}

// grant is what the token says of a repository; nil when it says nothing.
func (c claims) grant(name string) *access {
	i := slices.IndexFunc(c.Access, func(a access) bool { return a.Type == "repository" && a.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Access[i]
}

// allows tells whether the token grants an action; only GitLab itself is ever granted "*".
func (c claims) allows(kind, name, action string) bool {
	return slices.ContainsFunc(c.Access, func(a access) bool {
		return a.Type == kind && a.Name == name && slices.Contains(a.Actions, action)
	})
}

// signer holds the key that signs tokens, and its certificate.
type signer struct {
	key         *rsa.PrivateKey
	certificate []byte // DER
}

// theSigner is made once per process, since a key takes time.
var theSigner = sync.OnceValues(func() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: registryIssuer},
		NotBefore: epoch, NotAfter: epoch.AddDate(75, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return &signer{key, certificate}, err
})

// bundle is the certificate as the rootcertbundle of a registry.
func (s *signer) bundle() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate})
}

func (s *signer) sign(payload any) (string, error) {
	header, err := json.Marshal(map[string]any{
		"typ": "JWT", "alg": "RS256", "x5c": []string{base64.StdEncoding.EncodeToString(s.certificate)},
	})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

var errInvalidToken = errors.New("invalid token")

// verify reads a token that this process signed. The registry accepts one for leeway longer than it is valid.
func (s *signer) verify(token string, now time.Time, leeway time.Duration) (c claims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errInvalidToken
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return c, errInvalidToken
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return c, errInvalidToken
	}
	body, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &c) != nil {
		return c, errInvalidToken
	}
	if c.Issuer != registryIssuer || c.Audience != registryService ||
		now.After(time.Unix(c.Expires, 0).Add(leeway)) || now.Before(time.Unix(c.NotBefore, 0).Add(-leeway)) {
		return c, errInvalidToken
	}
	return c, nil
}
