// Answers that are no success: RFC 9110, section 15; problem details: RFC 9457; the bodies of registries.

package httpx

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

const (
	maxErrorBody = 2 << 10
	maxReason    = 500
)

// StatusError is an answer that is not a success.
type StatusError struct {
	Status     int
	Method     string
	URL        string        // redacted
	Body       string        // at most 2 KiB, redacted
	Header     http.Header   // without cookies; not for display
	RetryAfter time.Duration // what the server asked for; 0 when it did not
	Name       string        // Options.Name

	phrase  string // the reason phrase, where it says more than the status
	foreign bool   // it came from a host that we were redirected to
	quota   bool   // a quota is used up, see Quota
}

// refusesLogin tells that the server does not accept who we say we are: 401, or Nexus' 429 for a user name with too many
// failed sign-ins, which every further request prolongs. At a host that a redirect led to, no credential was sent.
func (e *StatusError) refusesLogin() bool {
	tooMany := e.Status == http.StatusTooManyRequests && strings.Contains(e.Body, "authentication attempts")
	return !e.foreign && (e.Status == http.StatusUnauthorized || tooMany)
}

// Error names the side, the request, the status and the server's reason.
func (e *StatusError) Error() string {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
	text := fmt.Sprintf("%s: %s %s: %s", e.Name, e.Method, e.URL, status)
	if reason := e.Message(); reason != "" && !strings.HasSuffix(status, reason) {
		text += ": " + reason
	}
	if e.foreign && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		text += " (a redirect led there, and credentials stay at home)"
	}
	if e.Status/100 == 3 {
		text += " to " + e.Header.Get("Location")
	}
	return text
}

// Message is the server's reason: the JSON body's message, else its detail, else its error, else what the body says in
// plain words; the reason phrase where the body is empty or a page.
func (e *StatusError) Message() string {
	body := strings.TrimSpace(e.Body)
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		var value any
		if json.Unmarshal([]byte(body), &value) == nil {
			if reason := reasonIn(value, 0); reason != "" {
				return short(reason)
			}
		} else if found := cutReason.FindStringSubmatch(body); found != nil {
			return short(found[1])
		}
	}
	if e.phrase != "" && (body == "" || strings.HasPrefix(body, "<")) {
		return short(e.phrase)
	}
	return short(body)
}

// cutReason finds the reason in JSON that was cut at the cap.
var cutReason = regexp.MustCompile(`"(?:message|detail|error)"\s*:\s*"((?:[^"\\]|\\.)*)`)

// reasonIn looks for the words in the shapes that registries answer with: {"message":"…"}, {"message":{"error":"…"}},
// {"message":{"name":["is invalid"]}}, {"errors":[{"code":"…","message":"…"}]}, [{"id":"*","message":"…"}].
func reasonIn(value any, depth int) string {
	if depth > 4 {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case []any:
		var all []string
		for _, one := range v {
			if reason := reasonIn(one, depth+1); reason != "" {
				all = append(all, reason)
			}
		}
		return strings.Join(all, "; ")
	case map[string]any:
		for _, key := range []string{"message", "detail", "error", "errors", "error_description", "reason", "title", "status-message"} {
			if reason := reasonIn(v[key], depth+1); reason != "" {
				return reason
			}
		}
		if depth > 0 {
			return fields(v)
		}
	}
	return ""
}

// fields puts validation messages into one line.
func fields(v map[string]any) string {
	text, err := json.Marshal(v)
	if err != nil || len(v) == 0 {
		return ""
	}
	return string(text)
}

var (
	hidden = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>|<!--.*?-->`)
	title  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// plain is text without markup, on one line, with nothing that could steer a terminal.
func plain(body []byte) string {
	text := strings.ToValidUTF8(string(body), "�")
	if strings.HasPrefix(strings.TrimSpace(text), "<") {
		name := ""
		if found := title.FindStringSubmatch(text); found != nil {
			name = found[1] + ": "
		}
		text = name + tags.ReplaceAllString(hidden.ReplaceAllString(text, " "), " ")
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	return strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ":")
}

func short(text string) string {
	text = plain([]byte(text))
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

func clip(body []byte, n int) []byte { return body[:min(n, len(body))] }

// statusError reads what the server says, as far as it is kept, and closes the response.
func (c *Client) statusError(resp *http.Response) *StatusError {
	defer resp.Body.Close()
	// What was read before it failed is better than nothing. A little more than the cap is read, so that a connection can
	// be used again and a secret at the cap is seen whole.
	limit := 2*maxErrorBody + c.mask.longest()
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, int64(limit)))
	body := c.mask.cut(string(raw), len(raw) == limit, maxErrorBody)
	header := resp.Header.Clone()
	header.Del("Set-Cookie")
	if to := header.Get("Location"); to != "" {
		header.Set("Location", c.mask.text(to))
	}
	s := readSignals(resp.Header, time.Now())
	wait := s.retryAfter
	if wait == 0 && resp.StatusCode == http.StatusTooManyRequests {
		wait = s.reset
	}
	e := &StatusError{
		Status: resp.StatusCode, Method: resp.Request.Method, URL: c.mask.url(resp.Request.URL), Body: body, Header: header,
		RetryAfter: wait, Name: c.o.Name, foreign: !sameOrigin(resp.Request.URL, c.o.Base),
		quota: overQuota(resp.Request.Context(), resp),
	}
	if _, phrase, ok := strings.Cut(resp.Status, " "); ok && phrase != http.StatusText(resp.StatusCode) {
		e.phrase = c.mask.text(phrase)
	}
	return e
}
