package dockerhub

// The tokens of the API and of the registry: JSON Web Tokens (RFC 7519), here signed as HS256, since nobody but this
// server checks them.

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// The audiences: a token of one role is none of the other.
const (
	hubAudience      = "https://hub.docker.com"
	registryAudience = "registry.docker.io"
)

// claims are what a token says.
type claims struct {
	Audience  string   `json:"aud"`
	Issuer    string   `json:"iss"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	Expires   int64    `json:"exp"`
	ID        int64    `json:"jti"`
	Subject   subject  `json:"sub"`
	Access    []access `json:"access,omitempty"`
}

// access is what a token of the registry grants on one repository.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// allows tells whether the token grants an action on a repository.
func (c claims) allows(repository, action string) bool {
	return slices.ContainsFunc(c.Access, func(a access) bool {
		return a.Type == "repository" && a.Name == repository && slices.Contains(a.Actions, action)
	})
}

// keys sign tokens, and know which were withdrawn.
type keys struct {
	key     []byte
	last    atomic.Int64 // the number of the newest token
	expired atomic.Int64 // tokens up to this one are good no more
}

func (k *keys) make() {
	k.key = make([]byte, 32)
	_, _ = rand.Read(k.key) // it never fails
}

// expire ends every token that was issued.
func (k *keys) expire() { k.expired.Store(k.last.Load()) }

// sign issues a token that is good for a while.
func (k *keys) sign(c claims, now time.Time, lifetime time.Duration) string {
	c.Issuer, c.ID = "dockerhub stand-in", k.last.Add(1)
	c.IssuedAt, c.NotBefore, c.Expires = now.Unix(), now.Unix(), now.Add(lifetime).Unix()
	body, _ := json.Marshal(c) // it has nothing that JSON has not
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(body)
	return text + "." + encode(k.mac(text))
}

func (k *keys) mac(text string) []byte {
	mac := hmac.New(sha256.New, k.key)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)
}

// The reasons for which a token is not taken.
var (
	errForeign = errors.New("this token was issued for another audience, or by somebody else")
	errExpired = errors.New("this token has expired")
)

// verify reads a token that was signed here for an audience.
func (k *keys) verify(token, audience string, now time.Time) (c claims, err error) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return c, errForeign
	}
	decode := base64.RawURLEncoding.Strict().DecodeString
	signature, err := decode(token[at+1:])
	if err != nil || !hmac.Equal(signature, k.mac(token[:at])) {
		return c, errForeign
	}
	_, text, _ := strings.Cut(token[:at], ".")
	body, err := decode(text)
	if err != nil || json.Unmarshal(body, &c) != nil || c.Audience != audience {
		return c, errForeign
	}
	if now.Unix() >= c.Expires || c.ID <= k.expired.Load() {
		return c, errExpired
	}
	return c, nil
}
