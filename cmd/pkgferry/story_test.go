package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/npmjs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pkgferry": main})
}

// TestStories plays the scripts in testdata: what people type, and what they read.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: storyCommands(), Setup: storySetup})
}

// storyCommands are what a script may say besides the commands of testscript.
func storyCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"standin":    startStandin,
		"post":       post,
		"exit-code":  exitCode,
		"wait-for":   waitFor,
		"changes":    changes,
		"owner-only": ownerOnly,
		"scrape":     scrape,
		"component":  component,
	}
}

func storySetup(env *testscript.Env) error {
	env.Setenv("HOME", env.WorkDir)
	return nil
}

// startStandin is "standin KIND [KEY=VALUE …] [KIND@STAGE=RATE …]": it serves until the script ends and sets KIND_URL,
// KIND_TOKEN, KIND_USERNAME and KIND_PASSWORD.
func startStandin(ts *testscript.TestScript, _ bool, args []string) {
	o := standin.Options{Modes: map[string]string{}}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch {
		case strings.Contains(key, "@"):
			one, err := standin.ParseFault(arg)
			ts.Check(err)
			o.Faults = append(o.Faults, one)
		case key == "seed":
			o.Seed = value
		default:
			o.Modes[key] = value
		}
	}
	server, err := newStandin(args[0], o)
	ts.Check(err)
	front := httptest.NewServer(unpluggable(server))
	ts.Defer(func() {
		front.CloseClientConnections()
		front.Close()
		ts.Check(server.Close())
	})
	ready := server.Ready(front.URL)
	prefix := strings.ToUpper(args[0]) + "_"
	for key, value := range map[string]string{
		"URL": ready.URL, "TOKEN": ready.Token, "USERNAME": ready.Username, "PASSWORD": ready.Password,
	} {
		ts.Setenv(prefix+key, value)
	}
}

// unpluggable serves h until somebody posts to /_plug/out, then breaks every connection until somebody posts to /_plug/in.
func unpluggable(h http.Handler) http.Handler {
	var out atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if plug, ok := strings.CutPrefix(r.URL.Path, "/_plug/"); ok {
			out.Store(plug == "out")
			return
		}
		if out.Load() {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

func newStandin(kind string, o standin.Options) (standin.Server, error) {
	switch kind {
	case "nexus":
		return nexus.New(o)
	case "npmjs":
		return npmjs.New(o)
	}
	return gitlab.New(o)
}

// post is "post URL BODY": it changes a stand-in's world.
func post(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Post(args[0], "application/json", strings.NewReader(args[1]))
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("%s: %s", args[0], resp.Status)
	}
}

// TestVariables proves that a flag of each kind can be set by its variable.
func TestVariables(t *testing.T) {
	for _, name := range []string{"PKGFERRY_WORKERS", "PKGFERRY_JSON", "PKGFERRY_MAX_DURATION"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "nonsense")
			var out, errs strings.Builder
			if code := run([]string{"run"}, &out, &errs); code != codeUsage || !strings.Contains(errs.String(), name) {
				t.Errorf("exit code %d, %s", code, errs.String())
			}
		})
	}
}

// exitCode is "exit-code N COMMAND…": the command must end with exactly that code. "stdout" and "stderr" see its output.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if args[0] != strconv.Itoa(code) {
		ts.Fatalf("exit code %d, want %s\n%s", code, args[0], ts.ReadFile("stderr"))
	}
}

// waitFor is "wait-for COMMAND PATTERN": it repeats the command until its output matches.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	words, pattern := strings.Fields(args[0]), regexp.MustCompile(args[1])
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if ts.Exec(words[0], words[1:]...) == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%s never printed %s", args[0], args[1])
}

// changes is "changes URL FILE": it writes how many requests of which kind have asked a stand-in to change something.
// GraphQL, which is for questions too, is left out.
func changes(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Get(args[0] + "/_standin/stats")
	ts.Check(err)
	defer resp.Body.Close()
	var counts standin.Counts
	ts.Check(json.NewDecoder(resp.Body).Decode(&counts))
	var lines []string
	for name, n := range counts.Requests {
		if method, route, _ := strings.Cut(name, " "); method != http.MethodGet && method != http.MethodHead && route != "graphql" {
			lines = append(lines, fmt.Sprintln(name, n))
		}
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o600))
}

// ownerOnly is "owner-only FILE": nobody but its owner may read it.
func ownerOnly(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if info.Mode().Perm() != 0o600 {
		ts.Fatalf("%s has the mode %v", args[0], info.Mode())
	}
}
