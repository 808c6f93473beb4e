package scan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"pkgferry/internal/scan"
)

var update = flag.Bool("update", false, "write what is found into testdata")

const (
	foundSection = "FOUND"
	fixedPrefix  = "FIXED/"
)

// declare is what operators may say of the addresses in testdata.
func declare(o *scan.Options) {
	o.Also = []scan.Also{
		{Host: "packages.acme.example", Path: "old-npm", Source: "art", Repository: "npm-local"},
		{Host: "docker.acme.example:8082", Source: "nxs", Repository: "docker-hosted"},
		{Host: "mirror.acme.example", Source: "art"},
	}
	o.Virtual = map[string][]string{"art": {"npm-virtual", "libs-virtual", "generic-virtual", "docker-virtual"}}
}

// TestEcosystems scans and rewrites the files in testdata: what is found is their section FOUND, and what becomes of a file FIXED/file.
func TestEcosystems(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) < 8 {
		t.Fatalf("%d stories: %v", len(stories), err)
	}
	for _, story := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(story)
			if err != nil {
				t.Fatal(err)
			}
			input, want := split(archive)
			got := scanned(t, input)
			if *update {
				archive.Files = append(input, got...)
				if err := os.WriteFile(story, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// split tells the files from what is expected of them.
func split(a *txtar.Archive) (input, want []txtar.File) {
	for _, f := range a.Files {
		if f.Name == foundSection || strings.HasPrefix(f.Name, fixedPrefix) {
			want = append(want, f)
		} else {
			input = append(input, f)
		}
	}
	return input, want
}

func texts(files []txtar.File) map[string]string {
	all := map[string]string{}
	for _, f := range files {
		all[f.Name] = string(f.Data)
	}
	return all
}

// scanned is what is found in files, and those that are then rewritten.
func scanned(t *testing.T, files []txtar.File) []txtar.File {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		write(t, filepath.Join(dir, filepath.FromSlash(f.Name)), string(f.Data))
	}
	s := world(t, declare)
	var found strings.Builder
	var fixed []txtar.File
	for _, file := range all(t, s, dir) {
		for _, f := range file.Findings {
			found.WriteString(f.String() + "\n")
			if f.Then != "" {
				found.WriteString("\tthen: " + f.Then + "\n")
			}
		}
		if file.Diff == "" {
			continue
		}
		if err := s.Fix(t.Context(), dir, &file); err != nil {
			t.Fatal(err)
		}
		fixed = append(fixed, txtar.File{Name: fixedPrefix + file.Path, Data: []byte(read(t, filepath.Join(dir, filepath.FromSlash(file.Path))))})
	}
	for _, file := range all(t, s, dir) {
		for _, f := range file.Findings {
			if f.Safe() {
				t.Errorf("after it was rewritten, %s is found", f)
			}
		}
	}
	return append([]txtar.File{{Name: foundSection, Data: []byte(found.String())}}, fixed...)
}

// all are the files with findings in dir.
func all(t testing.TB, s *scan.Scanner, dir string) []scan.File {
	t.Helper()
	var files []scan.File
	if err := s.Scan(t.Context(), dir, func(f scan.File) error {
		files = append(files, f)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
