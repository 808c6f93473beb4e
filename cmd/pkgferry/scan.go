package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/config"
	"pkgferry/internal/httpx"
	"pkgferry/internal/scan"
	"pkgferry/sinks/gitlab"
)

// scanFlags are what a scan may be told.
type scanFlags struct {
	dir           string
	fix, yes      bool
	also, virtual []string
}

const scanLong = `
With --scan DIR, find the addresses of the old registries in the files below DIR and print what each becomes at GitLab, a line
for each: FILE:LINE: OLD → NEW, with the ecosystem; or why it must be changed by hand. Files of every ecosystem are known:
settings, lock files, build files, image names, pipelines, scripts. Links are not followed; .git, node_modules, vendor and the
like, binary files and files of more than 16 MiB are left out.

--fix prints a diff first, without the lines around, since credentials tend to stand there. On a terminal it then asks;
elsewhere it changes nothing unless --yes says so. It rewrites what is certain and nothing else. A credential is never moved to
the new address.

Exit codes with --scan: 0 nothing was found, or all of it was rewritten; 2 findings remain.`

func (f *scanFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "scan", "", "find the old registries' addresses in the files below this `DIR`, instead of writing files")
	flags.BoolVar(&f.fix, "fix", false, "with --scan: show a diff, and rewrite what is certain")
	flags.BoolVar(&f.yes, "yes", false, "with --fix: rewrite without asking")
	flags.StringArrayVar(&f.also, "also", nil, "with --scan: `HOST[:PORT][/PATH]=SOURCE[/REPOSITORY]` is another address of a source, or of one of its repositories; the repository * stands for all that was copied")
	flags.StringArrayVar(&f.virtual, "virtual", nil, "with --scan: the repository `SOURCE/REPOSITORY` shows nothing but what was copied, and public packages")
}

func (f *scanFlags) check() error {
	switch {
	case f.dir == "" && (f.fix || f.yes || len(f.also)+len(f.virtual) > 0):
		return errors.New("--fix, --yes, --also and --virtual go with --scan DIR")
	case f.yes && !f.fix:
		return errors.New("--yes goes with --fix")
	}
	return nil
}

// scan finds old addresses, and rewrites them.
func (a *app) scan(f scanFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	if info, err := os.Stat(f.dir); err != nil {
		return usage(err)
	} else if !info.IsDir() {
		return usage(fmt.Errorf("--scan %s is no directory", f.dir))
	}
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = store.Close() }()
	options, err := a.scanOptions(ctx, f, store)
	if err != nil {
		return err
	}
	scanner, err := scan.New(ctx, options)
	if err != nil {
		return withCode(codeStopped, err)
	}
	s := &sweep{app: a, flags: f, scanner: scanner}
	for _, step := range []func(context.Context) error{s.look, s.fix, s.end} {
		if err := step(ctx); err != nil {
			return withCode(codeStopped, err)
		}
	}
	if s.found > s.fixed || s.failed > 0 {
		return ended(codeIncomplete)
	}
	return nil
}

// scanOptions are what the configuration, the checkpoint and GitLab say.
func (a *app) scanOptions(ctx context.Context, f scanFlags, store *checkpoint.Store) (scan.Options, error) {
	o := scan.Options{Copies: store}
	file, err := a.load()
	if err != nil {
		return o, err
	}
	if o.Registries, err = a.registries(ctx, file); err != nil {
		return o, usage(err)
	}
	known := func(source string) bool {
		for _, r := range o.Registries {
			if r.Source == source {
				return true
			}
		}
		return false
	}
	if o.Also, err = scan.ParseAlso(f.also, known); err == nil {
		o.Virtual, err = scan.ParseVirtual(f.virtual, known)
	}
	if err != nil {
		return o, usage(err)
	}
	o.Target, err = a.scanTarget(ctx, file, store)
	return o, err
}

// registries are the configured sources as the files of their users name them.
func (a *app) registries(ctx context.Context, file *config.File) ([]scan.Registry, error) {
	var all []scan.Registry
	for _, s := range file.Sources {
		one := scan.Registry{Source: s.Name, Type: s.Type, URL: s.URL.URL, Namespace: string(s.Namespace), Scopes: s.Scopes}
		if s.Type == "dockerhub" {
			one.URL = s.RegistryURL.URL
		}
		if one.URL == nil && s.Type == "npmjs" {
			to, err := reachNPM(ctx, s, config.Login{})
			if err != nil {
				return nil, err
			}
			one.URL = to.base
		}
		all = append(all, one)
	}
	return all, nil
}

// scanTarget asks GitLab for the ids that its addresses have.
func (a *app) scanTarget(ctx context.Context, file *config.File, store *checkpoint.Store) (scan.Target, error) {
	target := scan.Target{URL: file.Target.URL.URL}
	moved, err := store.Moved(ctx)
	if err != nil {
		return target, withCode(codeStopped, err)
	}
	var paths []string
	for i, m := range moved {
		if i == 0 || m.Project != moved[i-1].Project {
			paths = append(paths, m.Project)
		}
	}
	client, _, err := a.reachTarget(ctx, file, httpx.NewHosts())
	if err != nil {
		return target, usage(err)
	}
	found, err := gitlab.Locate(ctx, client, string(file.Target.Group), paths)
	if err != nil {
		return target, withCode(codeStopped, err)
	}
	target.Group, target.Project, target.Registry = found.Group, found.Projects, found.Registry
	return target, nil
}

// maxThen is far more than there are kinds of files.
const maxThen = 50

// sweep is one scan with what it found.
type sweep struct {
	*app
	flags                scanFlags
	scanner              *scan.Scanner
	pending              []scan.File // that --fix can change; without their diffs
	files, found, failed int
	safe, fixed          int
	then                 []string // what is left to do where something is rewritten, each once
}

// look prints what is found, and with --fix the diff. Files that --fix can change are kept by name: their findings are printed
// again as they end.
func (s *sweep) look(ctx context.Context) error {
	return s.scanner.Scan(ctx, s.flags.dir, func(file scan.File) error {
		if file.Err != nil {
			s.failed++
			s.console.say("pkgferry: " + scan.Printable(file.Path) + ": " + oneLine(file.Err.Error()))
			return nil
		}
		s.files++
		s.found += len(file.Findings)
		for _, f := range file.Findings {
			if f.Safe() {
				s.safe++
			}
			if then := f.Ecosystem + ": " + f.Then; f.Then != "" && !slices.Contains(s.then, then) && len(s.then) < maxThen {
				s.then = append(s.then, then)
			}
		}
		if s.flags.fix && file.Diff != "" {
			diff := file.Diff
			file.Diff = ""
			s.pending = append(s.pending, file)
			if s.json {
				return s.printJSON(map[string]string{"file": file.Path, "diff": diff})
			}
			return s.print(diff)
		}
		return s.findings(file)
	})
}

// findings prints those of a file.
func (s *sweep) findings(file scan.File) error {
	for _, f := range file.Findings {
		var err error
		if s.json {
			err = s.printJSON(f)
		} else if !f.Fixed {
			err = s.print(f.String() + "\n")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) print(text string) error {
	_, err := io.WriteString(s.stdout, text)
	return err
}

// fix rewrites what was found, when somebody wants it.
func (s *sweep) fix(ctx context.Context) error {
	agreed := s.flags.yes || len(s.pending) > 0 && s.ask()
	for _, file := range s.pending {
		if agreed {
			if err := s.scanner.Fix(ctx, s.flags.dir, &file); err != nil {
				if ctx.Err() != nil {
					return err
				}
				s.failed++
				s.console.say("pkgferry: " + oneLine(err.Error()))
			}
		}
		for _, f := range file.Findings {
			if f.Fixed {
				s.fixed++
			}
		}
		if err := s.findings(file); err != nil {
			return err
		}
	}
	return nil
}

// ask asks on a terminal; elsewhere nobody agrees.
func (s *sweep) ask() bool {
	if s.json || !s.terminal || !isTerminal(os.Stdin) {
		return false
	}
	_, _ = fmt.Fprintf(s.console, "Rewrite %s? [y/N] ", plural(len(s.pending), "file"))
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// end prints the sums.
func (s *sweep) end(context.Context) error {
	if s.json {
		return s.printJSON(map[string]int{"files": s.files, "findings": s.found, "safe": s.safe, "fixed": s.fixed, "failed": s.failed})
	}
	var parts []string
	if s.fixed > 0 {
		parts = append(parts, fmt.Sprintf("%d rewritten", s.fixed))
	}
	if n := s.safe - s.fixed; n > 0 {
		how := "can be rewritten: --fix shows how"
		if s.flags.fix {
			how = "not rewritten: --yes does it"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, how))
	}
	if n := s.found - s.safe; n > 0 {
		parts = append(parts, fmt.Sprintf("%d must be changed by hand", n))
	}
	if s.found == 0 {
		return s.print("no old address found\n")
	}
	text := fmt.Sprintf("%s in %s: %s\n", plural(s.found, "old address"), plural(s.files, "file"), strings.Join(parts, ", "))
	for i, then := range s.then {
		if i == 0 {
			text += "\nWhere they are rewritten, this is left to do:\n"
		}
		text += "  " + scan.Printable(then) + "\n"
	}
	return s.print(text)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %s", n, cmp.Or(map[string]string{"old address": "old addresses"}[word], word+"s"))
}
