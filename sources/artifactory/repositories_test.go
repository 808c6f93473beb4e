package artifactory

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	art "pkgferry/integration/standin/artifactory"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

func TestWhichRepositories(t *testing.T) {
	s := start(t, "small")
	for _, c := range []struct {
		patterns []string
		want     []string // of those that contain "lib", "central", "npm" or "auto"
		says     string
	}{
		{nil, []string{"libs-federated-local", "libs-release-local", "libs-snapshot-local", "npm-local"}, ""},
		{[]string{"libs-*", "!*-snapshot-*"}, []string{"libs-federated-local", "libs-release-local"}, ""},
		{[]string{"*"}, []string{"libs-federated-local", "libs-release-local", "libs-snapshot-local", "npm-local"}, ""},
		{[]string{"npm-local", art.Central}, []string{"central-remote-cache", "npm-local"}, ""},
		{[]string{art.Central + "-cache"}, []string{"central-remote-cache"}, ""},
		{[]string{"central-*", "npm-local"}, []string{"npm-local"}, ""},
		{[]string{art.Virtual}, nil, "is virtual"},
		{[]string{"nothing-like-it-*"}, nil, "no repository is selected; the user can read"},
		{[]string{"not-there", "npm-local"}, nil, "no repository not-there"},
		{[]string{art.Trash}, nil, "no repository auto-trashcan"},
		{[]string{"artifactory-build-info"}, nil, "no repository artifactory-build-info"},
	} {
		all, err := s.source(art.Username, Options{Repositories: c.patterns}).repositories(t.Context())
		var got []string
		for _, one := range all {
			if slices.ContainsFunc([]string{"lib", "central", "npm", "auto"}, func(part string) bool { return strings.Contains(one.Key, part) }) {
				got = append(got, one.Key)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || (err != nil) != (c.says != "") {
			t.Errorf("%q: %v (-want +got):\n%s", c.patterns, err, diff)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || !fault.IsStop(err)) {
			t.Errorf("%q: %v does not say %q", c.patterns, err, c.says)
		}
	}
}

// What a remote repository has cached is listed and read without asking its upstream.
func TestACacheThatIsNamed(t *testing.T) {
	s := start(t, "small")
	source := s.source(art.Username, Options{Repositories: []string{art.Central, "docker-remote"}})
	_, f := find(t, source, art.Central+"-cache", "org/example/cached/3.1/cached-3.1.jar")
	if _, err := read(t, source, f, 0); err != nil {
		t.Error(err)
	}
	for _, one := range s.asked("") {
		if strings.Contains(one, "/"+art.Central+"/") || strings.Contains(one, "/docker-remote/") {
			t.Errorf("this may ask the upstream: %s", one)
		}
	}
}

// An address without its context path is told with the right one, and so is a server that is none.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	s := start(t, "small")
	check := func(base, user, password string) error {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		client, err := httpx.New(httpx.Options{Name: "source artifactory", Base: u, Auth: httpx.Basic(user, password), Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		return New("old", client, Options{Login: httpx.Basic(user, password)}).Check(t.Context())
	}
	root := strings.TrimSuffix(s.url.String(), "/artifactory")
	for _, c := range []struct{ base, password, says string }{
		{root, art.Password, "one at its path /artifactory"},
		{root + "/elsewhere", art.Password, "no Artifactory at this address"},
		{s.url.String(), "wrong", "refuses these credentials"},
		{s.url.String(), art.Password, ""},
	} {
		err := check(c.base, art.Username, c.password)
		if (err != nil) != (c.says != "") || err != nil && (!strings.Contains(err.Error(), c.says) || !fault.IsStop(err)) {
			t.Errorf("%s: %v, want %q", c.base, err, c.says)
		}
	}
	s.answer(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasSuffix(r.URL.Path, "/api/repositories") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return strings.HasSuffix(r.URL.Path, "/api/repositories")
	})
	if err := check(s.url.String(), art.Username, art.Password); err == nil || !strings.Contains(err.Error(), "its repositories can not be listed") {
		t.Error(err)
	}
}

// An operator learns that only what the user may read is listed.
func TestANoticeForReaders(t *testing.T) {
	s := start(t, "small")
	for user, want := range map[string]int{art.Username: 0, art.Reader: 1} {
		var notices []string
		source := s.source(user, Options{Notice: func(text string) { notices = append(notices, text) }})
		if err := source.Check(t.Context()); err != nil || len(notices) != want {
			t.Errorf("%s: %v, %q", user, err, notices)
		}
	}
}

// Each form of credentials reaches every API that is used.
func TestCredentials(t *testing.T) {
	s := start(t, "small", "redirect=1000")
	for name, auth := range map[string]httpx.Auth{
		"password":                  httpx.Basic(art.Username, art.Password),
		"API key with a user":       httpx.Basic(art.Username, art.APIKey(art.Username)),
		"reference token":           httpx.Bearer(art.ReferenceToken(art.Username)),
		"access token":              httpx.Bearer(art.AccessToken(art.Username)),
		"reference token of a user": httpx.Basic(art.Username, art.ReferenceToken(art.Username)),
	} {
		client, err := httpx.New(httpx.Options{Name: "source artifactory", Base: s.url, Auth: auth})
		if err != nil {
			t.Fatal(err)
		}
		source := New("old", client, Options{Login: auth, Repositories: []string{art.Files, art.OCI, art.NPM}})
		_, f := find(t, source, art.Files, "big/image.iso")
		if _, err := read(t, source, f, 5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := s.Stats().ForeignCredentials; n > 0 {
		t.Errorf("%d credentials arrived where none belong", n)
	}
}
