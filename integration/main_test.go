package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaries is the directory with pkgferry and standin, built once for all tests.
var binaries string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	if err := lookAtSources(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "pkgferry-bin-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// Others may run what is in it: one test runs pkgferry as a user who may write less.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 0, err
	}
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "pkgferry/cmd/pkgferry", "pkgferry/cmd/standin")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	binaries = dir
	return m.Run(), nil
}

// lookAtSources looks at every file that the binaries may be built from. "go test" repeats the result of an earlier run
// while the files that the test looked at are the same, and it can not know what another go command read.
func lookAtSources() error {
	return filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin") {
			return filepath.SkipDir
		}
		return err
	})
}
