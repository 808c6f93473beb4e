// Command standin serves one of the stand-in servers as a process, for tests that kill things and for people. It prints
// one JSON line when it is ready and serves until SIGTERM or an interrupt.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/gitlab"
	"pkgferry/integration/standin/nexus"
	"pkgferry/integration/standin/npmjs"
)

// kinds are the stand-ins that there are.
var kinds = []struct {
	name, short, long string
	start             func(standin.Options) (standin.Server, error)
}{
	{"artifactory", "JFrog Artifactory", artifactory.Help, starter(artifactory.New)},
	{"gitlab", "GitLab's package registry, for publishers and consumers", gitlab.Help, starter(gitlab.New)},
	{"nexus", "Sonatype Nexus Repository: Maven and raw repositories", godoc("nexus"), starter(nexus.New)},
	{"npmjs", "npm's public registry, or a Verdaccio", godoc("npmjs"), starter(npmjs.New)},
	{"dockerhub", "Docker Hub: its API, token service, registry and CDN", godoc("dockerhub"), starter(dockerhub.New)},
}

func starter[S standin.Server](start func(standin.Options) (S, error)) func(standin.Options) (standin.Server, error) {
	return func(o standin.Options) (standin.Server, error) { return start(o) }
}

// godoc says where a stand-in's modes are described.
func godoc(name string) string {
	return "Its modes: go doc pkgferry/integration/standin/" + name
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(os.Stdout).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func command(out io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "standin",
		Short:         "Servers that speak a registry's protocol, for tests on loopback",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	for _, kind := range kinds {
		f := flags{}
		one := &cobra.Command{
			Use: kind.name, Short: kind.short, Long: kind.long, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				options, err := f.options()
				if err != nil {
					return err
				}
				server, err := kind.start(options)
				if err != nil {
					return err
				}
				return errors.Join(serve(cmd.Context(), out, f.listen, server), server.Close())
			},
		}
		f.register(one)
		root.AddCommand(one)
	}
	return root
}

// flags are those that every stand-in has.
type flags struct {
	listen, data, seed string
	modes, faults      []string
	random             int64
}

func (f *flags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "address to serve on; port 0 takes a free one")
	cmd.Flags().StringVar(&f.data, "data", "", "directory for bodies (default: a temporary one, removed at the end)")
	cmd.Flags().StringVar(&f.seed, "seed", "small", "what the server holds at the start: small, or a number of packages")
	cmd.Flags().StringArrayVar(&f.modes, "mode", nil, "a switch of this stand-in, KEY=VALUE; may be repeated")
	cmd.Flags().StringArrayVar(&f.faults, "fault", nil,
		"what goes wrong, KIND@STAGE=RATE; kinds flip, cut, short, reset, stall, objectstore, lock, trim or a status; stages "+
			strings.Join(standin.Stages(), ", ")+"; "+
			"a rate below 1 is a probability, a whole number the first so many times; may be repeated")
	cmd.Flags().Int64Var(&f.random, "random", 1, "makes faults by rate repeatable")
}

func (f *flags) options() (o standin.Options, err error) {
	o = standin.Options{Seed: f.seed, Data: f.data, Random: f.random}
	if o.Modes, err = standin.ParseModes(f.modes); err != nil {
		return o, err
	}
	for _, word := range f.faults {
		one, err := standin.ParseFault(word)
		if err != nil {
			return o, err
		}
		o.Faults = append(o.Faults, one)
	}
	return o, nil
}

// serve prints the ready line and serves until ctx ends.
func serve(ctx context.Context, out io.Writer, address string, h standin.Server) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	ready := h.Ready("http://" + listener.Addr().String())
	if err := json.NewEncoder(out).Encode(ready); err != nil { //nolint:gosec // it tells the stand-in's own password
		return errors.Join(err, server.Close())
	}
	select {
	case err = <-ended:
		return err
	case <-ctx.Done():
	}
	return server.Close()
}
