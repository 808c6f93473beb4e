package scan_test

import (
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
	"https://ann:s3cret@acme.example/artifactory/api/npm/npm-local/", "https://${X}@acme.example/artifactory/libs-release-local",
	"//acme.example/artifactory/api/npm/npm-local/:_authToken=x", "https://acme.example/artifactory/tools-local/cli/${V}/x", "acme.example/tf-local__acme/vpc/aws",
	"acme.example", ".", "-", "@", "/", ":", "\n", "\r\n", " ", "\"", "'", "${X}", "{", "}", "<", ">", "é", "\xff", "=", "#", "x",
}

var fileNames = []string{
	".npmrc", "package-lock.json", "pom.xml", "build.gradle", "requirements.txt", "nuget.config", "main.tf", "Dockerfile", ".gitlab-ci.yml", "values.yaml", "x.sh", "notes.txt",
}

// check proves of a text: after everything that is safe was rewritten, nothing is safe any more, what was left is found again, and
// the text between the old addresses is there as it was.
func check(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, rewrite func(text string) ([]scan.Finding, string), text string) {
	t.Helper()
	found, after := rewrite(text)
	rest, got, left := text, after, 0
	for _, f := range found {
		if !f.Safe() {
			left++
			continue
		}
		at := strings.Index(got, f.New)
		if at < 0 || !strings.HasPrefix(rest, got[:at]) {
			t.Fatalf("%q becomes %q, which is not by %s alone", text, after, f)
		}
		old := strings.ReplaceAll(f.Old, "***@", "${X}@")
		if !strings.HasPrefix(rest[at:], old) && !strings.Contains(f.Old, "***") {
			t.Fatalf("%q was not in the place of %q in %q", old, f.New, text)
		}
		rest, got = rest[min(at+len(old), len(rest)):], got[at+len(f.New):]
	}
	if rest != got {
		t.Fatalf("%q becomes %q: behind the last address is %q, was %q", text, after, got, rest)
	}
	again, _ := rewrite(after)
	for _, f := range again {
		if f.Safe() {
			t.Fatalf("%q becomes %q, and there is found again %s", text, after, f)
		}
	}
	if len(again) != left {
		t.Fatalf("%q becomes %q: %d were left and %d are found", text, after, left, len(again))
	}
}

func TestRewritingIsIdempotent(t *testing.T) {
	s := world(t, declare)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(fileNames).Draw(r, "name")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 40).Draw(r, "pieces"), "")
		check(r, rewriter(t, s, name), text)
	})
}

func rewriter(t testing.TB, s *scan.Scanner, name string) func(string) ([]scan.Finding, string) {
	return func(text string) ([]scan.Finding, string) {
		found, after, err := s.Rewritten(t.Context(), name, text)
		if err != nil {
			t.Fatal(err)
		}
		return found, after
	}
}

// FuzzScan: no text makes the matcher fail, or rewrite more than addresses.
func FuzzScan(f *testing.F) {
	for i, piece := range pieces {
		f.Add(fileNames[i%len(fileNames)], piece+" "+pieces[(i*7)%len(pieces)])
	}
	s := world(f, declare)
	f.Fuzz(func(t *testing.T, name, text string) {
		if strings.Contains(text, "***") || strings.ContainsRune(text, '\ufffd') || strings.Count(text, "@") > 2 {
			return // what is printed of it can not be told from what is masked
		}
		check(t, rewriter(t, s, name), text)
	})
}
