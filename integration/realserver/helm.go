package realserver

// The real Helm 3 (https://helm.sh/docs/helm/), cut off from the machine's own repositories, logins and cache.

import (
	"path/filepath"
	"testing"
)

// Helm is a client with settings of its own.
type Helm struct {
	// Dir is where its commands run.
	Dir string
	env []string
}

// NewHelm makes a client that knows the logins of OCI registries, which it speaks to with --plain-http.
func NewHelm(tb testing.TB, logins Logins) *Helm {
	tb.Helper()
	home := tb.TempDir()
	env := environment([]string{"helm_", "kube", "docker_"}, "HOME="+home, "HELM_REGISTRY_CONFIG="+logins.file(tb, home),
		"HELM_CONFIG_HOME="+filepath.Join(home, "config"), "HELM_CACHE_HOME="+filepath.Join(home, "cache"), "HELM_DATA_HOME="+filepath.Join(home, "data"))
	return &Helm{tb.TempDir(), env}
}

// Run runs a command of Helm and returns what it printed.
func (h *Helm) Run(tb testing.TB, arg ...string) (string, error) {
	tb.Helper()
	return program(tb, h.Dir, h.env, Cache(tb, "bin", "helm"), arg...)
}
