package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/config"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
	"pkgferry/mapping"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
	"pkgferry/sources"
	"pkgferry/sources/artifactory"
	"pkgferry/sources/dockerhub"
	"pkgferry/sources/nexus"
	"pkgferry/sources/npmjs"
)

// targetName and sourceName say in errors whose side failed, and tell the limiters whose hosts are whose.
const targetName = "target gitlab"

func sourceName(s config.Source) string { return "source " + s.Name }

// access is how one server is reached.
type access struct {
	base    *url.URL
	auth    httpx.Auth // nil: anonymous
	secrets []string
	notice  func(string)        // says what an operator should know
	told    func(artifact.Fact) // keeps what a check finds out; nil: nobody wants to know
	login   config.Login        // for adapters that sign in by themselves
	pause   time.Duration       // see httpx.Limits
	// beside makes a client for another address of the source's, without credentials.
	beside func(*url.URL) (*httpx.Client, error)
}

// wiring is one type of source: how its configuration becomes the adapter.
type wiring struct {
	kind    string
	offer   mapping.Offer // what it lists; the name of the source is left open
	reach   func(context.Context, config.Source, config.Login) (access, error)
	open    func(*config.File, config.Source, *httpx.Client, access) (sources.Source, error)
	address func(base string, f artifact.File) string // where a file lies, for people
}

// wired is what this program can read, one entry each.
var wired = []wiring{
	{"artifactory", mapping.Offer{
		Formats: artifact.Formats(), Foreign: true, Metadata: []string{artifact.NPMDeprecated, artifact.ImageMediaType}, Properties: true,
	}, reachArtifactory, openArtifactory, artifactory.Address},
	{"nexus", mapping.Offer{
		Formats: []artifact.Format{artifact.Maven, artifact.NPM, artifact.PyPI, artifact.NuGet, artifact.Helm, artifact.Generic, artifact.Container},
		Foreign: true, Metadata: []string{artifact.ImageMediaType},
	}, reachNexus, openNexus, nexus.Address},
	{"npmjs", mapping.Offer{
		Formats: []artifact.Format{artifact.NPM}, Metadata: []string{artifact.NPMDeprecated, artifact.NPMAttestations},
	}, reachNPM, openNPM, npmjs.Address},
	{"dockerhub", mapping.Offer{
		Formats: []artifact.Format{artifact.Container}, Metadata: []string{artifact.ImageMediaType},
	}, reachHub, openHub, dockerhub.Address},
}

func sourceTypes() []string {
	types := make([]string, len(wired))
	for i, w := range wired {
		types[i] = w.kind
	}
	return types
}

// reachArtifactory: a token alone is an access, identity or reference token; with a user name it may be an API key, too.
func reachArtifactory(_ context.Context, s config.Source, l config.Login) (access, error) {
	to := access{base: s.URL.URL, auth: basic(l), secrets: l.Secrets()}
	switch {
	case l.Token != "" && l.Username != "":
		to.auth = httpx.Basic(l.Username, l.Token)
	case l.Token != "":
		to.auth = httpx.Bearer(l.Token)
	}
	return to, nil
}

func openArtifactory(f *config.File, s config.Source, c *httpx.Client, to access) (sources.Source, error) {
	return artifactory.New(s.Name, c, artifactory.Options{
		Repositories: s.Repositories, Properties: properties(f), Listings: s.Limits.ConcurrentListings,
		Login: to.auth, Notice: to.notice, Told: to.told,
	}), nil
}

func openNexus(_ *config.File, s config.Source, c *httpx.Client, to access) (sources.Source, error) {
	return nexus.New(s.Name, c, nexus.Options{
		Repositories: s.Repositories, Listings: s.Limits.ConcurrentListings, Login: to.auth, Notice: to.notice, Told: to.told,
	}), nil
}

// reachNexus: Nexus takes Basic alone; its user tokens are a pair, too.
func reachNexus(_ context.Context, s config.Source, l config.Login) (access, error) {
	to := access{base: s.URL.URL, auth: basic(l), secrets: l.Secrets()}
	switch name, pass, pair := strings.Cut(l.Token, ":"); {
	case l.Token == "":
	case l.Username != "":
		to.auth = httpx.Basic(l.Username, l.Token)
	case pair:
		to.auth, to.secrets = httpx.Basic(name, pass), append(to.secrets, pass)
	default:
		return to, fmt.Errorf("%s: a user token of Nexus has two parts: set username to the first, or write both as NAME:PASS", s.Position("token"))
	}
	return to, nil
}

// reachNPM takes from npm's own settings what the configuration leaves open.
func reachNPM(ctx context.Context, s config.Source, l config.Login) (access, error) {
	to := access{base: s.URL.URL, auth: basic(l), secrets: l.Secrets()}
	if l.Token != "" {
		to.auth = httpx.Bearer(l.Token)
	}
	if to.base != nil && to.auth != nil {
		return to, nil
	}
	own, err := npmSettings(ctx, s)
	if err == nil && to.base == nil {
		to.base, err = url.Parse(own.URL)
	}
	if err != nil {
		return to, fmt.Errorf("%s: source %s: %w", s.Position(""), s.Name, err)
	}
	if to.auth == nil {
		to.auth, to.secrets = own.Auth, own.Secrets
	}
	return to, nil
}

// openNPM makes the source with its change host beside the registry.
func openNPM(_ *config.File, s config.Source, c *httpx.Client, to access) (sources.Source, error) {
	o := npmjs.Options{
		Scopes: s.Scopes, Packages: s.Packages, Names: npmjs.Names(s.Names), Anonymous: to.auth == nil,
		Listings: s.Limits.ConcurrentListings, Notice: to.notice, Told: to.told,
	}
	if s.Changes.URL != nil {
		var err error
		if o.Changes, err = to.beside(s.Changes.URL); err != nil {
			return nil, err
		}
	}
	return npmjs.New(s.Name, c, o), nil
}

func npmSettings(ctx context.Context, s config.Source) (npmjs.Settings, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return npmjs.Settings{}, err
	}
	if s.URL.URL != nil {
		return npmjs.Credentials(home, os.Environ(), s.URL.String())
	}
	return npmjs.Registry(ctx, home, os.Environ(), s.Scopes...)
}

func basic(l config.Login) httpx.Auth {
	if l.Username == "" {
		return nil
	}
	return httpx.Basic(l.Username, l.Password)
}

// migration is what a command works with: the configuration and both ends of it. Nothing was sent yet.
type migration struct {
	file    *config.File
	hosts   *httpx.Hosts
	options engine.Options
	sink    func() (sinks.Sink, error) // makes the target's sink anew, which knows nothing of what the last one saw
	budgets map[string]*httpx.Daily    // by source, where it has one
	counted bool                       // what is used of them is noted
	unnoted bool                       // requests went out while nobody noted their minutes
	metrics string                     // where Prometheus finds them; "" when it does not
}

// connect reads the configuration and prepares both ends.
func (a *app) connect(ctx context.Context) (*migration, error) {
	m, err := a.connectSources(ctx)
	if err != nil {
		return nil, err
	}
	if m.sink, err = a.target(ctx, m.file, m.hosts); err == nil {
		m.options.Sink, err = m.sink()
	}
	if err != nil {
		return nil, usage(err)
	}
	return m, nil
}

// connectSources prepares one end alone.
func (a *app) connectSources(ctx context.Context) (*migration, error) {
	file, err := a.load()
	if err != nil {
		return nil, err
	}
	m := &migration{file: file, hosts: httpx.NewHosts(), budgets: map[string]*httpx.Daily{}, options: engine.Options{Sources: map[string]sources.Source{}, Scopes: map[string]string{}}}
	if m.options.Router, err = router(file); err != nil {
		return nil, usage(err)
	}
	if m.options.Selection, err = selection(file); err != nil {
		return nil, usage(err)
	}
	m.options.Formats = formats(file)
	for _, s := range file.Sources {
		w := wiringOf(s)
		if n := s.Limits.PerDay; n > 0 {
			m.budgets[s.Name] = a.budget(ctx, s.Name, n)
		}
		if m.options.Sources[s.Name], err = a.source(ctx, m, w, s, m.hosts); err != nil {
			return nil, usage(err)
		}
		m.options.Scopes[s.Name] = fmt.Sprintf("%s %q %q %q %q", s.Type, s.Repositories, s.Names, s.Scopes, s.Packages)
		if s.Changes.URL != nil {
			m.options.Scopes[s.Name] += " " + s.Changes.String()
		}
		if w.offer.Properties {
			m.options.Scopes[s.Name] += fmt.Sprintf(" %q", properties(file))
		}
		if s.Type == "dockerhub" {
			m.options.Scopes[s.Name] += fmt.Sprintf(" %q %q", s.Namespace, s.Visibility)
		}
	}
	return m, nil
}

func wiringOf(s config.Source) wiring { return wired[slices.Index(sourceTypes(), s.Type)] }

// formats are what the file's sources can list.
func formats(file *config.File) []artifact.Format {
	var all []artifact.Format
	for _, s := range file.Sources {
		all = append(all, wiringOf(s).offer.Formats...)
	}
	return all
}

func (a *app) source(ctx context.Context, m *migration, w wiring, s config.Source, hosts *httpx.Hosts) (sources.Source, error) {
	file := m.file
	login, err := file.Login(ctx, s.Access, s.Place, a.lookup)
	if err != nil {
		return nil, err
	}
	to, err := w.reach(ctx, s, login)
	if err != nil {
		return nil, err
	}
	if a.facts != nil {
		to.told = func(f artifact.Fact) { a.facts.add("source "+s.Name, f) }
	}
	to.notice = func(text string) { a.log.Log(ctx, a.notices, text) }
	options := httpx.Options{
		Name: sourceName(s), Base: to.base, Auth: to.auth, Hosts: hosts, Daily: m.budgets[s.Name], CAFile: file.Path(s.CAFile), Secrets: to.secrets,
		Limits: httpx.Limits{RequestsPerSecond: s.Limits.Rate(), Bandwidth: int64(s.Limits.Bandwidth), Pause: to.pause},
	}
	to.beside = func(base *url.URL) (*httpx.Client, error) {
		other := options
		other.Base, other.Auth = base, nil
		return httpx.New(other)
	}
	client, err := httpx.New(options)
	var opened sources.Source
	if err == nil {
		opened, err = w.open(file, s, client, to)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Position("url"), err)
	}
	return opened, nil
}

// target reaches the target, and returns what makes a sink of it.
func (a *app) target(ctx context.Context, file *config.File, hosts *httpx.Hosts) (func() (sinks.Sink, error), error) {
	t := file.Target
	client, login, err := a.reachTarget(ctx, file, hosts)
	if err != nil {
		return nil, err
	}
	routes, err := router(file)
	if err != nil {
		return nil, err
	}
	var told func(artifact.Fact)
	if a.facts != nil {
		told = func(f artifact.Fact) { a.facts.add("target", f) }
	}
	return func() (sinks.Sink, error) {
		sink, err := gitlab.New(client, gitlab.Options{
			Told: told, MaxFileSize: t.Limits.MaxFileSizes(), Token: gitlab.KindOf(login.Token), Notice: func(text string) { a.log.Warn(text) },
			PlainHTTP: t.AllowHTTP, Password: func(user string) httpx.Auth { return httpx.Basic(user, login.Token) },
		})
		return sinks.Limit(sink, routes.MaxFileSize), err
	}, nil
}

// reachTarget makes the client of the target's API, and tells who it is there.
func (a *app) reachTarget(ctx context.Context, file *config.File, hosts *httpx.Hosts) (*httpx.Client, config.Login, error) {
	t := file.Target
	login, err := file.Login(ctx, t.Access, t.Place, a.lookup)
	if err != nil {
		return nil, login, err
	}
	client, err := httpx.New(httpx.Options{
		Name: targetName, Base: t.URL.URL, Auth: httpx.Header("PRIVATE-TOKEN", login.Token), Hosts: hosts,
		CAFile: file.Path(t.CAFile), Secrets: login.Secrets(),
		Limits: httpx.Limits{RequestsPerSecond: t.Limits.Rate(), Bandwidth: int64(t.Limits.Bandwidth)},
	})
	if err != nil {
		return nil, login, fmt.Errorf("%s: %w", t.Position("url"), err)
	}
	return client, login, nil
}

// lookup finds a variable: the program's own ones first, which only demo has.
func (a *app) lookup(name string) (string, bool) {
	if value, ok := a.variables[name]; ok {
		return value, true
	}
	return os.LookupEnv(name)
}
