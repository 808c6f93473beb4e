package realserver

// The real nuget.exe (https://learn.microsoft.com/nuget/reference/nuget-exe-cli-reference), run by Mono: it knows one
// source, and none of the machine's settings and packages.

import (
	"fmt"
	"path/filepath"
	"testing"
)

// NuGet is a client of one source.
type NuGet struct {
	// Dir is where its commands run.
	Dir string
	env []string
}

// NewNuGet makes a client of the source whose service index is at index.
func NewNuGet(tb testing.TB, index, username, password string) *NuGet {
	tb.Helper()
	home := tb.TempDir()
	write(tb, filepath.Join(home, ".config", "NuGet", "NuGet.Config"), fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources><clear /><add key="lab" value="%s" protocolVersion="3" /></packageSources>
  <packageSourceCredentials><lab><add key="Username" value="%s" /><add key="ClearTextPassword" value="%s" /></lab></packageSourceCredentials>
</configuration>
`, text(index), text(username), text(password)))
	env := environment([]string{"nuget_", "dotnet_", "mono_", "xdg_"}, "HOME="+home)
	return &NuGet{tb.TempDir(), env}
}

// Run runs a command of nuget.exe and returns what it printed. The source's name is lab.
func (n *NuGet) Run(tb testing.TB, arg ...string) (string, error) {
	tb.Helper()
	arg = append([]string{Cache(tb, "nuget", "nuget.exe")}, append(arg, "-NonInteractive")...)
	return program(tb, n.Dir, n.env, "mono", arg...)
}
