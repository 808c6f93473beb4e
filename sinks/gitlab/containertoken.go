package gitlab

// Tokens for GitLab's container registry: GET /jwt/auth (app/controllers/jwt_controller.rb and
// app/services/auth/container_registry_authentication_service.rb in gitlabhq/gitlabhq;
// https://distribution.github.io/distribution/spec/auth/token/). A token is a JSON Web Token (RFC 7519). GitLab answers 200
// even when it grants less than was asked for, and only the registry refuses then, so what a token permits is read from it.
// Its signature is the registry's matter.

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	maxTokens      = 1 << 10          // that are kept; each has about 2 kB
	maxTokenAnswer = 256 << 10        // bytes
	usualLifetime  = 60 * time.Second // of a token that does not say, as the specification has it
	longLifetime   = 24 * time.Hour
)

// scope is what a token is asked for: actions on one repository.
type scope struct{ repository, actions string }

func pull(repository string) scope { return scope{repository, "pull"} }
func push(repository string) scope { return scope{repository, "pull,push"} }

func (s scope) String() string { return "repository:" + s.repository + ":" + s.actions }

// tokens gets them, and keeps them as long as they are good. Asking to push makes GitLab show the repository, even when
// nothing is pushed in the end, so who only looks asks to pull.
type tokens struct {
	gitlab *httpx.Client // signs in with a user name and GitLab's own token, at GitLab's own address
	known  memo[string, *grant]
}

// get returns a token for scopes. The first of them is what it must permit; the others are granted or not.
func (t *tokens) get(ctx context.Context, scopes ...scope) (*grant, error) {
	name := fmt.Sprint(scopes)
	ask := func(ctx context.Context) (*grant, error) { return t.ask(ctx, scopes) }
	g, err := t.known.get(ctx, name, ask)
	if err == nil && !g.fresh(time.Now()) {
		t.drop(g, scopes...)
		g, err = t.known.get(ctx, name, ask)
	}
	return g, err
}

// drop forgets a token, so that the next one who needs its scopes gets a new one.
func (t *tokens) drop(g *grant, scopes ...scope) {
	t.known.forget(fmt.Sprint(scopes), func(old *grant) bool { return old == g })
}

func (t *tokens) ask(ctx context.Context, scopes []scope) (*grant, error) {
	query := url.Values{"service": {"container_registry"}}
	for _, s := range scopes {
		query.Add("scope", s.String())
	}
	began := time.Now()
	var answer struct {
		Token string `json:"token"`
	}
	header, err := t.gitlab.GetJSON(ctx, t.gitlab.URL("jwt/auth", query), nil, maxTokenAnswer, &answer)
	if err != nil {
		return nil, fault.At(fault.Sink, noToken(err))
	}
	issued, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		issued = began
	}
	g, err := readToken(answer.Token, began, issued)
	if err != nil {
		return nil, fault.At(fault.Sink, fault.Because(artifact.TargetFailed, err))
	}
	if !g.permits(scopes[0]) {
		return nil, fault.At(fault.Sink, fault.Errorf(artifact.NotPermitted, "GitLab grants the token only %q on the image repository %s, where %s is needed: "+
			"the token needs the scope api, or read_registry and write_registry, its user the role Developer, and the project its container registry turned on",
			strings.Join(g.access[scopes[0].repository], ","), scopes[0].repository, scopes[0].actions))
	}
	return g, nil
}

// noToken is what a refusal of the token endpoint costs.
func noToken(err error) error {
	status := statusOf(err)
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden && says(err, "too many"):
		return fault.Stop(fmt.Errorf("GitLab does not accept the token for its container registry, which needs the scope api, or read_registry and write_registry: %w", err))
	case says(err, "protected repository path"):
		return fault.Because(artifact.Protected, err)
	case says(err, "storage limit"):
		return fault.Because(artifact.QuotaExceeded, err)
	case status == http.StatusForbidden:
		return fault.Because(artifact.NotPermitted, fmt.Errorf("the token may not use the container registry; it needs the scope api, or read_registry and write_registry: %w", err))
	case status == http.StatusNotFound:
		return fault.Because(artifact.TargetRejected, fmt.Errorf("this GitLab has no container registry, or it is turned off: %w", err))
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		return fault.Because(artifact.TargetRejected, err)
	}
	if status != 0 {
		err = fault.Temporary(err, 0) // a read that httpx gave up: GitLab may recover
	}
	return unanswered(err)
}

// grant is a token with what it permits.
type grant struct {
	token  string
	access map[string][]string // actions by repository
	until  time.Time           // when it is too old to begin a request with
}

func (g *grant) fresh(now time.Time) bool { return now.Before(g.until) }

func (g *grant) permits(s scope) bool {
	for action := range strings.SplitSeq(s.actions, ",") {
		if granted := g.access[s.repository]; !slices.Contains(granted, action) && !slices.Contains(granted, "*") {
			return false
		}
	}
	return true
}

// claims is what a token says, as far as it matters here. Times are seconds since 1970.
type claims struct {
	Expires float64 `json:"exp"`
	Issued  float64 `json:"iat"`
	Access  []struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	} `json:"access"`
}

// readToken reads a token that was asked for at began, by our clock, and answered at issued, by GitLab's: only GitLab's
// own times are compared with each other. It is given up an eighth of its life before its end.
func readToken(token string, began, issued time.Time) (*grant, error) {
	unreadable := func(why error) error {
		return fmt.Errorf("GitLab's answer to a request for a registry token is none: %w", why)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, unreadable(errors.New("no JSON Web Token"))
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil, unreadable(err)
	}
	var c claims
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, unreadable(err)
	}
	lifetime := usualLifetime
	if c.Expires > 0 {
		seconds := c.Expires - cmp.Or(c.Issued, float64(issued.Unix()))
		lifetime = time.Duration(max(0, min(seconds, longLifetime.Seconds())) * float64(time.Second))
	}
	g := &grant{token: token, access: make(map[string][]string), until: began.Add(lifetime - lifetime/8)}
	for _, one := range c.Access {
		if one.Type == "repository" {
			g.access[one.Name] = append(g.access[one.Name], one.Actions...)
		}
	}
	return g, nil
}

// bearer is the key of a context's token.
type bearer struct{}

// bearing is ctx for requests with a token.
func bearing(ctx context.Context, g *grant) context.Context {
	return context.WithValue(ctx, bearer{}, g.token)
}

// bearerAuth is the httpx.Auth of the registry's client: the token that the request was made with.
func bearerAuth(req *http.Request) {
	if token, ok := req.Context().Value(bearer{}).(string); ok {
		req.Header.Set("Authorization", "Bearer "+token)
	}
}
