package scan_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/scan"
)

const (
	oldRegistry = "https://acme.example/artifactory/api/npm/npm-local/"
	newRegistry = "https://gitlab.example.com/api/v4/projects/42/packages/npm/"
)

// one is the only file with findings in dir.
func one(t *testing.T, s *scan.Scanner, dir string) scan.File {
	t.Helper()
	files := all(t, s, dir)
	if len(files) != 1 || len(files[0].Findings) == 0 {
		t.Fatalf("found %+v", files)
	}
	return files[0]
}

func utf16le(text string) string {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

// What is outside of an address stays, byte for byte.
func TestBytesAroundStay(t *testing.T) {
	for name, text := range map[string]string{
		"line ends of Windows":    "a\r\nregistry=OLD\r\nb\r\n",
		"byte order mark":         "\ufeffregistry=OLD\nä",
		"Latin-1":                 "; \xe4\xf6\xfc\nregistry=OLD",
		"no line end":             "registry=OLD",
		"UTF-16":                  utf16le("\ufeffregistry=OLD\r\n; ä😀\r\n")[2:],
		"several on a line":       "OLD,OLD;OLD 'OLD'\n",
		"characters that control": "registry=OLD\x1b[31m\n\x07",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, ".npmrc")
			in, out := strings.ReplaceAll(text, "OLD", oldRegistry), strings.ReplaceAll(text, "OLD", newRegistry)
			if strings.HasPrefix(text, "\xff\xfe") {
				in, out = utf16le("registry="+oldRegistry+"\r\n; ä😀\r\n"), utf16le("registry="+newRegistry+"\r\n; ä😀\r\n")
			}
			write(t, path, in)
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
			s := world(t)
			f := one(t, s, dir)
			if err := s.Fix(t.Context(), dir, &f); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(out, read(t, path)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
				t.Errorf("mode %v: %v", info.Mode(), err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("beside it lie %v: %v", left, err)
			}
			if !f.Findings[0].Fixed {
				t.Error("the finding is not marked")
			}
		})
	}
}

func TestWhatIsNotLookedAt(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, ".npmrc"), oldRegistry)
	dir := t.TempDir()
	for _, path := range []string{".git/config", "node_modules/a/.npmrc", "web/node_modules/.npmrc", "vendor/x.sh", ".terraform/x.tf"} {
		write(t, filepath.Join(dir, path), oldRegistry)
	}
	write(t, filepath.Join(dir, "program.sh"), "\x00"+oldRegistry)
	write(t, filepath.Join(dir, "huge.bin"), oldRegistry+strings.Repeat("x", 17<<20))
	for name, target := range map[string]string{"linked": outside, "file.npmrc": filepath.Join(outside, ".npmrc"), ".npmrc": filepath.Join(outside, ".npmrc"), "loop": "."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if found := all(t, world(t), dir); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestWhatCanNotBeReadIsSaid(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "package-lock.json"), strings.Repeat("x", 17<<20))
	files := all(t, world(t), dir)
	if len(files) != 1 || files[0].Err == nil || !strings.Contains(files[0].Err.Error(), "more than 16 MiB") {
		t.Errorf("found %+v", files)
	}
	if err := world(t).Scan(t.Context(), filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
}

// Between the diff and the rewriting a file may change, or become another thing.
func TestChangedMeanwhile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "target")
	write(t, outside, oldRegistry)
	for name, change := range map[string]func(t *testing.T, path string){
		"other text": func(t *testing.T, path string) { write(t, path, oldRegistry+"\n; mine") },
		"gone":       func(t *testing.T, path string) { remove(t, path) },
		"a link": func(t *testing.T, path string) {
			remove(t, path)
			if err := os.Symlink(outside, path); err != nil {
				t.Fatal(err)
			}
		},
		"a link inside": func(t *testing.T, path string) {
			if err := os.Rename(path, path+".real"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(".npmrc.real", path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, ".npmrc")
			write(t, path, oldRegistry)
			s := world(t)
			f := one(t, s, dir)
			change(t, path)
			if err := s.Fix(t.Context(), dir, &f); err == nil || f.Findings[0].Fixed {
				t.Errorf("it was rewritten: %v", err)
			}
			if got := read(t, outside); got != oldRegistry {
				t.Errorf("what it links to is %q", got)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// Names of files, and what stands in them, are other people's.
func TestHarmlessOutput(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a\x1b[2J\nb\u202e.npmrc", ".npmrc"), "registry="+oldRegistry+"\x1b[31m\u202e\n")
	write(t, filepath.Join(dir, "x.sh"), "curl -H 'Authorization: Bearer s3cret' https://ann:s3cret@acme.example/artifactory/api/npm/npm-local/\n"+
		"TOKEN=s3cret; npm --registry "+oldRegistry+"\nTOKEN=$T; password: ${P} "+oldRegistry+"\n")
	var out strings.Builder
	for _, f := range all(t, world(t), dir) {
		out.WriteString(f.Diff)
		for _, one := range f.Findings {
			out.WriteString(one.String() + "\n")
		}
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\r\u202e") || strings.Contains(got, "s3cret") || !strings.Contains(got, newRegistry) {
		t.Errorf("printed %q", got)
	}
	if strings.Count(out.String(), "by hand") != 2 {
		t.Errorf("lines with credentials are rewritten:\n%s", out.String())
	}
}

func TestScanEnds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name, ".npmrc"), oldRegistry)
	}
	full := errors.New("the disk is full")
	calls := 0
	err := world(t).Scan(t.Context(), dir, func(scan.File) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("%d calls: %v", calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := world(t).Scan(ctx, dir, func(scan.File) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDeclarations(t *testing.T) {
	known := func(source string) bool { return source == "art" }
	also, err := scan.ParseAlso([]string{"https://Old.example:8080/a/b/=art/npm-local", "docker.example=art"}, known)
	want := []scan.Also{{Host: "Old.example:8080", Path: "a/b", Source: "art", Repository: "npm-local"}, {Host: "docker.example", Source: "art"}}
	if diff := cmp.Diff(want, also); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	virtual, err := scan.ParseVirtual([]string{"art/a", "art/b", "art/a"}, known)
	if diff := cmp.Diff(map[string][]string{"art": {"a", "b"}}, virtual); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, wrong := range []string{"", "x", "x=", "=art", "x=who", "a@b=art", "https://=art"} {
		if _, err := scan.ParseAlso([]string{wrong}, known); err == nil {
			t.Errorf("--also %q is taken", wrong)
		}
	}
	for _, wrong := range []string{"", "art", "art/", "who/x"} {
		if _, err := scan.ParseVirtual([]string{wrong}, known); err == nil {
			t.Errorf("--virtual %q is taken", wrong)
		}
	}
}
