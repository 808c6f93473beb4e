// Package config reads pkgferry.yaml: YAML 1.2 (https://yaml.org/spec/1.2.2/), strictly. What a file may say is one
// table, the structs below: their tags name the keys and describe them, and decoding, "config show" and the JSON Schema
// are all made from it. Every error carries file, line and column, and none quotes a secret.
package config

import (
	"os"
	"path/filepath"

	"pkgferry/internal/artifact"
)

// File is the whole configuration.
type File struct {
	Place
	Sources []Source `key:"sources" need:"yes" doc:"The registries to read."`
	Target  Target   `key:"target" need:"yes" doc:"The GitLab instance and group that receives the packages."`
	Routes  []Route  `key:"routes" doc:"Where packages go; the first route that matches wins. Without routes the recommended structure applies."`
	Select  Select   `key:"select" doc:"What to take at all. A package that a rule leaves out is not read, and reported as skipped."`

	dir string // relative file names start here
}

// Source is one registry to read.
type Source struct {
	Place
	Name         string       `key:"name" need:"yes" doc:"How routes, reports and errors call this source."`
	Type         string       `key:"type" need:"yes" enum:"types" doc:"What kind of registry it is."`
	URL          URL          `key:"url" doc:"Its address. An npmjs source without one uses npm's own settings, a dockerhub source Docker Hub's own addresses."`
	RegistryURL  URL          `key:"registry_url" for:"dockerhub" doc:"The address of the registry, where it is not Docker Hub's own; url is then that of the API."`
	AuthURL      URL          `key:"auth_url" for:"dockerhub" doc:"The address of the service that gives tokens for the registry, where it is not Docker Hub's own."`
	Namespace    Text         `key:"namespace" for:"dockerhub" doc:"The Docker Hub account or organization to list."`
	Visibility   string       `key:"visibility" for:"dockerhub" enum:"all public" doc:"Which repositories to list. With all, the default, a listing in which none is private says that some may be missing."`
	Repositories List         `key:"repositories" for:"nexus artifactory dockerhub" doc:"Globs of repositories to list; one that starts with ! leaves out. Default: all hosted ones."`
	Names        string       `key:"names" for:"npmjs" enum:"org changes verdaccio list" doc:"Where package names come from, and which list is enough: the organization's, the change host's, Verdaccio's, or packages below. Default: all that there are, and what none of them may have is told."`
	Changes      URL          `key:"changes_url" for:"npmjs" doc:"The address of the registry's change host, whose public names complete those of the scopes. It gets no credentials."`
	Scopes       List         `key:"scopes" for:"npmjs" doc:"npm scopes to list, such as @acme."`
	Packages     List         `key:"packages" for:"npmjs" doc:"npm packages to list by name."`
	Limits       SourceLimits `key:"limits" doc:"How hard this source may be used."`
	Access
}

// Target is where packages are published.
type Target struct {
	Place
	URL   URL  `key:"url" need:"yes" doc:"The address of the GitLab instance."`
	Group Text `key:"group" need:"yes" doc:"Full path of the group that holds the projects."`
	// JobTokens and Protect are what provision sets up beside the projects.
	JobTokens List         `key:"job_tokens" doc:"Full paths of the groups whose CI jobs may use the projects, as provision sets them up. Default: the group's top-level group."`
	Protect   string       `key:"protect" enum:"maintainer owner admin" doc:"The role that publishing packages shall take, as provision sets the projects up. Left out, rules stay as they are."`
	Limits    TargetLimits `key:"limits" doc:"How hard the target may be used, and what it takes."`
	Access
}

// Access says how to reach one side and who to be there.
type Access struct {
	Token        Secret  `key:"token" doc:"An access token, as ${NAME} of an environment variable."`
	TokenFile    string  `key:"token_file" doc:"A file that holds the token and nothing else."`
	TokenCommand Command `key:"token_command" doc:"A command that prints the token: a list of words, or a text for the shell."`
	Username     Text    `key:"username" doc:"The user name that goes with the password, or with the token where a registry wants both."`
	Password     Secret  `key:"password" doc:"The password, as ${NAME} of an environment variable."`
	PasswordFile string  `key:"password_file" doc:"A file that holds the password and nothing else."`
	CAFile       string  `key:"ca_file" doc:"A PEM file with certificate authorities to trust besides the system's."`
	AllowHTTP    bool    `key:"allow_http" doc:"Permits an address with plain http that is not loopback: credentials then travel unprotected."`
}

// Rates are the limits that both sides know. Zero is no limit of our own.
type Rates struct {
	PerSecond float64 `key:"requests_per_second" doc:"At most so many requests in a second."`
	PerMinute float64 `key:"requests_per_minute" doc:"At most so many requests in a minute."`
	Bandwidth Size    `key:"bandwidth" doc:"At most so many bytes in a second, for example 50MiB."`
}

// SourceLimits are a source's limits.
type SourceLimits struct {
	Place
	Rates
	PerDay             int `key:"requests_per_day" doc:"At most so many requests in a day (UTC), counted over all runs on one checkpoint; then the source is left until the next day."`
	ConcurrentListings int `key:"concurrent_listings" doc:"At most so many listing requests at once; a source that lists one thing after the other makes no more than one."`
	KeepPulls          int `key:"keep_pulls" for:"dockerhub" doc:"Pause before fewer pulls than this are left of the quota."`
}

// TargetLimits are the target's limits.
type TargetLimits struct {
	Place
	Rates
	MaxFileSize map[artifact.Format]Size `key:"max_file_size" doc:"The largest file that the instance takes, by format, where an administrator changed it."`
}

// Route is one rule of where packages go.
type Route struct {
	Place
	Match      Match       `key:"match" need:"yes" doc:"Which packages it takes: all conditions must hold; {} takes every package."`
	Project    string      `key:"project" doc:"Path of the project below the target's group."`
	Skip       string      `key:"skip" doc:"Leaves the packages out; the text becomes the reason in the report."`
	Rename     *Rename     `key:"rename" doc:"Changes the package's name on the way."`
	OnConflict string      `key:"on_conflict" enum:"fail skip replace" doc:"What to do when the target holds other bytes. Replace applies to moving things only: indexes, snapshots, tags of images."`
	Channel    string      `key:"channel" doc:"The channel that Helm charts go to; stable when it is left out."`
	Limits     RouteLimits `key:"limits" doc:"What packages of this route may be at most."`
	Repack     bool        `key:"repack" doc:"Makes .tgz archives of Terraform modules that the source holds as .zip; their bytes change."`
}

// RouteLimits are the limits of a route. Zero is none.
type RouteLimits struct {
	Place
	MaxFileSize Size `key:"max_file_size" doc:"Files of this size or larger do not go to the route's project: they fail as file-too-large, in the plan already. Of several routes to one project the smallest counts, by format."`
}

// Match is the condition of a Route or of Select: of globs any of a list; what is left out matches everything.
type Match struct {
	Place
	Source     List            `key:"source" doc:"Names of sources."`
	Repository List            `key:"repository" doc:"Names of repositories."`
	Format     List            `key:"format" doc:"Package formats."`
	Name       List            `key:"name" doc:"Package names."`
	Version    List            `key:"version" doc:"Package versions; the words release and snapshot tell those of Maven apart."`
	Path       List            `key:"path" doc:"Paths of files inside the package; one file that matches is enough."`
	Size       Sizes           `key:"size" doc:"Bytes of all files of a version together, such as \"> 100MiB\"; of a list all must hold."`
	Age        Ages            `key:"age" doc:"Time since the newest file of a version was last replaced, such as \"> 2y\", in h, d, w or y; of a list all must hold."`
	Properties map[string]List `key:"properties" doc:"What the source tells of a version, by key: deprecated (npmjs, Artifactory) and attestations (npmjs) of npm, mediaType of an image; any other key is a property of a file in Artifactory, such as build.name, and one file that has it is enough."`
}

// Select is what to take at all.
type Select struct {
	Place
	Include         []Match `key:"include" doc:"Takes only packages that one of these conditions matches. All parts of a condition must hold."`
	Exclude         []Match `key:"exclude" doc:"Leaves out packages that one of these conditions matches. All parts of a condition must hold."`
	ModifiedAfter   Date    `key:"modified_after" doc:"Leaves out versions of which no file was published or replaced on or after this day."`
	DownloadedAfter Date    `key:"downloaded_after" doc:"Leaves out versions that were neither downloaded nor published on or after this day. Sources that tell no downloads keep all."`
	NewestVersions  int     `key:"newest_versions" doc:"Takes of each name the newest versions that the other rules let through, by the ecosystem's own order; of images by date."`
}

// Rename is a replacement in the package's name.
type Rename struct {
	Place
	From Pattern `key:"from" need:"yes" doc:"A regular expression (RE2) on the package's name."`
	To   string  `key:"to" need:"yes" doc:"The new name; $1 is the first group."`
}

// Options are what Read needs to know besides the file's text.
type Options struct {
	// Types are the source types that this program has.
	Types []string
	// Routes are what holds when the file has none; nil: none.
	Routes func(*File) []Route
	// Check judges a file that is sound in itself; its error begins with a position. Nil: nothing more to judge.
	Check func(*File) error
	// Lookup finds environment variables; nil is os.LookupEnv.
	Lookup func(name string) (string, bool)
}

func (o Options) lookup(name string) (string, bool) {
	if o.Lookup == nil {
		return os.LookupEnv(name)
	}
	return o.Lookup(name)
}

// maxFile is far more than any configuration needs; it keeps a mistaken --config from filling the memory.
const maxFile = 256 << 10

// Load reads the configuration file at path. An error that can be fixed in the file is an Errors.
func Load(path string, o Options) (*File, error) {
	text, err := readSmall(path, maxFile)
	if err != nil {
		return nil, err
	}
	file, err := Read(path, text, o)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	file.dir = dir
	return file, nil
}

// Read reads a configuration from its text; name is what errors call it.
func Read(name string, text []byte, o Options) (*File, error) {
	r := &reader{file: name, options: o}
	file := &File{}
	if r.document(text, file) {
		r.check(file)
	}
	if len(r.errs) > 0 {
		return nil, r.errs.sorted()
	}
	return file, nil
}
