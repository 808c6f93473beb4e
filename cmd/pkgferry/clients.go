package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"pkgferry/checkpoint"
	"pkgferry/internal/clients"
	"pkgferry/internal/config"
	"pkgferry/internal/httpx"
	"pkgferry/sinks/gitlab"
)

// clientsFlags are what clients may be told.
type clientsFlags struct {
	out string
}

func (a *app) clientsCommand() *cobra.Command {
	var f clientsFlags
	var s scanFlags
	const short = "Write what consumers need to read from GitLab: the settings of npm, Maven, pip, NuGet and the others"
	cmd := &cobra.Command{
		Use: "clients", Short: short, Long: short + ".\n" + scanLong, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := s.check(); err != nil {
				return usage(err)
			}
			if s.dir != "" {
				return a.scan(s)
			}
			return a.clients(f)
		},
	}
	s.register(cmd)
	cmd.Flags().StringVar(&f.out, "out", "pkgferry-clients", "write into this `DIR`")
	return cmd
}

// clients needs a configuration; the checkpoint tells what arrived, and without one the routes tell what may.
func (a *app) clients(f clientsFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	file, err := a.load()
	if err != nil {
		return err
	}
	store, err := checkpoint.View(a.checkpoint)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage(err)
	}
	if store != nil {
		defer func() { _ = store.Close() }()
	}
	target, notes, err := a.consumed(ctx, file, store)
	if err != nil {
		return err
	}
	written, err := clients.Write(ctx, f.out, clients.Options{GitLab: target, Store: store, Origins: origins(file), Notes: notes})
	if err != nil {
		return withCode(codeStopped, err)
	}
	return a.printClients(written.Files, written.Notes)
}

// consumed is what consumers read: the projects that received packages, else those of the routes, with the numbers that
// GitLab gives them, where it can be asked.
func (a *app) consumed(ctx context.Context, file *config.File, store *checkpoint.Store) (*clients.GitLab, []string, error) {
	target := &clients.GitLab{URL: file.Target.URL.URL, Group: clients.Place{Path: string(file.Target.Group)}}
	var notes []string
	if store != nil {
		var err error
		if target.Projects, err = clients.Arrived(ctx, store); err != nil {
			return nil, nil, withCode(codeStopped, err)
		}
	}
	if len(target.Projects) == 0 {
		routes, err := router(file)
		if err != nil {
			return nil, nil, usage(err)
		}
		target.Planned, target.Projects = true, clients.Planned(routes, formats(file))
		notes = append(notes, "nothing has arrived yet: the files are for the projects that the routes name, and lists of packages are missing")
	}
	if err := a.locate(ctx, file, target); err != nil {
		notes = append(notes, fmt.Sprintf("GitLab could not be asked for the numbers of the projects and for the host of its container registry: "+
			"addresses have paths instead, and what needs the numbers (NuGet) or the host (images) is missing: %v", err))
	}
	return target, notes, nil
}

// locate fills in what GitLab alone knows.
func (a *app) locate(ctx context.Context, file *config.File, target *clients.GitLab) error {
	client, _, err := a.reachTarget(ctx, file, httpx.NewHosts())
	if err != nil {
		return err
	}
	paths := make([]string, len(target.Projects))
	for i, p := range target.Projects {
		paths[i] = p.Path
	}
	found, err := gitlab.Locate(ctx, client, target.Group.Path, paths)
	if err != nil {
		return err
	}
	target.Group.ID, target.Registry = found.Group, found.Registry
	for i, path := range paths {
		target.Projects[i].ID = found.Projects[path]
	}
	return nil
}

// printClients prints the paths of the files, and on stderr what is missing.
func (a *app) printClients(files, notes []string) error {
	if a.json {
		return a.printJSON(map[string]any{"files": files, "notes": append([]string{}, notes...)})
	}
	for _, note := range notes {
		a.console.say("pkgferry: " + oneLine(note))
	}
	_, err := io.WriteString(a.stdout, strings.Join(files, "\n")+"\n")
	return err
}

// origins are the sources as consumers know them.
func origins(file *config.File) map[string]clients.Origin {
	all := map[string]clients.Origin{}
	for _, s := range file.Sources {
		all[s.Name] = clients.Origin{Type: s.Type, URL: s.URL.URL, Registry: registryOf(s)}
	}
	return all
}

// registryOf is the registry that a source has beside its own address; nil when it has none.
func registryOf(s config.Source) *url.URL { return s.RegistryURL.URL }
