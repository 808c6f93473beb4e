package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadAccess loads a file whose target has the given lines of access, from a directory of its own.
func loadAccess(t *testing.T, lines string, files map[string]string) *File {
	t.Helper()
	dir := t.TempDir()
	files["pkgferry.yaml"] = "sources:\n  - name: a\n    type: nexus\n    url: https://a.example\n" + lines +
		"target: {url: https://g.example, group: acme, token: \"${SECRET}\"}\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := Load(filepath.Join(dir, "pkgferry.yaml"), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLogin(t *testing.T) {
	files := map[string]string{"token.txt": "from-file\n", "empty.txt": "\n", "two.txt": "a\nb\n"}
	for _, c := range []struct {
		name, lines string
		want        Login
		err         string
	}{
		{"variable", "    token: ${SECRET}\n", Login{Token: "s3cr3t-value"}, ""},
		{"file beside the configuration", "    token_file: token.txt\n", Login{Token: "from-file"}, ""},
		{"words", "    token_command: [cat, token.txt]\n", Login{Token: "from-file"}, ""},
		{"shell", "    token_command: cat token.txt | tr a-z A-Z\n", Login{Token: "FROM-FILE"}, ""},
		{"password", "    username: u\n    password: ${SECRET}\n", Login{Username: "u", Password: "s3cr3t-value"}, ""},
		{"password file", "    username: u\n    password_file: token.txt\n", Login{Username: "u", Password: "from-file"}, ""},
		{"unset", "    token: ${NOPE}\n", Login{}, ":5:12: token: the environment variable NOPE is not set"},
		{"empty", "    token: ${EMPTY}\n", Login{}, ":5:12: token: the secret is empty"},
		{"empty file", "    token_file: empty.txt\n", Login{}, ":5:17: token_file: the secret is empty"},
		{"two lines", "    token_file: two.txt\n", Login{}, ":5:17: token_file: the secret has more than one line, or control characters in it"},
		{"failing command", "    token_command: echo s3cr3t; exit 3\n", Login{}, ":5:20: token_command: the command failed: exit status 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := loadAccess(t, c.lines, files)
			got, err := file.Login(t.Context(), file.Sources[0].Access, file.Sources[0].Place, testOptions().Lookup)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasSuffix(err.Error(), c.err)) {
				t.Errorf("error %v, want one that ends in %q", err, c.err)
			}
		})
	}
}

func TestLoadRefusesHugeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, testOptions()); err == nil || !strings.Contains(err.Error(), "larger than 256 KiB") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead feeds the reader anything: it never panics, never quotes a secret, and what it takes it shows and takes again.
func FuzzRead(f *testing.F) {
	f.Add(complete)
	f.Add(shownComplete)
	f.Add("sources: &a [*a]\ntarget: *a\n")
	f.Add("{sources: [{name: a, type: nexus, url: 'https://u:hunter2hunter2@h'}], target: {token: hunter2hunter2}}")
	f.Add("token: !!binary |\n  hunter2hunter2\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read("f.yaml", []byte(text), testOptions())
		if err != nil {
			if strings.Contains(err.Error(), "hunter2hunter2") && !strings.Contains(err.Error(), "unknown key") {
				t.Errorf("the error quotes a secret: %v", err)
			}
			return
		}
		shown, err := file.Show(testOptions())
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if _, err := Read("f.yaml", shown, testOptions()); err != nil {
			t.Errorf("%v in what is shown:\n%s", err, shown)
		}
	})
}
