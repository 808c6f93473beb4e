package realserver

// A person with a fresh account on a machine: no settings, no logins, no caches, and the environment variables that they
// were told to set. Every client reads the files that it is given and nothing else.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Person runs clients.
type Person struct {
	// Home is their home directory, and where commands run.
	Home string
	env  []string
}

// clientVariables are how the variables start by which the machine's own settings would reach the clients.
var clientVariables = []string{
	"npm_config_", "node_", "maven_", "mavenrc", "pip_", "uv_", "poetry_", "twine_", "python", "virtual_env", "nuget_", "dotnet_", "mono_", "helm_", "kube",
	"docker_", "registry_", "tf_", "tofu_", "gitlab_", "ci_", "xdg_", "netrc",
}

// NewPerson makes one with the variables, each NAME=VALUE. The clients of the cache are on their PATH.
func NewPerson(tb testing.TB, variables ...string) *Person {
	tb.Helper()
	home := tb.TempDir()
	write(tb, filepath.Join(home, "npm-global"), "")
	path := Cache(tb, "bin") + string(os.PathListSeparator) + Cache(tb, "python", "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	env := environment(append([]string{"path="}, clientVariables...),
		"HOME="+home, "PATH="+path, "NPM_CONFIG_GLOBALCONFIG="+filepath.Join(home, "npm-global"), "NPM_CONFIG_UPDATE_NOTIFIER=false", "NPM_CONFIG_FETCH_RETRIES=0",
		"NPM_CONFIG_AUDIT=false", "NPM_CONFIG_FUND=false", "NPM_CONFIG_IGNORE_SCRIPTS=true",
		"PIP_CONFIG_FILE="+os.DevNull, "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PIP_RETRIES=0", "PIP_ROOT_USER_ACTION=ignore",
		"PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring", "UV_PYTHON_DOWNLOADS=never", "POETRY_VIRTUALENVS_IN_PROJECT=true", "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	// Nobody answers beyond the machine, so that no client gets from a public registry what it should get from GitLab.
	for _, scheme := range []string{"http", "https"} {
		env = append(env, scheme+"_proxy=http://127.0.0.1:9", strings.ToUpper(scheme)+"_PROXY=http://127.0.0.1:9")
	}
	env = append(env, "no_proxy=localhost,127.0.0.1", "NO_PROXY=localhost,127.0.0.1")
	return &Person{home, append(env, variables...)}
}

// Run runs a command and returns what it printed.
func (p *Person) Run(tb testing.TB, name string, arg ...string) (string, error) {
	tb.Helper()
	return program(tb, p.Home, p.env, "env", append([]string{name}, arg...)...) // which looks for it on their PATH
}

// Maven runs the real Maven with the settings in a file. Its local repository, which is returned, begins with Maven's own
// plugins and nothing else, and nobody answers where Maven Central would be.
func (p *Person) Maven(tb testing.TB, settings string, arg ...string) (local string, err error) {
	tb.Helper()
	local = filepath.Join(p.Home, ".m2", "repository")
	if _, err := os.Stat(local); os.IsNotExist(err) {
		if err := os.CopyFS(local, os.DirFS(Cache(tb, "plugins"))); err != nil {
			tb.Fatal(err)
		}
	}
	machine := filepath.Join(p.Home, "machine-settings.xml")
	write(tb, machine, "<settings><mirrors><mirror><id>nobody</id><mirrorOf>central</mirrorOf><url>http://127.0.0.1:9</url></mirror></mirrors></settings>")
	common := []string{"-B", "-ntp", "-q", "-e", "-Dstyle.color=never", "-s", settings, "-gs", machine, "-Dmaven.repo.local=" + local}
	_, err = program(tb, p.Home, p.env, "mvn", append(common, arg...)...)
	return local, err
}

// GetArtifact is what fetches one with Maven.
func GetArtifact(artifact string) []string {
	return []string{dependencyPlugin + ":get", "-Dartifact=" + artifact}
}

// NuGet runs the real nuget.exe.
func (p *Person) NuGet(tb testing.TB, arg ...string) (string, error) {
	tb.Helper()
	return p.Run(tb, "mono", append([]string{Cache(tb, "nuget", "nuget.exe")}, append(arg, "-NonInteractive")...)...)
}

// Netrc is what the person keeps for a host, https://everything.curl.dev/usingcurl/netrc.
func (p *Person) Netrc(tb testing.TB, host, user, secret string) {
	tb.Helper()
	write(tb, filepath.Join(p.Home, ".netrc"), "machine "+host+" login "+user+" password "+secret+"\n")
}
