package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/internal/report"
	"pkgferry/sinks/gitlab"
)

// provisionFlags are what provisioning may be told.
type provisionFlags struct {
	apply     bool
	tokenFile string
}

func (a *app) provisionCommand() *cobra.Command {
	var f provisionFlags
	cmd := &cobra.Command{
		Use: "provision", Short: "Show what is missing at GitLab, and make it with --apply", Args: cobra.NoArgs,
		Long: `Show what the routes need at GitLab: the group, the projects with their settings, the read-only deploy token of the
consumers. + is missing, ~ is to be changed, = is in place, ! takes a right that the token has not.

Nothing is changed without --apply. What exists is changed only where a migration needs it, and nothing is deleted.`,
		RunE: func(*cobra.Command, []string) error { return a.provision(f) },
	}
	cmd.Flags().BoolVar(&f.apply, "apply", false, "make what is missing")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "write the secret of a new deploy token into this new `FILE` instead of printing it")
	return cmd
}

func (a *app) provision(f provisionFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	keeper := &keeper{path: f.tokenFile}
	p, err := a.provisioner(ctx, keeper)
	if err != nil {
		return usage(err)
	}
	steps, err := p.Plan(ctx)
	if err != nil {
		return withCode(codeStopped, err)
	}
	b := &build{steps: steps, out: a.stdout, keeper: keeper, applied: f.apply}
	if a.json {
		b.out = io.Discard
	}
	if err := b.show(); err != nil {
		return withCode(codeStopped, err)
	}
	if f.apply && b.count(gitlab.Create, gitlab.Change) > 0 {
		if err := keeper.open(b.makesToken()); err != nil {
			return usage(err)
		}
		err = b.apply(ctx)
	}
	if a.json {
		err = errors.Join(err, a.printJSON(b.result()))
	} else {
		err = errors.Join(err, b.end())
	}
	if err != nil {
		return withCode(codeStopped, err)
	}
	return ended(b.code())
}

// provisioner needs no source: the routes decide, whatever the sources list today.
func (a *app) provisioner(ctx context.Context, k *keeper) (*gitlab.Provisioner, error) {
	file, err := a.load()
	if err != nil {
		return nil, err
	}
	routes, err := router(file)
	if err != nil {
		return nil, err
	}
	client, login, err := a.reachTarget(ctx, file, httpx.NewHosts())
	if err != nil {
		return nil, err
	}
	return gitlab.NewProvisioner(client, gitlab.KindOf(login.Token), gitlab.Structure{
		Group: string(file.Target.Group), Projects: routes.Projects(artifact.Formats()...),
		Jobs: file.Target.JobTokens, Protect: file.Target.Protect, Keep: k.keep,
	})
}

// build is the plan of a structure and what became of it.
type build struct {
	steps   []gitlab.Step
	out     io.Writer
	keeper  *keeper
	applied bool
	ended   []end // of the steps that were tried, by their place
	stopped error // what kept the rest from being tried
}

// end is what became of a step: how much of it is done, and why not the rest.
type end struct {
	done int
	err  error
}

var marks = map[gitlab.Mark]string{gitlab.Create: "+", gitlab.Change: "~", gitlab.Same: "=", gitlab.Lacking: "!"}

// show prints the plan.
func (b *build) show() error {
	table := report.Table{Head: []string{"", "what", "how"}}
	for _, s := range b.steps {
		how := strings.Join(s.Does, "; ")
		if s.Lacks != "" {
			how += ": " + s.Lacks
		}
		table.Rows = append(table.Rows, []string{marks[s.Mark], s.What, how})
	}
	if err := table.Text(b.out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(b.out, "\n%s\n", b.summary())
	return err
}

func (b *build) count(of ...gitlab.Mark) (n int) {
	for _, s := range b.steps {
		for _, mark := range of {
			if s.Mark == mark {
				n++
			}
		}
	}
	return n
}

// summary counts the steps.
func (b *build) summary() string {
	var parts []string
	for _, one := range []struct {
		mark gitlab.Mark
		text string
	}{
		{gitlab.Create, "%d to create"}, {gitlab.Change, "%d to change"}, {gitlab.Same, "%d in place"},
		{gitlab.Lacking, "%d that this token can not do"},
	} {
		if n := b.count(one.mark); n > 0 {
			parts = append(parts, fmt.Sprintf(one.text, n))
		}
	}
	text := strings.Join(parts, ", ")
	switch changes := b.count(gitlab.Create, gitlab.Change); {
	case changes == 0 && b.count(gitlab.Lacking) == 0:
		text += ": nothing to do"
	case changes > 0 && !b.applied:
		text += "\nNothing was changed yet: pkgferry provision --apply does it."
	}
	return text
}

// apply does the steps in their order. One that fails does not keep the others back, unless it is one that ends everything.
// The error is that of the output.
func (b *build) apply(ctx context.Context) error {
	defer b.keeper.close()
	b.ended = make([]end, len(b.steps))
	if _, err := fmt.Fprintln(b.out); err != nil {
		return err
	}
	for i, s := range b.steps {
		if s.Mark != gitlab.Create && s.Mark != gitlab.Change {
			continue
		}
		done, err := s.Apply(ctx)
		b.ended[i] = end{done, err}
		text := "done    " + s.What
		if err != nil {
			text = "failed  " + s.What
			if done > 0 {
				text += ", after this was done: " + strings.Join(s.Does[:done], "; ")
			}
			text += "\n        " + oneLine(err.Error())
		}
		if _, err := fmt.Fprintln(b.out, text); err != nil {
			return err
		}
		if fault.IsStop(err) || ctx.Err() != nil {
			b.stopped = err
			return nil
		}
	}
	return nil
}

// failed counts the steps that could not be done.
func (b *build) failed() (n int) {
	for _, e := range b.ended {
		if e.err != nil {
			n++
		}
	}
	return n
}

func (b *build) code() int {
	switch {
	case errors.Is(b.stopped, context.Canceled):
		return codeInterrupted
	case b.stopped != nil:
		return codeStopped
	case b.failed() > 0, b.count(gitlab.Lacking) > 0:
		return codeIncomplete
	}
	return codeComplete
}

// end prints what is left to say after the steps.
func (b *build) end() error {
	var w strings.Builder
	if n := b.failed(); n > 0 {
		fmt.Fprintf(&w, "\n%d failed: mend the cause and run it again, it goes on from what is there\n", n)
	}
	if s := b.keeper.secret; s != nil && b.keeper.path == "" {
		fmt.Fprintf(&w, "\ndeploy token %s, shown only this once:\n  username  %s\n  token     %s\n", s.Name, s.Username, s.Token)
	} else if s != nil {
		fmt.Fprintf(&w, "\ndeploy token %s: the username is %s, the token is in %s\n", s.Name, s.Username, b.keeper.path)
	}
	_, err := io.WriteString(b.out, w.String())
	return err
}

// makesToken tells whether a step makes the deploy token.
func (b *build) makesToken() bool {
	for _, s := range b.steps {
		if s.Mark == gitlab.Create && strings.HasPrefix(s.What, "deploy token ") {
			return true
		}
	}
	return false
}

// provisionResult is what --json prints.
type provisionResult struct {
	Steps   []stepResult `json:"steps"`
	Applied bool         `json:"applied"`
	Token   *tokenResult `json:"deploy_token,omitempty"`
	Exit    int          `json:"exit"`
}

type stepResult struct {
	Mark  gitlab.Mark `json:"mark"`
	What  string      `json:"what"`
	Does  []string    `json:"does"`
	Lacks string      `json:"lacks,omitempty"`
	Done  int         `json:"done"` // how many of Does this run has done
	Error string      `json:"error,omitempty"`
}

// tokenResult has the token itself, or the file that it was written to.
type tokenResult struct {
	Name     string `json:"name"`
	Username string `json:"username"`
	Token    string `json:"token,omitempty"`
	File     string `json:"file,omitempty"`
}

func (b *build) result() provisionResult {
	r := provisionResult{Steps: []stepResult{}, Applied: b.applied, Exit: b.code()}
	for i, s := range b.steps {
		one := stepResult{Mark: s.Mark, What: s.What, Does: s.Does, Lacks: s.Lacks}
		if b.ended != nil {
			one.Done = b.ended[i].done
			if err := b.ended[i].err; err != nil {
				one.Error = err.Error()
			}
		}
		r.Steps = append(r.Steps, one)
	}
	if s := b.keeper.secret; s != nil {
		r.Token = &tokenResult{Name: s.Name, Username: s.Username, File: b.keeper.path}
		if r.Token.File == "" {
			r.Token.Token = s.Token
		}
	}
	return r
}
