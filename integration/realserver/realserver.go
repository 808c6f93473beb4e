// Package realserver starts the real registries, and runs the real clients, that the integration tests prove pkgferry
// against. Nothing in it knows pkgferry. integration/install.sh puts everything into one cache directory:
//
//	verdaccio/     Verdaccio, an npm registry (https://verdaccio.org)
//	npm/           tarballs of real npm packages
//	jars/          real jars, POMs and signatures
//	nexus-client/  the client that is generated from Nexus' API description
//	plugins/       a local Maven repository with nothing but the Maven plugins that Maven runs
package realserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a real program may take; a fresh machine is slow.
const patience = 5 * time.Minute

// Cache is a path in the directory that install.sh filled. What is missing fails the test: real servers are never
// left out silently.
func Cache(tb testing.TB, elements ...string) string {
	tb.Helper()
	root := os.Getenv("PKGFERRY_INTEGRATION_CACHE")
	if root == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			tb.Fatal(err)
		}
		root = filepath.Join(dir, "pkgferry-integration")
	}
	path := filepath.Join(append([]string{root}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("%v: run integration/install.sh first", err)
	}
	return path
}

// program runs one command to its end, in dir and with env, and returns what it printed on both streams.
func program(tb testing.TB, dir string, env []string, name string, arg ...string) (string, error) {
	tb.Helper()
	if _, err := exec.LookPath(name); err != nil {
		tb.Fatalf("%v: run integration/install.sh first", err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, arg...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(arg, " "), err, out)
	}
	return string(out), err
}

// environment is this process's, without the variables that begin with one of the prefixes, and with more.
func environment(without []string, more ...string) []string {
	var env []string
	for _, one := range os.Environ() {
		keep := true
		for _, prefix := range without {
			if strings.HasPrefix(strings.ToLower(one), prefix) {
				keep = false
			}
		}
		if keep {
			env = append(env, one)
		}
	}
	return append(env, more...)
}
