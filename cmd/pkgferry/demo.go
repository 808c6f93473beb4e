package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/npmjs"
)

func (a *app) demoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "demo", Short: "Play the whole story on this machine, without any account", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.demo(out) },
	}
	cmd.Flags().StringVar(&out, "out", "", "work in this `DIR`, which must not be a migration's already (default a fresh directory)")
	return cmd
}

// stage is the machine's own little world: four registries to leave and a GitLab to go to.
type stage struct {
	artifactory, nexus, npm, hub, gitlab standin.Ready

	servers []*http.Server
	serving sync.WaitGroup
	close   []func() error
}

func (a *app) demo(out string) error {
	dir, err := demoDir(out)
	if err != nil {
		return usage(err)
	}
	s := &stage{}
	defer s.end()
	if err := s.open(); err != nil {
		return withCode(codeStopped, err)
	}
	a.config, a.checkpoint = filepath.Join(dir, "pkgferry.yaml"), filepath.Join(dir, "pkgferry.db")
	a.variables = map[string]string{
		"ARTIFACTORY_TOKEN": s.artifactory.Token, "NEXUS_PASSWORD": s.nexus.Password, "NPM_TOKEN": s.npm.Token,
		"DOCKERHUB_TOKEN": s.hub.Token, "GITLAB_TOKEN": s.gitlab.Token,
	}
	text := s.config()
	if err := os.WriteFile(a.config, []byte(text), 0o600); err != nil {
		return withCode(codeStopped, err)
	}
	if a.json {
		return a.quietDemo(dir)
	}
	return a.tellDemo(dir, text, s)
}

// quietDemo runs and reports; the results of the run and the paths are two objects of JSON.
func (a *app) quietDemo(dir string) error {
	return errors.Join(a.run(runFlags{workers: 8}), a.report(reportFlags{out: filepath.Join(dir, "report")}))
}

func (a *app) tellDemo(dir, text string, s *stage) error {
	t := &transcript{app: a}
	t.say("This is a whole migration on your own machine. Four registries and a GitLab run inside this process, on loopback;\n" +
		"they are stand-ins, made to answer as the real servers do. Nothing leaves the machine.\n")
	for _, one := range [][3]string{
		{"leaving ", s.artifactory.URL, "an Artifactory with OCI artifacts"},
		{"leaving ", s.nexus.URL, "a Nexus with Maven, PyPI, NuGet, Helm and raw repositories"},
		{"leaving ", s.npm.URL, "an npm registry"},
		{"leaving ", s.hub.URL, "a Docker Hub"},
		{"going to", s.gitlab.URL, "a GitLab with the group " + s.gitlab.Group},
	} {
		t.say("  %s  %-36s  %s", one[0], one[1], one[2])
	}
	t.heading("The configuration")
	t.say("%s\n\n%s", a.config, indent(text))
	t.heading("pkgferry plan")
	t.do(func() error { return a.plan(planFlags{}) })
	a.notices = slog.LevelInfo // the plan has said them
	t.heading("pkgferry run")
	t.do(func() error { return a.run(runFlags{workers: 8}) })
	before := t.writes(s)
	t.heading("pkgferry run, once more")
	t.say("What is settled is not sent again:\n")
	t.do(func() error { return a.run(runFlags{workers: 8}) })
	t.say("\nFiles sent to GitLab by the second run: %d.", t.writes(s)-before)
	t.heading("pkgferry verify --read-back all")
	t.say("Both ends are listed and compared afresh, and what GitLab only repeats is downloaded and hashed:\n")
	t.do(func() error { return a.verify(verifyFlags{readBack: "all"}) })
	t.heading("The proof")
	t.do(func() error { return a.proof() })
	t.say("\nserver: GitLab hashed the bytes it received. readback: they were downloaded from GitLab and compared. declared: GitLab\n" +
		"repeats the digest it was told; the verification above has read these back.\n\nThe reports:\n")
	t.do(func() error { return a.report(reportFlags{out: filepath.Join(dir, "report")}) })
	if t.err == nil {
		t.err = ended(t.code)
	}
	return t.err
}

// transcript tells the story until something goes wrong. Code is the worst end of a command that ended by itself.
type transcript struct {
	app  *app
	err  error
	code int
}

func (t *transcript) say(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.app.stdout, format+"\n", args...)
	}
}

func (t *transcript) heading(text string) {
	t.say("\n── %s %s\n", text, strings.Repeat("─", max(3, 100-len(text))))
}

func (t *transcript) do(step func() error) {
	if t.err != nil {
		return
	}
	end := (*told)(nil)
	if t.err = step(); errors.As(t.err, &end) && end.code != codeInterrupted {
		t.code, t.err = max(t.code, end.code), nil
	}
}

// writes asks the GitLab stand-in how many files it was sent.
func (t *transcript) writes(s *stage) int {
	if t.err != nil {
		return 0
	}
	resp, err := http.Get(s.gitlab.URL + "/_standin/stats") //nolint:noctx // a server of this process
	if err != nil {
		t.err = withCode(codeStopped, err)
		return 0
	}
	defer resp.Body.Close()
	var counts standin.Counts
	t.err = withCode(codeStopped, json.NewDecoder(io.LimitReader(resp.Body, 16<<20)).Decode(&counts))
	sum := 0
	for _, n := range counts.Writes {
		sum += n
	}
	return sum
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// demoDir makes the directory of the demo: the one that was asked for, else a fresh one here or among temporary files.
func demoDir(out string) (string, error) {
	if out != "" {
		if _, err := os.Stat(filepath.Join(out, "pkgferry.db")); err == nil {
			return "", fmt.Errorf("--out %s holds a checkpoint already: name another directory", out)
		}
		return out, os.MkdirAll(out, 0o750)
	}
	dir, err := os.MkdirTemp(".", "pkgferry-demo-")
	if err != nil {
		dir, err = os.MkdirTemp("", "pkgferry-demo-")
	}
	return dir, err
}

func (s *stage) open() error {
	var err error
	for _, one := range []struct {
		ready *standin.Ready
		make  func() (standin.Server, error)
	}{
		{&s.artifactory, func() (standin.Server, error) { return artifactory.New(standin.Options{}) }},
		{&s.nexus, func() (standin.Server, error) { return nexus.New(standin.Options{}) }},
		{&s.npm, func() (standin.Server, error) { return npmjs.New(standin.Options{}) }},
		{&s.hub, func() (standin.Server, error) { return dockerhub.New(standin.Options{}) }},
		{&s.gitlab, func() (standin.Server, error) { return gitlab.New(standin.Options{}) }},
	} {
		if *one.ready, err = s.start(one.make); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) start(make func() (standin.Server, error)) (standin.Ready, error) {
	server, err := make()
	if err != nil {
		return standin.Ready{}, err
	}
	s.close = append(s.close, server.Close)
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return standin.Ready{}, err
	}
	front := &http.Server{Handler: server, ReadHeaderTimeout: time.Minute}
	s.servers = append(s.servers, front)
	s.serving.Go(func() { _ = front.Serve(listener) })
	return server.Ready("http://" + listener.Addr().String()), nil
}

func (s *stage) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, server := range s.servers {
		_ = server.Shutdown(ctx)
	}
	s.serving.Wait()
	for _, remove := range s.close {
		_ = remove()
	}
}

func (s *stage) config() string {
	return fmt.Sprintf(`sources:
  - name: artifactory
    type: artifactory
    url: %s
    token: ${ARTIFACTORY_TOKEN}
    repositories: [oci-local]
  - name: nexus
    type: nexus
    url: %s
    username: %s
    password: ${NEXUS_PASSWORD}
    repositories: ["maven-*", "pypi-*", "nuget-hosted", "helm-*", "raw-*"]
  - name: npm
    type: npmjs
    url: %s
    token: ${NPM_TOKEN}
    scopes: ["@acme"]
  - name: hub
    type: dockerhub
    url: %s
    registry_url: %s
    auth_url: %s
    namespace: %s
    username: %s
    token: ${DOCKERHUB_TOKEN}
    limits: {keep_pulls: 20}
target:
  url: %s
  token: ${GITLAB_TOKEN}
  group: %s
  limits: {requests_per_second: 60}
`, s.artifactory.URL, s.nexus.URL, s.nexus.Username, s.npm.URL, s.hub.URL, s.hub.Registry, s.hub.Auth, s.hub.Group, s.hub.Username,
		s.gitlab.URL, s.gitlab.Group)
}
