package integration

// Bad input: each mistake ends with one line on stderr that names it, with the right exit code, and with nothing done.

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestBadInput(t *testing.T) {
	gitlab, nexus, npm := startStandin(t, "gitlab"), startStandin(t, "nexus", "--seed", few), startStandin(t, "npmjs")
	t.Run("refused", func(t *testing.T) { badInput(t, gitlab, nexus, npm) })
	if stored := gitlab.dump(t); len(stored) != 0 {
		t.Errorf("GitLab holds %d files although every run was refused", len(stored))
	}
}

func badInput(t *testing.T, gitlab, nexus, npm *server) {
	for _, c := range []struct {
		name string
		edit [2]string // in the configuration
		env  string    // one more variable
		code int
		says []string
	}{
		{"an unknown key", [2]string{"    type: nexus\n", "    type: nexus\n    repositorys: [a]\n"}, "", 1,
			[]string{"pkgferry.yaml:4:5", "repositorys", "repositories"}},
		{"a bad URL", [2]string{nexus.URL, "htp://[::1"}, "", 1,
			[]string{"pkgferry.yaml:4:", "url"}},
		{"a literal token", [2]string{"${GITLAB_TOKEN}", "glpat-literal-secret"}, "", 1,
			[]string{"pkgferry.yaml:", "token", "${"}},
		{"a variable that is not set", [2]string{"${GITLAB_TOKEN}", "${NOT_SET}"}, "", 1,
			[]string{"NOT_SET"}},
		{"an unknown source type", [2]string{"type: nexus", "type: nexsus"}, "", 1,
			[]string{"pkgferry.yaml:3:", "nexsus", "nexus"}},
		{"an unreachable target", [2]string{gitlab.URL, "http://127.0.0.1:1"}, "", 3,
			[]string{"127.0.0.1:1", "gitlab"}},
		{"an unreachable source", [2]string{nexus.URL, "http://127.0.0.1:1"}, "", 3,
			[]string{"127.0.0.1:1", "nexus"}},
		{"a wrong token of the target", [2]string{"", ""}, "GITLAB_TOKEN=wrong-token-of-the-target", 3,
			[]string{"gitlab", "401"}},
		{"a wrong password of a source", [2]string{"", ""}, "NEXUS_PASSWORD=wrong-password-of-the-source", 3,
			[]string{"nexus", "401"}},
		{"a group that does not exist", [2]string{"group: " + gitlab.Group, "group: no/such/group"}, "", 1,
			[]string{"no/such/group"}},
		{"a flag that does not exist", [2]string{"", ""}, "PKGFERRY_WORKERS=many", 1,
			[]string{"many"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMigration(t, gitlab, nexus, npm)
			m.edit(t, c.edit[0], c.edit[1])
			if c.env != "" {
				name, value, _ := strings.Cut(c.env, "=")
				m.secret(name, value)
				if c.code == 1 {
					m.secrets = m.secrets[:len(m.secrets)-1] // a setting may be quoted
				}
			}
			e := m.must(t, c.code, "run")
			oneLine(t, e, c.says...)
			if strings.Contains(e.stderr, "glpat-literal-secret") {
				t.Errorf("the error repeats the token: %s", e.stderr)
			}
		})
	}
}

// oneLine fails the test unless the command said one thing, on stderr, that holds the words.
func oneLine(t *testing.T, e ended, words ...string) {
	t.Helper()
	text := strings.TrimSpace(e.stderr)
	if text == "" || strings.Contains(text, "\n") {
		t.Errorf("want one line on stderr, got %v", e)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("the error does not name %q: %s", word, text)
		}
	}
}

// A project that GitLab lacks: the others could go on, but a person must decide, so nothing is sent.
func TestMissingProject(t *testing.T) {
	gitlab, nexus := startStandin(t, "gitlab"), startStandin(t, "nexus", "--seed", few)
	m := newMigration(t, gitlab, nexus)
	m.write(t, "pkgferry.yaml", m.text(t)+"routes:\n  - match: {}\n    project: no-such-project\n")
	oneLine(t, m.must(t, 1, "run"), gitlab.Group+"/no-such-project")
	if n := total(gitlab.stats(t), writing); n != 0 {
		t.Errorf("%d writing requests before the run was refused", n)
	}
}

func TestCheckpointThatCanNotBeWritten(t *testing.T) {
	gitlab, nexus := startStandin(t, "gitlab"), startStandin(t, "nexus", "--seed", few)
	m := newMigration(t, gitlab, nexus)
	t.Run("in a directory that is missing", func(t *testing.T) {
		oneLine(t, m.must(t, 3, "run", "--checkpoint", "missing/pkgferry.db"), "missing/pkgferry.db")
	})
	t.Run("read-only", func(t *testing.T) {
		m.must(t, 0, "plan")
		checkpoint := filepath.Join(m.dir, "pkgferry.db")
		for path, mode := range map[string]os.FileMode{checkpoint: 0o444, m.dir: 0o555, m.dir + "/pkgferry.yaml": 0o444} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { _ = os.Chmod(m.dir, 0o755) })
		oneLine(t, m.finish(t, plainUser(t, m.command("run"))), "pkgferry.db")
	})
	if n := total(gitlab.stats(t), writing); n != 0 {
		t.Errorf("%d writing requests without a checkpoint", n)
	}
}

// plainUser makes a command run as a user whom file modes bind: root writes whatever it wants.
func plainUser(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		return cmd
	}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	for dir := cmd.Dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	return cmd
}

// Two runs on one checkpoint: the second is refused, the first goes on.
func TestTwoRunsAtOnce(t *testing.T) {
	gitlab := startStandin(t, "gitlab", "--fault", "stall@write=1")
	m := newMigration(t, gitlab, startStandin(t, "nexus", "--seed", few))
	first := m.command("run")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- first.Wait() }()
	defer func() { _ = first.Process.Kill(); <-done }()
	await(t, "the first run publishes", func() bool { return len(gitlab.stats(t).Writes) > 0 })

	oneLine(t, m.must(t, 3, "run"), "pkgferry.db")
	select {
	case err := <-done:
		done <- err
		t.Errorf("the first run ended, %v, when the second was refused", err)
	default:
	}
}
