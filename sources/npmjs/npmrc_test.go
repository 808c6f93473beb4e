package npmjs

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseNpmrc(t *testing.T) {
	const text = "\ufeffregistry = https://r.example/npm/ ; ours\r\n" +
		"# comment\n; comment\n\n" +
		"//r.example/npm/:_authToken=${TOKEN}==\n" +
		"quoted=\"a;b\\n\"\nsingle='#x'\nescaped=a\\;b\n" +
		"${NAME}:registry=x\nunset=${UNSET}\nempty=${UNSET?}\nliteral=\\${TOKEN}\n" +
		"list[]=1\nflag\n=nothing\nregistry2=1\nregistry2=2\n[section]\nregistry=wrong\n"
	got, err := parseNpmrc(strings.NewReader(text), []string{"TOKEN=t0ken", "NAME=@acme"})
	if err != nil {
		t.Fatal(err)
	}
	want := npmrc{
		"registry": "https://r.example/npm/", "//r.example/npm/:_authToken": "t0ken==", "quoted": "a;b\n", "single": "#x", "escaped": "a;b",
		"@acme:registry": "x", "unset": "${UNSET}", "empty": "", "literal": "${TOKEN}", "registry2": "2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzNpmrc(f *testing.F) {
	f.Add("//r.example/:_authToken=${TOKEN}\nregistry=\"https://r.example\"\n", "https://r.example/a/b")
	f.Add("//r.example/a/:_auth=dTpw\n'=\"\n=\n\\${A}=${A?}", "http://r.example:80/a")
	f.Add("//r.example/:username=u\n//r.example/:_password=!", "https://r.example")
	f.Fuzz(func(t *testing.T, text, registry string) {
		settings, err := parseNpmrc(strings.NewReader(text), []string{"TOKEN=t"})
		if err != nil {
			return
		}
		found, err := settings.credentials(registry)
		if err == nil && found.Auth != nil && len(found.Secrets) == 0 {
			t.Fatalf("credentials without a secret from %q", text)
		}
	})
}

// home is a home directory with an .npmrc.
func home(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func authorization(s Settings) string {
	req := &http.Request{Header: http.Header{}}
	if s.Auth != nil {
		s.Auth(req)
	}
	return req.Header.Get("Authorization")
}

func TestRegistry(t *testing.T) {
	const basic = "Basic dXNlcjpwYXNz" // user:pass
	for name, c := range map[string]struct {
		npmrc   string
		environ []string
		scopes  []string
		url     string
		auth    string
		secrets []string
	}{
		"token":              {npmrc: "registry=https://r.example/npm/\n//r.example/npm/:_authToken=t", url: "https://r.example/npm/", auth: "Bearer t", secrets: []string{"t"}},
		"token of a parent":  {npmrc: "registry=https://r.example/npm/inner\n//r.example/npm/:_authToken=t\n//r.example/:_authToken=wrong", url: "https://r.example/npm/inner", auth: "Bearer t", secrets: []string{"t"}},
		"without slash":      {npmrc: "registry=https://r.example/npm/\n//r.example/npm:_authToken=t", url: "https://r.example/npm/", auth: "Bearer t", secrets: []string{"t"}},
		"another port":       {npmrc: "registry=https://r.example:8443/\n//r.example/:_authToken=t", url: "https://r.example:8443/"},
		"the default port":   {npmrc: "registry=https://r.example:443/\n//r.example/:_authToken=t", url: "https://r.example:443/", auth: "Bearer t", secrets: []string{"t"}},
		"another path":       {npmrc: "registry=https://r.example/npm\n//r.example/npm-other/:_authToken=t", url: "https://r.example/npm"},
		"environment first":  {npmrc: "registry=https://r.example/", environ: []string{"NPM_CONFIG_REGISTRY=https://e.example/"}, url: "https://e.example/"},
		"environment token":  {environ: []string{"npm_config_registry=https://e.example/", "npm_config_//e.example/:_authToken=t"}, url: "https://e.example/", auth: "Bearer t", secrets: []string{"t"}},
		"variable":           {npmrc: "registry=https://r.example/\n//r.example/:_authToken=${T}", environ: []string{"T=t"}, url: "https://r.example/", auth: "Bearer t", secrets: []string{"t"}},
		"_auth":              {npmrc: "registry=https://r.example/\n//r.example/:_auth=dXNlcjpwYXNz", url: "https://r.example/", auth: basic, secrets: []string{"dXNlcjpwYXNz", "pass"}},
		"user name":          {npmrc: "registry=https://r.example/\n//r.example/:username=user\n//r.example/:_password=cGFzcw==", url: "https://r.example/", auth: basic, secrets: []string{"cGFzcw==", "pass"}},
		"scope":              {npmrc: "registry=https://r.example/\n@acme:registry=https://s.example/\n//s.example/:_authToken=t", scopes: []string{"@acme"}, url: "https://s.example/", auth: "Bearer t", secrets: []string{"t"}},
		"scope without own":  {npmrc: "registry=https://r.example/\n@acme:registry=https://s.example/", scopes: []string{"other"}, url: "https://r.example/"},
		"user in an address": {npmrc: "registry=https://user:pass@r.example/", url: "https://r.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Registry(t.Context(), home(t, c.npmrc), c.environ, c.scopes...)
			if err != nil {
				t.Fatal(err)
			}
			if got.URL != c.url || authorization(got) != c.auth {
				t.Errorf("got %s as %q, want %s as %q", got.URL, authorization(got), c.url, c.auth)
			}
			if diff := cmp.Diff(c.secrets, got.Secrets, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegistryRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		npmrc  string
		scopes []string
	}{
		"no address":         {npmrc: "registry=somewhere"},
		"an unset variable":  {npmrc: "registry=https://r.example/\n//r.example/:_authToken=${UNSET}"},
		"a damaged password": {npmrc: "registry=https://r.example/\n//r.example/:username=u\n//r.example/:_password=secret!"},
		"two registries":     {npmrc: "registry=https://r.example/\n@a:registry=https://a.example/", scopes: []string{"@a", "@b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Registry(t.Context(), home(t, c.npmrc), nil, c.scopes...)
			if err == nil {
				t.Fatalf("got %+v", got)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// npm puts a program of that name first in the search path.
func npm(t *testing.T, script string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return []string{"PATH=" + dir}
}

func TestRegistryAsksNPM(t *testing.T) {
	environ := npm(t, `[ "$*" = "config get registry" ] && echo https://n.example/`)
	got, err := Registry(t.Context(), home(t, "//n.example/:_authToken=t"), environ)
	if err != nil || got.URL != "https://n.example/" || authorization(got) != "Bearer t" {
		t.Errorf("got %s as %q, %v", got.URL, authorization(got), err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Registry(t.Context(), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "url:") {
		t.Errorf("without npm: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	got, err := Credentials(home(t, "registry=https://other.example/\n//r.example/:_authToken=t"), nil, "https://r.example/npm/")
	if err != nil || authorization(got) != "Bearer t" {
		t.Errorf("got %q, %v", authorization(got), err)
	}
}
