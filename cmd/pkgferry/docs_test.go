package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"pkgferry/internal/artifact"
	"pkgferry/mapping"
	"pkgferry/sinks/gitlab"
)

// writeDocs tells to write what is generated anew, instead of comparing with it.
var writeDocs = os.Getenv("PKGFERRY_WRITE_DOCS") != ""

// documented compares a page under the repository's root with what the code says.
func documented(t *testing.T, page, want string) {
	t.Helper()
	path := filepath.Join("..", "..", page)
	if writeDocs {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v): run make docs", page, err)
	}
}

// documentedPart is documented for what stands between two comments of a page: <!-- NAME: from the code --> and <!-- end -->.
func documentedPart(t *testing.T, page, name, want string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": from the code -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no part %q", page, name)
	}
	documented(t, page, before+begin+want+end+after)
}

func TestExitCodesAreDocumented(t *testing.T) {
	var table strings.Builder
	table.WriteString("| exit code | meaning |\n|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(codeMeaning)) {
		fmt.Fprintf(&table, "| %d | %s |\n", code, codeMeaning[code])
	}
	documentedPart(t, "README.md", "exit codes", table.String())
	guide, err := os.ReadFile("../../docs/recovering.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range codeMeaning {
		if heading := fmt.Sprintf("\n## Exit code %d", code); code != codeComplete && !strings.Contains(string(guide), heading) {
			t.Errorf("docs/recovering.md has no section %q", heading)
		}
	}
	_, codes, found := strings.Cut(string(guide), "\n| reason codes |")
	codes, _, _ = strings.Cut(codes, "\n\n")
	for row := range strings.Lines(codes) {
		first, _, isRow := strings.Cut(strings.TrimPrefix(row, "| `"), "` |")
		for _, code := range strings.Split(first, "`, `") {
			if isRow && !slices.Contains(artifact.Reasons(), artifact.Reason(code)) {
				t.Errorf("docs/recovering.md names %q, which is no reason code", code)
			}
		}
	}
	if !found {
		t.Error("docs/recovering.md has no table of reason codes")
	}
}

// TestFormatsAreDocumented holds the support matrix to what is wired, the recommended structure, and what GitLab shows.
func TestFormatsAreDocumented(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| format | %s | project on GitLab | proof of arrival |\n|---|%s---|---|\n",
		strings.Join(sourceTypes(), " | "), strings.Repeat(":-:|", len(wired)))
	for _, format := range artifact.Formats() {
		fmt.Fprintf(&table, "| %s |", format)
		for _, w := range wired {
			mark := " "
			if slices.Contains(w.offer.Formats, format) {
				mark = " ✓ "
			}
			table.WriteString(mark + "|")
		}
		fmt.Fprintf(&table, " `%s` | `%s` |\n", defaultProject(t, format), gitlab.Proof(format))
	}
	documentedPart(t, "README.md", "formats", table.String())
}

func defaultProject(t *testing.T, format artifact.Format) string {
	for _, rule := range mapping.Defaults() {
		if slices.Contains(rule.Match.Format, string(format)) {
			return rule.Project
		}
	}
	t.Fatalf("no project for %s", format)
	return ""
}

func TestCommandsAreDocumented(t *testing.T) {
	var page strings.Builder
	page.WriteString("# Commands\n\nEvery flag can also be set as a variable: `--max-duration` as `PKGFERRY_MAX_DURATION`. The result goes to stdout, progress and log to\nstderr.\n")
	root := (&app{}).root()
	for _, command := range commands(root) {
		text := command.Short + "."
		if command.Long != "" && command != root {
			text = command.Long
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", command.CommandPath(), text)
		flags := command.NonInheritedFlags()
		if flags.HasAvailableFlags() {
			page.WriteString("\n| flag | |\n|---|---|\n")
		}
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" {
				page.WriteString(flagRow(f))
			}
		})
	}
	documented(t, "docs/commands.md", page.String())
}

// commands are the root and all below it that an operator may use, in the order of the help.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() {
			all = append(all, commands(below)...)
		}
	}
	return all
}

func flagRow(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if value != "" {
		name += " " + value
	}
	if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
		usage += " (default " + f.DefValue + ")"
	}
	return fmt.Sprintf("| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
}

// TestManualPages makes a page of section 1 for every command; PKGFERRY_WRITE_MAN names a directory to keep them in.
func TestManualPages(t *testing.T) {
	dir := os.Getenv("PKGFERRY_WRITE_MAN")
	if dir == "" {
		dir = t.TempDir()
	}
	t.Setenv("SOURCE_DATE_EPOCH", cmp.Or(os.Getenv("SOURCE_DATE_EPOCH"), "0"))
	root := (&app{}).root()
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "pkgferry", Manual: "pkgferry"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands(root) {
		name := strings.ReplaceAll(command.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(page), ".SH SYNOPSIS") || !strings.Contains(string(page), strings.Split(command.Short, ",")[0]) {
			t.Errorf("%s: %v\n%.300s", name, err, page)
		}
	}
}
