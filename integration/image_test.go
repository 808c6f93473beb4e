//go:build integration

package integration

import (
	"archive/tar"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
)

// image builds the Dockerfile by podman. Its base images are made here: of the first, /usr is this machine's; the second is
// one small shell. The program is not compiled a second time: release/program hands out the one that is there. So what is
// tested is the file, not what others put into their images.
func image(t *testing.T, program string) {
	podman := realserver.NewPodman(t, nil)
	run := func(command string, arg ...string) string {
		t.Helper()
		out, err := podman.Run(t, command, arg...)
		if err != nil {
			t.Fatalf("podman %s: %v\n%s", command, err, out)
		}
		return out
	}
	goroot := goEnv(t, "GOROOT")
	const authorities = "etc/ssl/certs/ca-certificates.crt"
	links := map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
	run("import", "--change", "ENV PATH=/goroot/bin:/usr/bin:/bin", "--change", "ENV GOPROXY="+goEnv(t, "GOPROXY"),
		"--change", "ENV GOMODCACHE=/modules", system(t, links, []string{authorities}), "localhost/go")
	run("import", system(t, map[string]string{"bin/sh": "busybox", "bin/id": "busybox", "bin/grep": "busybox"}, []string{"bin/busybox"}), "localhost/base")
	run("build", "--isolation", "chroot", "--pull-never", "--build-arg", "GO=localhost/go", "--build-arg", "BASE=localhost/base",
		"--build-arg", "VERSION="+releaseVersion, "--volume", "/usr:/usr:ro",
		"--volume", goroot+":/goroot:ro", "--volume", goEnv(t, "GOMODCACHE")+":/modules", "--tag", "localhost/pkgferry", sent(t, program))

	config := run("inspect", "--format", "{{.Config.User}} {{.Config.WorkingDir}} {{.Config.Volumes}} {{.Config.Entrypoint}}", "localhost/pkgferry")
	if got, want := strings.TrimSpace(config), "10001:10001 /work map[/work:{}] [/usr/local/bin/pkgferry]"; got != want {
		t.Errorf("the image says %s, want %s", got, want)
	}
	try := t.TempDir()
	text := "FROM localhost/pkgferry\nRUN pkgferry version && pkgferry demo --out demo >/work/demo.txt && grep summary.md /work/demo.txt && id -u\n"
	if err := os.WriteFile(filepath.Join(try, "Dockerfile"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run("build", "--isolation", "chroot", "--pull-never", "--no-cache", try)
	for _, want := range []string{"pkgferry " + releaseVersion + "\n", "demo/report/summary.md\n", "\n10001\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("in the image there is no %q in\n%s", want, out)
		}
	}
}

// sent makes what is sent to build an image: the files that say so, and a release/program that hands out what is built.
func sent(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	copied := map[string]string{"release/built": program}
	for _, name := range []string{"Dockerfile", ".dockerignore", "go.mod", "go.sum"} {
		copied[name] = filepath.Join("..", name)
	}
	if err := os.Mkdir(filepath.Join(dir, "release"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, from := range copied {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\nset -e\ntest \"$1 $VERSION\" = \"" + runtime.GOARCH + " " + releaseVersion + "\"\nmkdir -p \"${2%/*}\"\ncp release/built \"$2\"\n"
	if err := os.WriteFile(filepath.Join(dir, "release", "program"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestImageIsBuiltFromEverything: what .dockerignore lets through is enough to compile the program.
func TestImageIsBuiltFromEverything(t *testing.T) {
	text, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.ImportPath}} {{.EmbedFiles}}{{end}}", "./cmd/pkgferry")
	list.Dir = ".."
	packages, err := list.Output()
	if err != nil || len(packages) == 0 {
		t.Fatal("no packages", err)
	}
	for line := range strings.Lines(string(packages)) {
		path, embedded, _ := strings.Cut(strings.TrimSpace(line), " ")
		folder := strings.Split(path, "/")[1]
		if !strings.Contains(string(text), "\n!"+folder+"\n") || strings.Contains(embedded, "testdata") {
			t.Errorf(".dockerignore leaves out what %s needs (%s)", path, embedded)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// system makes the archive of a system with a few directories, these links, and these files of this machine.
func system(t *testing.T, links map[string]string, files []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "system.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := tar.NewWriter(file)
	put := func(h tar.Header, content []byte) {
		t.Helper()
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"usr", "usr/local", "usr/local/bin", "etc", "etc/ssl", "etc/ssl/certs", "root"} {
		put(tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}, nil)
	}
	put(tar.Header{Typeflag: tar.TypeDir, Name: "tmp", Mode: 0o1777}, nil)
	for _, name := range files {
		content, err := os.ReadFile("/" + name)
		if err != nil {
			t.Fatal(err)
		}
		put(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755}, content)
	}
	for name, to := range links {
		put(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}, nil)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
