package oci

// Tokens (https://distribution.github.io/distribution/spec/auth/token/): a registry answers 401 with a Bearer challenge that
// names a token service; it gives a token for a scope, and the request is sent again with it. A service grants less than
// was asked for without a word, and only the registry refuses then.

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	maxAnswer = 256 << 10 // bytes of a token service's
	maxTokens = 1 << 10   // that are kept; each has about 2 kB
	// usualLifetime is that of a token whose answer does not say, and the least that clients count with.
	usualLifetime = 60 * time.Second
)

// bearer is the key of a context's token.
type bearer struct{}

// tokens are those of one registry, by their scopes.
type tokens struct {
	client  *httpx.Client
	base    *url.URL // of the registry
	service *url.URL // that Login may go to beside base; nil: none
	login   httpx.Auth

	mu    sync.Mutex
	ask   *challenge // what the registry asked for last; nil: it asked for no token yet
	known map[string]*token
}

// token is one token on its way or there; done is closed when it is.
type token struct {
	done      chan struct{}
	text      string
	until     time.Time
	err       error
	abandoned bool // who asked for it went away first, which says nothing to others
}

// challenge is what a registry asks for.
type challenge struct {
	realm          *url.URL
	service, scope string
}

func newTokens(client *httpx.Client, base *url.URL, o Options) *tokens {
	return &tokens{client: client, base: base, service: o.TokenService, login: o.Login, known: map[string]*token{}}
}

// signed sends a request about a repository ("" for the catalog), with a token where the registry wants one, and once
// more with a new one when it is refused.
func (r *Registry) signed(ctx context.Context, repository string, send func(context.Context) error) error {
	with, first, err := r.tokens.bearing(ctx, repository)
	if err != nil {
		return err
	}
	err = send(with)
	if status(err) != http.StatusUnauthorized {
		return err
	}
	answer := cost(err).(*httpx.StatusError) //nolint:errorlint,forcetypeassert // a status comes from nothing else
	parameters, ok := httpx.BearerChallenge(answer.Header)
	if !ok {
		return err
	}
	if parameters["error"] == "insufficient_scope" && first != nil {
		return err // a newer token is no better
	}
	if failed := r.tokens.challenged(parameters, repository, first); failed != nil {
		if r.options.Direct && r.options.Login != nil {
			return err // the login itself was refused: where a token would be had does not matter
		}
		return failed
	}
	with, _, failed := r.tokens.bearing(ctx, repository)
	if failed != nil {
		return failed
	}
	return send(with)
}

// challenged takes note of what the registry asks for, and forgets the token that it refused.
func (t *tokens) challenged(parameters map[string]string, repository string, refused *token) error {
	realm, err := url.Parse(parameters["realm"])
	if err != nil || realm.Host == "" || realm.User != nil {
		return fault.At(fault.Source, fault.Errorf(artifact.SourceFailed, "the registry's token service has no address: %.200q", parameters["realm"]))
	}
	if t.login != nil && !sameHost(realm, t.base) && (t.service == nil || !sameHost(realm, t.service)) {
		return fault.Stop(fault.At(fault.Source, fault.Errorf(artifact.NotPermitted,
			"the registry at %s takes tokens from %s, and no credentials go to a host that the configuration does not name", t.base.Host, realm.Host)))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ask = &challenge{realm: realm, service: parameters["service"], scope: parameters["scope"]}
	key := t.scope(repository)
	if refused == nil || t.known[key] == refused {
		delete(t.known, key)
	}
	return nil
}

// sameHost compares scheme, host and port. Servers write the port of https into their addresses, too.
func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	usual := map[string]string{"http": "80", "https": "443"}
	return cmp.Or(u.Port(), usual[strings.ToLower(u.Scheme)])
}

// scope is what a token for a repository is asked for, in the registry's own words where it named one for all.
func (t *tokens) scope(repository string) string {
	switch {
	case repository == "":
		return "registry:catalog:*"
	case strings.HasPrefix(t.ask.scope, "repository:*:"):
		return t.ask.scope
	}
	return "repository:" + repository + ":pull"
}

// bearing is ctx with a token for a repository; as it is while the registry has asked for none. Of those that want the
// same token at once, one asks for it and the others wait; when it goes away meanwhile, the next one asks.
func (t *tokens) bearing(ctx context.Context, repository string) (context.Context, *token, error) {
	for {
		one, fetch := t.claim(repository)
		if one == nil {
			return ctx, nil, nil
		}
		if fetch != nil {
			fetch(ctx)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			return ctx, nil, ctx.Err()
		}
		switch {
		case one.err == nil:
			return context.WithValue(ctx, bearer{}, one.text), one, nil
		case fetch != nil, !one.abandoned:
			return ctx, nil, one.err
		}
	}
}

// claim finds the token for a repository, nil while the registry has asked for none. With fetch, it is the caller's to get.
func (t *tokens) claim(repository string) (one *token, fetch func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ask == nil {
		return nil, nil
	}
	ask, key := *t.ask, t.scope(repository)
	if one = t.known[key]; one != nil && !one.over(time.Now()) {
		return one, nil
	}
	if len(t.known) >= maxTokens {
		clear(t.known)
	}
	one = &token{done: make(chan struct{})}
	t.known[key] = one
	return one, func(ctx context.Context) {
		defer close(one.done)
		t.fetch(ctx, ask, key, one)
		if one.err != nil {
			t.forget(key, one)
		}
	}
}

// over tells that a token is too old to begin a request with. One on its way is not.
func (o *token) over(now time.Time) bool {
	select {
	case <-o.done:
		return !now.Before(o.until)
	default:
		return false
	}
}

func (t *tokens) forget(key string, one *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[key] == one {
		delete(t.known, key)
	}
}

// fetch asks the service. A token is given up an eighth of its life before its end.
func (t *tokens) fetch(ctx context.Context, ask challenge, scope string, one *token) {
	var answer struct {
		Token   string  `json:"token"`
		Access  string  `json:"access_token"`
		Expires float64 `json:"expires_in"` // seconds
	}
	realm := *ask.realm
	query := realm.Query()
	if ask.service != "" {
		query.Set("service", ask.service)
	}
	query.Set("scope", scope)
	realm.RawQuery, realm.Fragment = query.Encode(), ""
	began := time.Now()
	service, err := t.client.Beside(&url.URL{Scheme: realm.Scheme, Host: realm.Host}, t.login)
	if err == nil {
		_, err = service.GetJSON(ctx, &realm, nil, maxAnswer, &answer)
	}
	one.text = cmp.Or(answer.Token, answer.Access)
	switch {
	case err != nil && ctx.Err() != nil:
		err, one.abandoned = ctx.Err(), true
	case status(err) == http.StatusUnauthorized && t.login == nil:
		err = fault.Stop(fault.Because(artifact.NotPermitted, fmt.Errorf("the token service gives nobody a token without a user and a password: %w", err)))
	case status(err) == http.StatusUnauthorized:
		err = fault.Stop(fault.Because(artifact.NotPermitted, fmt.Errorf("the token service refuses this user and password: %w", err)))
	case err == nil && one.text == "":
		err = fmt.Errorf("the token service at %s answers without a token", realm.Host)
	case err == nil && strings.ContainsFunc(one.text, func(r rune) bool { return r < ' ' || r >= 0x7f }):
		err = fmt.Errorf("the token of the service at %s has characters that no header takes", realm.Host)
	}
	one.err = fault.At(fault.Source, err)
	lifetime := max(usualLifetime, time.Duration(min(answer.Expires, 24*3600)*float64(time.Second)))
	one.until = began.Add(lifetime - lifetime/8)
}
