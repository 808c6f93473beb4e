//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/realserver"
)

// npm's own client finds at the registry's stand-in what it looks for at the real one: who it is, what an organisation,
// its teams and a user have, what there is of a package, and files that it installs.
func TestNPMStandInAnswersNPM(t *testing.T) {
	for _, vocabulary := range []string{"read-write", "write"} { // npm's client knows two words for each
		server := startStandin(t, "npmjs", "--mode", "private=yes", "--mode", "permissions="+vocabulary)
		npm := realserver.NewNPM(t, server.URL, server.Token)
		for command, want := range map[string]any{
			"whoami":                               "standin",
			"access list packages acme":            map[string]any{"@acme/cli": "read-write", "@acme/core": "read-only", "@acme/ui": "read-only"},
			"access list packages acme:design":     map[string]any{"@acme/ui": "read-only"},
			"access list packages standin":         map[string]any{"tidy-lines": "read-only"}, // an organisation there is none of that name
			"access list collaborators @acme/ui":   map[string]any{"standin": "read-only"},
			"access get status @acme/ui":           map[string]any{"@acme/ui": "private"},
			"org ls acme":                          map[string]any{"standin": "owner", "olga": "owner"},
			"team ls acme:design":                  []any{"standin"},
			"view @acme/ui versions":               []any{"1.0.0", "1.2.0-rc.1", "1.2.0", "1.10.0"},
			"view @acme/ui dist-tags":              map[string]any{"latest": "1.10.0", "legacy": "1.0.0"},
			"view @acme/ui@legacy deprecated":      "Use 1.2.0 or newer: it is faster.",
			"view @acme/cli dist.attestations.url": server.URL + "/-/npm/v1/attestations/@acme%2fcli@0.3.0+build.7",
		} {
			var got any
			if err := json.Unmarshal([]byte(npm.Run(t, append(strings.Fields(command), "--json")...)), &got); err != nil {
				t.Errorf("npm %s: %v", command, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("npm %s (-want +got):\n%s", command, diff)
			}
		}
		npm.Run(t, "install", "@acme/ui", "@acme/cli", "tidy-lines")
		for name, version := range map[string]string{"@acme/ui": "1.10.0", "@acme/core": "1.1.0", "@acme/cli": "0.3.0+build.7", "tidy-lines": "1.0.0"} {
			text, err := os.ReadFile(filepath.Join(npm.Dir, "node_modules", filepath.FromSlash(name), "package.json"))
			if err != nil || !strings.Contains(string(text), `"version": "`+version+`"`) {
				t.Errorf("npm installed another %s: %v, %s", name, err, text)
			}
		}
	}
}
