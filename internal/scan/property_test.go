package scan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pkgferry/internal/scan"
)

// pieces are what the texts of the properties are made of: addresses of all kinds, their neighbours, and noise.
var pieces = []string{
	oldRegistry, "https://acme.example/artifactory/libs-release-local", "https://acme.example/artifactory/api/pypi/pypi-local/simple/",
	"https://acme.example/artifactory/api/nuget/nuget-local", "acme.example/docker-local/app:1.0", "docker-local.acme.example/app", "FROM acme/app:2.0", "image: acme/base",
	"https://npm.example.test/@acme/cli/-/cli-0.3.0.tgz", "https://nexus.example.test:8443/repository/maven-releases/", "https://nexus.example.test/x",
	"https%3A%2F%2Facme.example%2Fartifactory%2Fapi%2Fnpm%2Fnpm-local%2F", "https\\://acme.example/artifactory/libs-release-local",
	"https://ann:s3cret@acme.example/artifactory/api/npm/npm-local/", "//acme.example/artifactory/api/npm/npm-local/:_authToken=x", "acme.example", ".", "-", "@", "/", ":", "\n", "\r\n", " ", "\"", "'", "${X}", "{", "}", "<", ">", "é", "\xff", "=", "#", "x",
}

var fileNames = []string{".npmrc", "package-lock.json", "pom.xml", "build.gradle", "requirements.txt", "nuget.config", "main.tf", "Dockerfile", ".gitlab-ci.yml", "values.yaml", "x.sh", "notes.txt"}

// After everything that is safe was rewritten, nothing is safe any more, what was left is found again, and the text between the old
// addresses is there as it was.
func TestRewritingIsIdempotent(t *testing.T) {
	s := world(t)
	base := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		name := rapid.SampledFrom(fileNames).Draw(r, "name")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(r, "pieces"), "")
		path := filepath.Join(dir, name)
		write(t, path, text)
		left := 0
		for _, f := range all(t, s, dir) {
			rest := text
			for _, one := range f.Findings {
				if !one.Safe() {
					left++
				}
			}
			if f.Diff == "" {
				continue
			}
			if err := s.Fix(t.Context(), dir, &f); err != nil {
				r.Fatal(err)
			}
			got := read(t, path)
			for _, one := range f.Findings {
				if one.Safe() {
					rest, got = cutAround(r, rest, got, one)
				}
			}
			if rest != got {
				r.Fatalf("behind the last address is %q, was %q", got, rest)
			}
		}
		again := 0
		for _, f := range all(t, s, dir) {
			for _, one := range f.Findings {
				again++
				if one.Safe() {
					r.Fatalf("found again: %s\nin %q", one, read(t, path))
				}
			}
		}
		if again != left {
			r.Fatalf("%d were left and %d are found:\n%q\n%q", left, again, text, read(t, path))
		}
	})
}

// cutAround takes off what stands before a replaced address, which must be the same on both sides, and the address.
func cutAround(r *rapid.T, before, after string, f scan.Finding) (restBefore, restAfter string) {
	at := strings.Index(after, f.New)
	if at < 0 || !strings.HasPrefix(before, after[:at]) {
		r.Fatalf("%q does not come from %q by %s", after, before, f)
	}
	old := strings.ReplaceAll(f.Old, "***@", "${X}@")
	if !strings.HasPrefix(before[at:], old) {
		r.Fatalf("%q does not begin with %q", before[at:], old)
	}
	return before[at+len(old):], after[at+len(f.New):]
}

// FuzzScan: no text makes the matcher fail, and what it would rewrite is not found again.
func FuzzScan(f *testing.F) {
	for _, piece := range pieces {
		f.Add(".npmrc", piece)
		f.Add(".gitlab-ci.yml", "image: "+piece)
	}
	s := world(f)
	f.Fuzz(func(t *testing.T, name, text string) {
		name = filepath.Base(name)
		if strings.ContainsAny(name, "\x00/") || name == "." || name == ".." || len(name) > 200 {
			name = ".npmrc"
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, name), text)
		for _, file := range all(t, s, dir) {
			if err := s.Fix(t.Context(), dir, &file); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range all(t, s, dir) {
			for _, one := range file.Findings {
				if one.Safe() {
					t.Fatalf("%q in %q is found again: %s", text, name, one)
				}
			}
		}
	})
}
