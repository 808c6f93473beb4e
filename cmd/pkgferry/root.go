package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// app is what every command shares.
type app struct {
	stdout      io.Writer
	console     *console // stderr
	terminal    bool     // stderr is one
	interrupted <-chan struct{}
	command     string
	running     bool // a command has begun: an error is no longer one of the command line
	log         *slog.Logger
	facts       *facts            // what a check found out; nil: nobody wants to know
	notices     slog.Level        // of what sources say is not listed
	variables   map[string]string // stand before the environment's

	config, checkpoint  string
	logLevel, logFormat string
	noProgress, json    bool
}

const long = `pkgferry moves the packages of a registry to GitLab, proves that they arrived, and goes on where it stopped.

The result goes to stdout, progress and log to stderr. Every flag can also be set as PKGFERRY_<FLAG>.

Exit codes: 0 complete, 1 usage or configuration, 2 ended with failures, 3 stopped, 4 a budget was reached,
130 interrupted. After 2, 3, 4 and 130 the same command goes on.`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "pkgferry", Short: "Move the packages of a registry to GitLab", Long: long,
		SilenceErrors: true, SilenceUsage: true, Version: programVersion(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.begin(cmd) },
	}
	root.SetVersionTemplate("pkgferry {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVarP(&a.config, "config", "c", "pkgferry.yaml", "the configuration `FILE`")
	flags.StringVar(&a.checkpoint, "checkpoint", "pkgferry.db", "the `FILE` that remembers what was done")
	flags.StringVar(&a.logLevel, "log-level", "warn", "log from this `LEVEL` on: debug, info, warn or error")
	flags.StringVar(&a.logFormat, "log-format", "text", "write the log as text or json")
	flags.BoolVar(&a.noProgress, "no-progress", false, "show no progress")
	flags.BoolVar(&a.json, "json", false, "write the result as JSON, and progress as a line of JSON per event")
	root.AddCommand(
		a.demoCommand(), a.provisionCommand(), a.planCommand(), a.runCommand(), a.syncCommand(), a.verifyCommand(), a.statusCommand(), a.setCommand(), a.reportCommand(),
		a.clientsCommand(), a.configCommand(), a.versionCommand(),
	)
	return root
}

// begin applies the environment and prepares the log.
func (a *app) begin(cmd *cobra.Command) error {
	if err := fromEnvironment(cmd.Flags()); err != nil {
		return usage(err)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		return usage(fmt.Errorf("--log-level %s is none of debug, info, warn, error", a.logLevel))
	}
	options := &slog.HandlerOptions{Level: level}
	switch a.logFormat {
	case "text":
		a.log = slog.New(slog.NewTextHandler(a.console, options))
	case "json":
		a.log = slog.New(slog.NewJSONHandler(a.console, options))
	default:
		return usage(fmt.Errorf("--log-format %s is neither text nor json", a.logFormat))
	}
	a.command, a.running = cmd.Name(), true
	return nil
}

// fromEnvironment sets every flag that is not on the command line from PKGFERRY_<FLAG>.
func fromEnvironment(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "PKGFERRY_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if !ok || f.Changed || failed != nil || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
	})
	return failed
}

// cancellable is the context of a command that has nothing to finish: the first Ctrl-C ends it.
func (a *app) cancellable() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-a.interrupted:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// printJSON writes a result.
func (a *app) printJSON(v any) error {
	out := json.NewEncoder(a.stdout)
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

// version is what the build was told to be; without that, what Go knows of the module.
var version string

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{"version": programVersion()})
			}
			_, err := fmt.Fprintln(a.stdout, "pkgferry", programVersion())
			return err
		},
	}
}

func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		return info.Main.Version
	}
	return version
}
