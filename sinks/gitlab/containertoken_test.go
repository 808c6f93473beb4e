package gitlab

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// unsigned is a token with these claims.
func unsigned(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestReadToken(t *testing.T) {
	began := time.Unix(1_000_000, 0)      // by our clock
	issued := time.Unix(2_000_000_000, 0) // by GitLab's
	for name, c := range map[string]struct {
		token string
		life  time.Duration // until it is given up; negative: it can not be read
	}{
		"five minutes":      {unsigned(`{"iat":2000000000,"nbf":1999999995,"exp":2000000300}`), 300 * time.Second * 7 / 8},
		"one second":        {unsigned(`{"iat":2000000000,"exp":2000000001}`), 875 * time.Millisecond},
		"fractions":         {unsigned(`{"iat":2000000000.5,"exp":2000000001.0}`), 437500 * time.Microsecond},
		"issued is unsaid":  {unsigned(`{"exp":2000000300}`), 300 * time.Second * 7 / 8},
		"expired":           {unsigned(`{"iat":2000000000,"exp":1999999999}`), 0},
		"no times":          {unsigned(`{}`), 60 * time.Second * 7 / 8},
		"for ever":          {unsigned(`{"iat":1,"exp":1e300}`), 24 * time.Hour * 7 / 8},
		"padded":            {"e30." + base64.URLEncoding.EncodeToString([]byte(`{"iat":1,"exp":9}`)) + ".c2ln", 7 * time.Second},
		"opaque":            {"abcdef", -1},
		"not base64":        {"e30.!!!.c2ln", -1},
		"not JSON":          {unsigned(`{`), -1},
		"not the right one": {unsigned(`{"exp":"soon"}`), -1},
		"empty":             {"", -1},
	} {
		g, err := readToken(c.token, began, issued)
		switch {
		case (err == nil) != (c.life >= 0):
			t.Errorf("%s: %v", name, err)
		case err == nil && (!g.until.Equal(began.Add(c.life)) || g.fresh(g.until) || c.life > 0 && !g.fresh(began)):
			t.Errorf("%s: until %s, want %s", name, g.until.Sub(began), c.life)
		}
	}
}

func TestGrants(t *testing.T) {
	g, err := readToken(unsigned(`{"access":[{"type":"repository","name":"a/b","actions":["pull"]},{"type":"registry","name":"catalog","actions":["*"]},
		{"type":"repository","name":"a/b","actions":["push"]},{"type":"repository","name":"a/c","actions":["pull"]},{"type":"repository","name":"a/d","actions":["*"]}]}`),
		time.Now(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[scope]bool{
		push("a/b"): true, pull("a/b"): true, pull("a/c"): true, push("a/c"): false, push("a/d"): true, pull("a/e"): false, pull("catalog"): false,
	} {
		if g.permits(s) != want {
			t.Errorf("%s: permitted %v", s, !want)
		}
	}
}

// tokenServer is GitLab's token endpoint, which answers the n-th request with answer(n, its scopes).
type tokenServer struct {
	*tokens
	mu    sync.Mutex
	asked [][]string
}

func serveTokens(t *testing.T, answer func(n int, w http.ResponseWriter, scopes []string)) *tokenServer {
	t.Helper()
	s := &tokenServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		query := r.URL.Query()
		s.asked = append(s.asked, query["scope"])
		user, password, _ := r.BasicAuth()
		if r.URL.Path != "/gitlab/jwt/auth" || query.Get("service") != "container_registry" || user != "anna" || password != "secret-token" {
			t.Errorf("%s by %s:%s", r.URL, user, password)
		}
		answer(len(s.asked), w, query["scope"])
	}))
	t.Cleanup(server.Close)
	base, _ := url.Parse(server.URL + "/gitlab")
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Auth: httpx.Basic("anna", "secret-token"), Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	s.tokens = &tokens{gitlab: client}
	return s
}

// granting answers with a token of some lifetime for all scopes but those of denied repositories.
func granting(life int, denied ...string) func(int, http.ResponseWriter, []string) {
	return func(_ int, w http.ResponseWriter, scopes []string) {
		access := []map[string]any{}
		for _, one := range scopes {
			part := strings.Split(one, ":")
			if !slices.Contains(denied, part[1]) {
				access = append(access, map[string]any{"type": part[0], "name": part[1], "actions": strings.Split(part[2], ",")})
			}
		}
		text, _ := json.Marshal(map[string]any{"iat": 1_000_000_000, "exp": 1_000_000_000 + life, "access": access})
		_ = json.NewEncoder(w).Encode(map[string]string{"token": unsigned(string(text))})
	}
}

func TestTokensAreKept(t *testing.T) {
	s := serveTokens(t, granting(300))
	get := func(scopes ...scope) *grant {
		g, err := s.get(t.Context(), scopes...)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { get(pull("a/b")) })
	}
	all.Wait()
	first := get(push("a/b"), pull("c/d"))
	if get(push("a/b"), pull("c/d")) != first {
		t.Error("another token for the same scopes")
	}
	s.drop(first, push("a/b"), pull("c/d"))
	if get(push("a/b"), pull("c/d")) == first {
		t.Error("a token that was dropped is given out again")
	}
	s.drop(first, push("a/b"), pull("c/d")) // by another worker that had it: the new one stays
	get(push("a/b"), pull("c/d"))
	want := [][]string{{"repository:a/b:pull"}, {"repository:a/b:pull,push", "repository:c/d:pull"}, {"repository:a/b:pull,push", "repository:c/d:pull"}}
	if fmt.Sprint(s.asked) != fmt.Sprint(want) {
		t.Errorf("asked for %v, want %v", s.asked, want)
	}
}

// A token without a life left is good for the one request that it was asked for.
func TestTokensThatExpireAtOnce(t *testing.T) {
	s := serveTokens(t, granting(0))
	for n := 1; n < 4; n++ {
		if _, err := s.get(t.Context(), pull("a/b")); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.asked) < 3 {
		t.Errorf("%d requests for three tokens", len(s.asked))
	}
}

func TestReducedGrants(t *testing.T) {
	s := serveTokens(t, granting(300, "a/b"))
	_, err := s.get(t.Context(), push("a/b"))
	if fault.CodeOf(err) != string(artifact.NotPermitted) || fault.SideOf(err) != fault.Sink || fault.IsStop(err) {
		t.Errorf("reason %q: %v", fault.CodeOf(err), err)
	}
	for _, part := range []string{"a/b", "pull,push", "Developer", "write_registry"} {
		if err != nil && !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	g, err := s.get(t.Context(), push("c/d"), pull("a/b"))
	if err != nil || g.permits(pull("a/b")) || !g.permits(push("c/d")) {
		t.Errorf("the second scope need not be granted: %v", err)
	}
}

func TestRefusedTokens(t *testing.T) {
	deny := func(code, message string) string {
		return `{"errors":[{"code":"` + code + `","message":"` + message + `"}],"http_status":403}`
	}
	for name, c := range map[string]struct {
		status    int
		body      string
		reason    artifact.Reason
		stop      bool
		temporary bool
	}{
		"wrong token":    {401, deny("UNAUTHORIZED", "HTTP Basic: Access denied."), "", true, false},
		"no ability":     {403, deny("DENIED", "access forbidden"), artifact.NotPermitted, false, false},
		"protected":      {403, deny("DENIED", "Pushing to protected repository path forbidden"), artifact.Protected, false, false},
		"blocked":        {403, deny("DENIED", "Access denied: too many failed authentication attempts from this network"), "", true, false},
		"full":           {403, deny("DENIED", "Your action has been rejected because the namespace storage limit has been reached."), artifact.QuotaExceeded, false, false},
		"no registry":    {404, deny("UNAVAILABLE", "registry not enabled"), artifact.TargetRejected, false, false},
		"failing":        {500, "500 Internal Server Error", artifact.TargetFailed, false, true},
		"no JSON":        {200, "<html>sign in</html>", artifact.TargetFailed, false, false},
		"no token in it": {200, `{"token":null}`, artifact.TargetFailed, false, false},
		"not a token":    {200, `{"token":"abc"}`, artifact.TargetFailed, false, false},
	} {
		s := serveTokens(t, func(_ int, w http.ResponseWriter, _ []string) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		_, err := s.get(t.Context(), push("a/b"))
		_, temporary := fault.IsTemporary(err)
		if err == nil || fault.CodeOf(err) != string(c.reason) || fault.IsStop(err) != c.stop || temporary != c.temporary || fault.SideOf(err) != fault.Sink {
			t.Errorf("%s: reason %q, stop %v, temporary %v, side %q: %v", name, fault.CodeOf(err), fault.IsStop(err), temporary, fault.SideOf(err), err)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(unsigned(`{"iat":1,"exp":2,"access":[{"type":"repository","name":"a","actions":["pull"]}]}`))
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, token string) {
		now := time.Now()
		if g, err := readToken(token, now, now); err == nil && (g.until.Before(now) || g.until.After(now.Add(longLifetime))) {
			t.Errorf("a token of %s", g.until.Sub(now))
		}
	})
}
