package realserver

// The real OpenTofu (https://opentofu.org/docs/cli/config/config-file/), which reads modules as Terraform does
// (https://developer.hashicorp.com/terraform/internals/module-registry-protocol). It knows one registry of modules, and
// none of providers.

import (
	"fmt"
	"path/filepath"
	"testing"
)

// ModuleHost is the host that a module's source names: ModuleHost/acme/name/system.
const ModuleHost = "modules.example"

// Tofu is a client in a directory of its own.
type Tofu struct {
	// Dir is where its commands run and its configuration lies.
	Dir string
	env []string
}

// NewTofu makes a client that finds ModuleHost's module registry at service, an address that ends with a slash. A host that
// is configured like this is not asked where its services are, and may be without TLS.
func NewTofu(tb testing.TB, service, token string) *Tofu {
	tb.Helper()
	home := tb.TempDir()
	config := filepath.Join(home, "tofurc")
	write(tb, config, fmt.Sprintf(`host %q {
  services = { "modules.v1" = %q }
}
credentials %q {
  token = %q
}
provider_installation {
  filesystem_mirror { path = %q }
}
`, ModuleHost, service, ModuleHost, token, filepath.Join(home, "no-providers")))
	env := environment([]string{"tf_", "tofu_"}, "HOME="+home, "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	return &Tofu{tb.TempDir(), env}
}

// Run runs a command of OpenTofu and returns what it printed.
func (c *Tofu) Run(tb testing.TB, command string, arg ...string) (string, error) {
	tb.Helper()
	return program(tb, c.Dir, c.env, Cache(tb, "bin", "tofu"), append([]string{command, "-no-color"}, arg...)...)
}
