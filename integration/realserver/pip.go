package realserver

// The real pip (https://pip.pypa.io/en/stable/) and twine (https://twine.readthedocs.io), in an environment of their own,
// cut off from the machine's own settings and cache: they know one index.

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// pythonEnvironment knows nothing of the machine's indexes, keyrings and settings.
func pythonEnvironment(home string) []string {
	return environment([]string{"pip_", "twine_", "python", "virtual_env"}, "HOME="+home, "PIP_CONFIG_FILE="+os.DevNull,
		"PIP_NO_CACHE_DIR=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PIP_ROOT_USER_ACTION=ignore", "PIP_RETRIES=0",
		"PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring")
}

// Pip runs a command of pip with an index, whose address ends in /simple, and returns what it printed.
func Pip(tb testing.TB, index, username, password, command string, arg ...string) (string, error) {
	tb.Helper()
	at, err := url.Parse(index)
	if err != nil {
		tb.Fatal(err)
	}
	if username != "" {
		at.User = url.UserPassword(username, password)
	}
	home := tb.TempDir()
	arg = append([]string{command, "--quiet", "--index-url", at.String()}, arg...)
	return program(tb, home, pythonEnvironment(home), Cache(tb, "python", "bin", "pip"), arg...)
}

// Twine uploads files to the repository at address, and returns what it printed.
func Twine(tb testing.TB, address, username, password string, file ...string) (string, error) {
	tb.Helper()
	home := tb.TempDir()
	env := append(pythonEnvironment(home), "TWINE_USERNAME="+username, "TWINE_PASSWORD="+password)
	arg := append([]string{"upload", "--non-interactive", "--disable-progress-bar", "--verbose", "--config-file", filepath.Join(home, "none"),
		"--repository-url", address}, file...)
	return program(tb, home, env, Cache(tb, "python", "bin", "twine"), arg...)
}
