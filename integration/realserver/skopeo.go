package realserver

// skopeo (https://github.com/containers/skopeo/blob/main/docs/skopeo.1.md), as Debian has it.

import "testing"

// Skopeo runs a command of skopeo over plain HTTP and returns what it printed. Arguments of a copy are transports with
// names, such as "docker://localhost:5000/a:1" and "oci:DIRECTORY:TAG".
func Skopeo(tb testing.TB, logins Logins, command string, arg ...string) (string, error) {
	tb.Helper()
	home := tb.TempDir()
	plain := []string{"--tls-verify=false"}
	if command == "copy" {
		plain = []string{"--src-tls-verify=false", "--dest-tls-verify=false"}
	}
	arg = append(append([]string{"--insecure-policy", command, "--authfile", logins.file(tb, home)}, plain...), arg...)
	env := environment([]string{"registry_", "docker_", "xdg_"}, "HOME="+home, "XDG_RUNTIME_DIR="+home)
	return program(tb, home, env, "skopeo", arg...)
}
