//go:build integration

package integration

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const releaseVersion = "v0.0.0-test"

// TestRelease builds a release for this machine's architecture and looks at what an operator gets: a program that needs
// nothing of the system, an archive, a bill of materials with every module in the program, and checksums that agree.
func TestRelease(t *testing.T) {
	dist := t.TempDir()
	build := exec.Command("../release/build", runtime.GOARCH)
	build.Env = append(os.Environ(), "DIST="+dist, "VERSION="+releaseVersion, "SOURCE_DATE_EPOCH=1700000000")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := filepath.Join(dist, "pkgferry-linux-"+runtime.GOARCH)
	name := "pkgferry-" + releaseVersion + "-linux-" + runtime.GOARCH

	printed, err := exec.Command(program, "version").Output()
	if err != nil || string(printed) != "pkgferry "+releaseVersion+"\n" {
		t.Errorf("%v, version prints %q", err, printed)
	}
	static(t, program)
	bill(t, program, filepath.Join(dist, name+".cdx.json"))
	packed := archived(t, filepath.Join(dist, name+".tar.gz"))
	for _, want := range []string{"pkgferry", "LICENSE", "man/pkgferry.1", "man/pkgferry-run.1", "completions/pkgferry.bash", "completions/_pkgferry"} {
		if !slices.Contains(packed, name+"/"+want) {
			t.Errorf("the archive has no %s: %q", want, packed)
		}
	}
	summed(t, dist, filepath.Base(program), name+".cdx.json", name+".tar.gz")
	t.Run("image", func(t *testing.T) { image(t, program) })
}

// static fails when the program asks for a loader or for shared libraries.
func static(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is linked dynamically: it has %v", part.Type)
		}
	}
}

// bill fails unless the bill of materials names each module that the program says it is made of, in its version.
func bill(t *testing.T, program, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var listed struct {
		Format     string `json:"bomFormat"`
		Components []struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &listed); err != nil || listed.Format != "CycloneDX" {
		t.Fatalf("%v, format %q", err, listed.Format)
	}
	made, err := buildinfo.ReadFile(program)
	if err != nil || len(made.Deps) == 0 {
		t.Fatal("the program does not say what it is made of", err)
	}
	for _, module := range made.Deps {
		if !slices.ContainsFunc(listed.Components, func(c struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		}) bool {
			return c.Name == module.Path && c.Version == module.Version
		}) {
			t.Errorf("the bill of materials lacks %s %s", module.Path, module.Version)
		}
	}
}

// archived lists the archive; nothing in it may tell when or by whom it was made.
func archived(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(packed); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if entry.ModTime.Unix() != 1700000000 || entry.Uid != 0 || entry.Gid != 0 || entry.Uname != "" {
			t.Errorf("%s is of %v, owner %d %q", entry.Name, entry.ModTime, entry.Uid, entry.Uname)
		}
		names = append(names, strings.TrimSuffix(entry.Name, "/"))
	}
}

// summed fails unless SHA256SUMS has exactly these files with their digests.
func summed(t *testing.T, dist string, names ...string) {
	t.Helper()
	var want []string
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(text)
		want = append(want, fmt.Sprintf("%s  %s", hex.EncodeToString(digest[:]), name))
	}
	got, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(got)), "\n")
	slices.Sort(lines)
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("SHA256SUMS says\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
