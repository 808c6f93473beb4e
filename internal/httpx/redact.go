// Credentials in texts: Basic (RFC 7617), Bearer (RFC 6750), JWT (RFC 7519), signed query strings (AWS Signature
// Version 4), and the tokens of registries by their prefixes.

package httpx

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	masked = "***"
	// shortestSecret is how long a text must be to be masked wherever it appears: shorter ones are in every text.
	shortestSecret = 4
	// maxLearned bounds how many credentials are remembered; short-lived tokens come and go.
	maxLearned = 256
)

// mask takes credentials out of texts that people will read: the configured ones and those that were sent, in any usual
// encoding, and whatever looks like one.
type mask struct {
	mu      sync.RWMutex
	forms   []string // longest first
	learned []string // header values, oldest first
}

func newMask(secrets []string) *mask {
	m := &mask{}
	for _, secret := range secrets {
		m.add(secret)
	}
	return m
}

func (m *mask) add(secret string) {
	for _, form := range formsOf(secret) {
		if !slices.Contains(m.forms, form) {
			m.forms = append(m.forms, form)
		}
	}
	slices.SortStableFunc(m.forms, func(a, b string) int { return len(b) - len(a) })
}

// formsOf are the ways in which a secret is written: plain, in a URL, in JSON, in hex, and in base64, where it may stand
// behind a user name of any length.
func formsOf(secret string) []string {
	if len(secret) < shortestSecret {
		return nil
	}
	quoted, _ := json.Marshal(secret)
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	forms := []string{secret, strings.Trim(string(quoted), `"`), query, path, lowerEscapes(query), lowerEscapes(path)}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(secret)))
		for shift := range 3 {
			before := make([]byte, shift)
			text := encoding.EncodeToString(append(before, secret...))
			from := []int{0, 2, 3}[shift]               // characters that hold bits of what stands before
			to := (shift + len(secret)) / 3 * 4         // characters that hold none of what follows
			if inner := text[from:to]; len(inner) > 5 { // shorter ones are in every text
				forms = append(forms, inner)
			}
		}
	}
	slices.Sort(forms)
	return slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return len(form) < shortestSecret })
}

var escape = regexp.MustCompile(`%[0-9A-F]{2}`)

func lowerEscapes(s string) string { return escape.ReplaceAllStringFunc(s, strings.ToLower) }

// credentialHeader names the headers whose values are credentials.
var credentialHeader = regexp.MustCompile(`(?i)^(proxy-)?authorization$|^cookie$|token|secret|passw|api-?key|otp$|x-jfrog-art-api`)

// learn remembers the credentials that a request carries.
func (m *mask) learn(header http.Header) {
	for name, values := range header {
		if !credentialHeader.MatchString(name) {
			continue
		}
		for _, value := range values {
			if scheme, rest, ok := strings.Cut(value, " "); ok && len(scheme) < 10 {
				value = rest
			}
			m.remember(value)
		}
	}
}

func (m *mask) remember(value string) {
	m.mu.RLock()
	known := slices.Contains(m.learned, value)
	m.mu.RUnlock()
	if known || len(value) < shortestSecret {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.learned) >= maxLearned {
		m.learned = slices.Delete(m.learned, 0, 1)
	}
	m.learned = append(m.learned, value)
}

// all are the texts to mask, longest first.
func (m *mask) all() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	forms := slices.Clone(m.forms)
	for _, value := range m.learned {
		forms = append(forms, formsOf(value)...)
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil { // Basic: user:password
			if _, password, ok := strings.Cut(string(plain), ":"); ok {
				forms = append(forms, formsOf(password)...)
			}
		}
	}
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	return forms
}

// longest is the length of the longest text to mask.
func (m *mask) longest() int {
	if forms := m.all(); len(forms) > 0 {
		return len(forms[0])
	}
	return 0
}

// secretName are names that mean a credential.
const secretName = `(?:x-amz-[\w-]+|x-goog-[\w-]+|[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|signature|credentials?|api[_-]?key|jwt|session(?:id)?|art-api))` //nolint:gosec // names of credentials, none of their values

// vagueName are names that mean a credential in a query only.
const vagueName = `(?:key-pair-id|policy|sig|auth|_state)`

var looksSecret = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`(?i)(://)[^/\s@"'<>]*@`), "${1}" + masked + "@"},
	{regexp.MustCompile(`(?i)((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token|digest|negotiate)\s+)?)[^\s"',;<>]+`), "${1}" + masked},
	{regexp.MustCompile(`(?i)\b((?:basic|bearer)\s+)[A-Za-z0-9+/=_.~-]{8,}`), "${1}" + masked},
	{regexp.MustCompile(`(?i)((?:^|[^\w.-])` + secretName + `(?:["']?\s*:\s*["']?|=["']?))[^\s"'&;,<>]+`), "${1}" + masked},
	{regexp.MustCompile(`(?i)([?&;]` + vagueName + `=)[^\s"'&;,<>]+`), "${1}" + masked},
	{regexp.MustCompile(`\b(?:gl(?:pat|dt|ptt|rt|cbt|soat|ft|imt|agent|oas)-|npm_|gh[opsu]_|dckr_[a-z]+_|NpmToken\.|DockerToken\.|AKC)[A-Za-z0-9_.-]{8,}`), masked},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`), masked},
}

// text is s without credentials.
func (m *mask) text(s string) string {
	s = m.exact(s)
	for _, rule := range looksSecret {
		s = rule.find.ReplaceAllString(s, rule.put)
	}
	return s
}

func (m *mask) exact(s string) string {
	for _, form := range m.all() {
		s = strings.ReplaceAll(s, form, masked)
	}
	return s
}

// cut is s without credentials and at most n bytes long. Where only a part of the text was read, a credential that it
// ends within goes, too.
func (m *mask) cut(s string, part bool, n int) string {
	for _, form := range m.all() {
		for size := min(len(form)-1, len(s)); part && size >= shortestSecret; size-- {
			if strings.HasSuffix(s, form[:size]) {
				s = s[:len(s)-size]
				break
			}
		}
	}
	s = m.text(s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

var secretQuery = regexp.MustCompile(`(?i)^(?:` + secretName + `|` + vagueName + `)$`)

// url is u without user, password, and the values of a query that could be a credential.
func (m *mask) url(u *url.URL) string {
	shown := *u
	shown.User = nil
	if shown.RawQuery != "" {
		pairs := strings.Split(shown.RawQuery, "&")
		for i, pair := range pairs {
			name, _, _ := strings.Cut(pair, "=")
			plain, err := url.QueryUnescape(name)
			if err != nil || secretQuery.MatchString(plain) && !strings.EqualFold(plain, "continuationToken") {
				pairs[i] = name + "=" + masked
			}
		}
		shown.RawQuery = strings.Join(pairs, "&")
	}
	return m.exact(shown.String())
}
