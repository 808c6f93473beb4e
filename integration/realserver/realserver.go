// Package realserver starts the real registries, and runs the real clients, that the integration tests prove pkgferry
// against. Nothing in it knows pkgferry. integration/install.sh puts everything into one cache directory:
//
//	bin/              crane, helm, tofu, distribution's registry and versitygw, an S3 store
//	docker-registry/  Debian's docker-registry, which is distribution 2
//	jars/             real jars, POMs and signatures
//	nexus-client/     the client that is generated from Nexus' API description
//	npm/              tarballs of real npm packages
//	nuget/            nuget.exe
//	packages/         the packages of the lists in testdata, by format; maven/ has Maven's layout, pypi/ a directory per release
//	plugins/          a local Maven repository with nothing but the Maven plugins that Maven runs
//	python/           an environment with pip and twine
//	verdaccio/        Verdaccio, an npm registry (https://verdaccio.org)
package realserver

import (
	"context"
	"fmt"
	"io/fs"
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

// Files are the real files of a format's packages, sorted: paths below Cache("packages", format).
func Files(tb testing.TB, format string) []string {
	tb.Helper()
	var files []string
	root := os.DirFS(Cache(tb, "packages", format))
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
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
