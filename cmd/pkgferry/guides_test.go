package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestGuides types what README and the pages under docs/ show and compares what is printed, so that a page that lies is red.
//
// Of a page, blocks of "console" are played: a line that starts with "$ " is a command for the shell, and what follows is
// all that it prints, on both streams; "…" stands for anything in a line, and alone for any lines. A block whose language is
// followed by a name is a file. Comments that start with "<!-- play" hold lines of a script, for what the reader's own
// registries would be. The names of the reader's servers are those of the stand-ins (hosts, below).
//
// A command may fail if the page shows it: by "(exit code N)" in what it prints, or by "$ echo $?" next.
// PKGFERRY_WRITE_DOCS=1 writes what is printed into the page, for a person to look at.
func TestGuides(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("there are no pages", err)
	}
	pages = append(pages, "../../README.md")
	dir, guides, scripts := t.TempDir(), map[string]*guide{}, []string(nil)
	for _, path := range pages {
		g := readGuide(t, path)
		if len(g.steps) == 0 {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		script := filepath.Join(dir, name+".txt")
		if err := os.WriteFile(script, []byte(strings.Join(g.script, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		guides[name], scripts = g, append(scripts, script)
	}
	play := storyCommands()
	play["step"] = func(ts *testscript.TestScript, _ bool, args []string) {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		guides[ts.Name()].play(ts, n)
	}
	t.Run("play", func(t *testing.T) {
		testscript.Run(t, testscript.Params{Files: scripts, Cmds: play, Setup: storySetup})
	})
	for _, g := range guides {
		if writeDocs {
			g.write(t)
		}
	}
}

// guide is one page.
type guide struct {
	path   string
	lines  []string
	script []string // "step N" in between
	steps  []step
	code   int // of the last command, which the page must show when it is not 0
}

// step is a file that the reader writes, or a command with what it prints.
type step struct {
	file    string
	command string
	line    int // of the first line of text, from 0
	text    []string
	printed []string // instead, when it differs
}

var fence = regexp.MustCompile("^```([a-z]+)(?: ([^ ]+))?$")

func readGuide(t *testing.T, path string) *guide {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &guide{path: path, lines: strings.Split(string(text), "\n")}
	for i := 0; i < len(g.lines); i++ {
		block := fence.FindStringSubmatch(g.lines[i])
		switch {
		case g.lines[i] == "<!-- play":
			end := g.end(t, i, "-->")
			g.script = append(g.script, g.lines[i+1:end]...)
			i = end
		case block != nil && block[1] == "console":
			end := g.end(t, i, "```")
			g.commands(i+1, end)
			i = end
		case block != nil:
			end := g.end(t, i, "```")
			if block[2] != "" {
				g.add(step{file: block[2], line: i + 1, text: g.lines[i+1 : end]})
			}
			i = end
		}
	}
	return g
}

// end is the line that closes the block which begins at line i.
func (g *guide) end(t *testing.T, i int, mark string) int {
	n := slices.Index(g.lines[i+1:], mark)
	if n < 0 {
		t.Fatalf("%s:%d: nothing closes this block", g.path, i+1)
	}
	return i + 1 + n
}

func (g *guide) commands(from, to int) {
	for i := from; i < to; {
		command := strings.TrimPrefix(g.lines[i], "$ ")
		for i++; strings.HasSuffix(command, `\`); i++ {
			command += "\n" + g.lines[i]
		}
		first := i
		for i < to && !strings.HasPrefix(g.lines[i], "$ ") {
			i++
		}
		g.add(step{command: command, line: first, text: g.lines[first:i]})
	}
}

func (g *guide) add(s step) {
	g.script = append(g.script, fmt.Sprintf("step %d", len(g.steps)))
	g.steps = append(g.steps, s)
}

func (g *guide) play(ts *testscript.TestScript, n int) {
	s := &g.steps[n]
	if s.file != "" {
		text := strings.Join(s.text, "\n") + "\n"
		for _, h := range hosts {
			if strings.HasSuffix(s.file, ".yaml") { // another stand-in may take the place of the first
				text = strings.ReplaceAll(text, h.reader, "${"+h.variable+"}")
			}
		}
		ts.Check(os.WriteFile(ts.MkAbs(s.file), []byte(toStandins(ts, text)), 0o600))
		return
	}
	asked := s.command == "echo $?"
	before := ""
	if asked {
		before = fmt.Sprintf("(exit %d); ", g.code)
	} else if g.code != 0 {
		ts.Fatalf("%s:%d: the command before ended with %d, and the page does not say so", g.path, s.line, g.code)
	}
	printed, code := shell(ts, before+toStandins(ts, s.command))
	if asked || slices.ContainsFunc(printed, func(line string) bool { return strings.Contains(line, fmt.Sprintf("(exit code %d)", code)) }) {
		code = 0
	}
	g.code = code
	if alike(s.text, printed) {
		return
	}
	s.printed = printed
	if !writeDocs {
		ts.Fatalf("%s:%d: $ %s\nprints\n%s\nand not\n%s", g.path, s.line, s.command, strings.Join(printed, "\n"), strings.Join(s.text, "\n"))
	}
}

// shell runs a command and returns the lines that it printed on both streams, and its exit code.
func shell(ts *testscript.TestScript, command string) ([]string, int) {
	err := ts.Exec("bash", "-c", "exec 2>&1\n"+command)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	text := strings.TrimRight(toReader(ts, ts.ReadFile("stdout")), "\n")
	if text == "" {
		return nil, code
	}
	return strings.Split(text, "\n"), code
}

// hosts are the reader's servers, and the variables that have the stand-ins' addresses.
var hosts = []struct{ reader, variable string }{
	{"https://nexus.example.com", "NEXUS_URL"},
	{"https://npm.example.com", "NPMJS_URL"},
	{"https://artifactory.example.com/artifactory", "ARTIFACTORY_URL"},
	{"https://gitlab.example.com", "GITLAB_URL"},
}

func toStandins(ts *testscript.TestScript, text string) string {
	for _, h := range hosts {
		if address := ts.Getenv(h.variable); address != "" {
			text = strings.ReplaceAll(text, h.reader, address)
		}
	}
	return text
}

func toReader(ts *testscript.TestScript, text string) string {
	for _, h := range hosts {
		if address := ts.Getenv(h.variable); address != "" {
			text = strings.ReplaceAll(text, address, h.reader)
			_, host, _ := strings.Cut(address, "://")
			_, reader, _ := strings.Cut(h.reader, "://")
			text = strings.ReplaceAll(text, host, reader)
		}
	}
	return text
}

// alike tells whether the lines that a page shows are those that were printed.
func alike(shown, printed []string) bool {
	if len(shown) == 0 {
		return len(printed) == 0
	}
	if strings.TrimSpace(shown[0]) == "…" {
		return alike(shown[1:], printed) || len(printed) > 0 && alike(shown, printed[1:])
	}
	if len(printed) == 0 {
		return false
	}
	parts := strings.Split(strings.TrimRight(shown[0], " "), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	line := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	return line.MatchString(strings.TrimRight(printed[0], " ")) && alike(shown[1:], printed[1:])
}

// write puts what was printed where the page shows something else.
func (g *guide) write(t *testing.T) {
	for _, s := range slices.Backward(g.steps) {
		if s.printed != nil {
			g.lines = slices.Concat(g.lines[:s.line], s.printed, g.lines[s.line+len(s.text):])
		}
	}
	if err := os.WriteFile(g.path, []byte(strings.Join(g.lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		shown, printed string
		want           bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "a\nb", false},
		{"a\nb", "a", false},
		{"took …s", "took 12s", true},
		{"took …s", "took 12m", false},
		{"a.c", "abc", false},
		{"a\n…\nz", "a\nb\nc\nz", true},
		{"a\n…\nz", "a\nz", true},
		{"a\n…\nz", "a\nb", false},
		{"…", "", true},
	} {
		if got := alike(strings.Split(c.shown, "\n"), strings.Split(c.printed, "\n")); got != c.want {
			t.Errorf("%q is shown, %q printed: %v", c.shown, c.printed, got)
		}
	}
}
