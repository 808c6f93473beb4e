package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"pkgferry/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Check, show and describe the configuration file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "check", Short: "Check the file strictly, with line numbers", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.configCheck() },
		},
		&cobra.Command{
			Use: "show", Short: "Print the effective file, without secrets", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.configShow() },
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of the file, for editors", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.configSchema() },
		},
	)
	return cmd
}

func (a *app) configOptions() config.Options {
	return config.Options{
		Types: sourceTypes(), Routes: structure, Lookup: a.lookup,
		Check: func(f *config.File) error {
			if _, err := router(f); err != nil {
				return err
			}
			if _, err := selection(f); err != nil {
				return err
			}
			return met(f)
		},
	}
}

// load reads the configuration file.
func (a *app) load() (*config.File, error) {
	file, err := config.Load(a.config, a.configOptions())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no configuration at %s: name one with --config, or try pkgferry demo", a.config)
	}
	return file, usage(err)
}

func (a *app) configCheck() error {
	_, err := a.load()
	var errs config.Errors
	switch {
	case err != nil && !errors.As(err, &errs):
		return err
	case a.json:
		if err := a.printJSON(map[string]any{"file": a.config, "errors": mistakes(errs)}); err != nil {
			return err
		}
	case err == nil:
		_, err := fmt.Fprintf(a.stdout, "%s: ok\n", a.config)
		return err
	}
	for _, one := range errs {
		a.console.say("pkgferry: " + message(one))
	}
	if len(errs) > 0 {
		return ended(codeUsage)
	}
	return nil
}

// mistake is one error of the file as JSON.
type mistake struct {
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}

func mistakes(errs config.Errors) []mistake {
	all := []mistake{}
	for _, e := range errs {
		all = append(all, mistake{e.Line, e.Column, e.Text})
	}
	return all
}

func (a *app) configShow() error {
	file, err := a.load()
	if err != nil {
		return err
	}
	text, err := file.Show(a.configOptions())
	if err != nil {
		return err
	}
	if a.json {
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return err
		}
	}
	_, err = a.stdout.Write(text)
	return err
}

func (a *app) configSchema() error {
	text, err := config.Schema(a.configOptions())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", text)
	return err
}
