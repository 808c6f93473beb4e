package realserver

// podman (https://docs.podman.io), as Debian has it: it needs no daemon, and keeps what it pulls in plain directories.

import (
	"os"
	"path/filepath"
	"testing"
)

// Podman is an engine with an image store of its own.
type Podman struct {
	dir    string
	logins string
}

// NewPodman makes an empty one.
func NewPodman(tb testing.TB, logins Logins) *Podman {
	tb.Helper()
	// It takes no long path.
	dir, err := os.MkdirTemp("", "podman-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &Podman{dir, logins.file(tb, dir)}
}

// Run runs a command of podman and returns what it printed. What reaches a registry (pull, push) does so over plain HTTP.
func (p *Podman) Run(tb testing.TB, command string, arg ...string) (string, error) {
	tb.Helper()
	if command == "pull" || command == "push" {
		arg = append([]string{"--tls-verify=false", "--authfile", p.logins}, arg...)
	}
	arg = append([]string{"--root", filepath.Join(p.dir, "root"), "--runroot", filepath.Join(p.dir, "run"),
		"--storage-driver", "vfs", "--events-backend", "none", command}, arg...)
	env := environment([]string{"registry_", "docker_", "container_", "storage_", "xdg_"}, "HOME="+p.dir, "XDG_RUNTIME_DIR="+filepath.Join(p.dir, "run"))
	return program(tb, p.dir, env, "podman", arg...)
}
