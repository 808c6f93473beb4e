package integration

// A migration as a person runs it: a directory with pkgferry.yaml, credentials in the environment, and the commands.

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pkgferry/integration/standin"
)

// migration is one directory with a configuration and, after the first run, a checkpoint.
type migration struct {
	dir     string
	env     []string
	secrets []string
}

// newMigration configures a migration from sources to one GitLab. The first source of a kind is called by its kind.
func newMigration(t testing.TB, target *server, sources ...*server) *migration {
	t.Helper()
	m := &migration{dir: t.TempDir(), env: environment()}
	var text strings.Builder
	text.WriteString("sources:\n")
	for _, source := range sources {
		fmt.Fprintf(&text, "  - name: %s\n    type: %s\n    url: %s\n", source.Kind, source.Kind, source.URL)
		if source.Kind == "npmjs" {
			text.WriteString("    scopes: [\"@acme\"]\n")
		}
		if source.Kind == "dockerhub" {
			fmt.Fprintf(&text, "    registry_url: %s\n    auth_url: %s\n    namespace: %s\n    username: %s\n", source.Registry, source.Auth, source.Group, source.Username)
		}
		prefix := strings.ToUpper(source.Kind)
		switch {
		case source.Token != "":
			fmt.Fprintf(&text, "    token: ${%s_TOKEN}\n", prefix)
			m.secret(prefix+"_TOKEN", source.Token)
		case source.Password != "":
			fmt.Fprintf(&text, "    username: %s\n    password: ${%s_PASSWORD}\n", source.Username, prefix)
			m.secret(prefix+"_PASSWORD", source.Password)
		}
	}
	fmt.Fprintf(&text, "target:\n  url: %s\n  token: ${GITLAB_TOKEN}\n  group: %s\n", target.URL, target.Group)
	m.secret("GITLAB_TOKEN", target.Token)
	m.write(t, "pkgferry.yaml", text.String())
	return m
}

// environment is this process's without what would change pkgferry's behaviour.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(one string) bool {
		return strings.HasPrefix(one, "PKGFERRY_") || strings.HasPrefix(strings.ToLower(one), "npm_config_")
	})
}

func (m *migration) secret(name, value string) {
	m.env = append(m.env, name+"="+value)
	m.secrets = append(m.secrets, value)
}

func (m *migration) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit replaces a text in the configuration, which must be there.
func (m *migration) edit(t testing.TB, old, with string) {
	t.Helper()
	text := m.text(t)
	if !strings.Contains(text, old) {
		t.Fatalf("the configuration has no %q:\n%s", old, text)
	}
	if old == "" {
		return
	}
	m.write(t, "pkgferry.yaml", strings.ReplaceAll(text, old, with))
}

// ended is how a command ended.
type ended struct {
	code           int
	stdout, stderr string
}

func (e ended) String() string {
	return fmt.Sprintf("exit code %d\n--- stdout\n%s\n--- stderr\n%s", e.code, e.stdout, e.stderr)
}

// command prepares pkgferry with the arguments.
func (m *migration) command(arg ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaries, "pkgferry"), arg...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = m.dir, m.env, time.Second
	return cmd
}

// ferry runs pkgferry to its end and looks for secrets in all that it leaves behind.
func (m *migration) ferry(t testing.TB, arg ...string) ended {
	t.Helper()
	return m.finish(t, m.command(arg...))
}

func (m *migration) finish(t testing.TB, cmd *exec.Cmd) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// On SIGQUIT a Go program tells on stderr where each goroutine stands.
	hang := time.AfterFunc(patience, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	err := cmd.Wait()
	if !hang.Stop() {
		t.Fatalf("pkgferry %v does not end:\n%s\n%s", cmd.Args[1:], stdout.String(), stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	m.noSecrets(t, "stdout", stdout.Bytes())
	m.noSecrets(t, "stderr", stderr.Bytes())
	m.noSecretFiles(t)
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must runs pkgferry and fails the test unless it ends with the code.
func (m *migration) must(t testing.TB, code int, arg ...string) ended {
	t.Helper()
	e := m.ferry(t, arg...)
	if e.code != code {
		t.Fatalf("pkgferry %s: want exit code %d, got %v", strings.Join(arg, " "), code, e)
	}
	return e
}

func (m *migration) noSecrets(t testing.TB, where string, text []byte) {
	t.Helper()
	for _, secret := range m.secrets {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s holds the secret %s", where, secret)
		}
	}
}

// noSecretFiles looks into the checkpoint, reports and whatever else lies in the directory.
func (m *migration) noSecretFiles(t testing.TB) {
	t.Helper()
	err := filepath.WalkDir(m.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		m.noSecrets(t, path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// key names a stored file; a file stored twice has two rows with one key.
func key(line standin.DumpLine) string {
	return strings.Join([]string{line.Project, line.Repository, line.Format, line.Package, line.Version, line.File}, " ")
}

// holds fails the test unless got has exactly want's files, each once, with want's bytes.
func holds(t testing.TB, got, want []standin.DumpLine) {
	t.Helper()
	wanted := map[string]string{}
	for _, line := range want {
		wanted[key(line)] = line.SHA256
	}
	found := map[string]int{}
	for _, line := range got {
		found[key(line)]++
		if sum, ok := wanted[key(line)]; !ok {
			t.Errorf("unexpected: %s", key(line))
		} else if sum != line.SHA256 {
			t.Errorf("other bytes: %s", key(line))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if found[name] != 1 {
			t.Errorf("%d times instead of once: %s", found[name], name)
		}
	}
}

// await polls until it is so, or fails the test when patience is over.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// text is the configuration.
func (m *migration) text(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, "pkgferry.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// report is the audit as NDJSON, a line per package.
func (m *migration) report(t testing.TB) string {
	t.Helper()
	m.must(t, 0, "report", "--out", "audit", "--format", "ndjson")
	files, err := filepath.Glob(filepath.Join(m.dir, "audit", "*.ndjson"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one NDJSON report, got %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
