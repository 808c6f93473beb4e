package realserver

// The real npm client (https://docs.npmjs.com/cli), cut off from the machine's own settings and cache: it knows one
// registry, its token and an empty cache.

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// NPM is an npm client in a directory of its own.
type NPM struct {
	// Dir is where its commands run.
	Dir string
	env []string
}

// NewNPM makes a client of the registry at base, an address without a slash at its end. It trusts the registry's
// token, and runs no script of any package.
func NewNPM(tb testing.TB, base, token string) *NPM {
	tb.Helper()
	at, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	home := tb.TempDir()
	settings := fmt.Sprintf("registry=%s/\n//%s%s/:_authToken=%s\n", base, at.Host, at.EscapedPath(), token)
	write(tb, filepath.Join(home, ".npmrc"), settings)
	write(tb, filepath.Join(home, "global"), "")
	dir := filepath.Join(home, "project")
	write(tb, filepath.Join(dir, "package.json"), `{"name":"consumer","version":"1.0.0","private":true}`)
	return &NPM{Dir: dir, env: environment([]string{"npm_config_", "node_"},
		"HOME="+home, "NPM_CONFIG_USERCONFIG="+filepath.Join(home, ".npmrc"),
		"NPM_CONFIG_GLOBALCONFIG="+filepath.Join(home, "global"), "NPM_CONFIG_CACHE="+filepath.Join(home, "cache"),
		"NPM_CONFIG_AUDIT=false", "NPM_CONFIG_FUND=false", "NPM_CONFIG_UPDATE_NOTIFIER=false",
		"NPM_CONFIG_FETCH_RETRIES=0", "NPM_CONFIG_IGNORE_SCRIPTS=true")}
}

// Run runs npm and fails the test when it fails.
func (n *NPM) Run(tb testing.TB, arg ...string) string {
	tb.Helper()
	out, err := program(tb, n.Dir, n.env, "npm", arg...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}
