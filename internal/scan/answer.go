package scan

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// format is how addresses of one format are read behind their repository, and where GitLab has the same. A missing function
// says that there is no such thing.
type format struct {
	group    bool // GitLab has an address for all projects of a group
	forwards bool // that sends who asks for what is not there on to the public registry
	channels bool // the address ends with a channel
	// registry is the address of all packages of a project or group, for an old one with that rest; what follows the rest that
	// cut takes away is put behind it.
	registry func(scope, rest string) string
	cut      func(rest string) string
	// root tells that rest is the registry and nothing in it; publishRoot, that packages are sent there.
	root, publishRoot func(rest string) bool
	// below tells that what is behind the registry's address is the same at GitLab.
	below func(rest string) bool
	// file reads the address of a file; an empty file is the only one of its package.
	file func(repository, rest string) (name, version, file string, ok bool)
	// address is the path of a file below its project's address, not escaped; "" where it can not be told.
	address func(d artifact.Destination, f artifact.File) string
}

var formats = map[artifact.Format]format{
	artifact.Maven: mavenFormat, artifact.NPM: npmFormat, artifact.PyPI: pypiFormat, artifact.NuGet: nugetFormat,
	artifact.Helm: helmFormat, artifact.Generic: genericFormat, artifact.Terraform: terraformFormat,
}

// answer is what becomes of an address: the new text, or why it is left; both for a proposal.
type answer struct {
	text, why, then string
	quiet           bool // it is no finding
}

func left(format string, args ...any) (answer, error) {
	return answer{why: fmt.Sprintf(format, args...)}, nil
}

// answer tells what an address becomes where it stands.
func (s *Scanner) answer(ctx context.Context, d *document, a address) (answer, error) {
	found, err := s.becomes(ctx, d, a)
	if err != nil || found.quiet {
		return found, err
	}
	if a.encoded {
		found.text = url.QueryEscape(found.text)
	}
	if why := d.forbids(a); why != "" && (found.why == "" || a.hostOnly) {
		found.why = why
	}
	if found.why != "" {
		return found, nil
	}
	if a.user != "" { // variables, which the operator fills
		scheme, rest, _ := strings.Cut(found.text, "//")
		found.text = scheme + "//" + a.user + "@" + rest
		found.then = join(found.then, "the variables of this address must hold a token of GitLab")
	}
	found.then = join(found.then, d.kind.then)
	return found, nil
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// forbids tells why nothing is rewritten where the address stands, whatever it becomes; "" when nothing is in the way. The new
// address must never get a credential that was for the old one.
func (d *document) forbids(a address) string {
	if d.kind.judge != nil {
		if why := d.kind.judge(d, a); why != "" {
			return why
		}
	}
	switch {
	case a.user != "" && !isVariable([]byte(a.user)):
		return "it has a credential of the old registry inside: write it anew with a token of GitLab"
	case !d.kind.lock && hasSecret(d.lineAt(a.start)):
		return "a credential of the old registry is on its line: write it anew with a token of GitLab"
	case a.tangled:
		return "another address begins in it"
	case d.kind.untouched:
		return "this kind of file is not known: change it by hand"
	}
	return ""
}

func (s *Scanner) becomes(ctx context.Context, d *document, a address) (answer, error) {
	f, known := formats[a.format]
	switch {
	case a.registry.Type == npmjs:
		return s.ofNPM(ctx, d, a)
	case a.image:
		return s.imageName(ctx, d, a)
	case a.module:
		return s.module(ctx, a)
	case a.api:
		return left("it is an API of the old registry, which GitLab has not")
	case a.hostOnly:
		return left("it names the old registry as a whole: what GitLab's address is depends on what it is for")
	case a.format == "":
		return left("its format is not known: %q is no repository that was copied", a.repository)
	case a.format == artifact.Container:
		return left("images are named by the registry's host at GitLab, not by an address of its API")
	case !known:
		return left("GitLab has no place for %s packages, or they are plain files there", a.format)
	}
	if f.file != nil && !hasVariable(a.rest) && (a.rest == "" || !f.root(a.rest)) {
		rest, err := url.PathUnescape(a.rest)
		if err != nil {
			rest = a.rest
		}
		if name, version, file, ok := f.file(a.repository, rest); ok && version != "" {
			return s.oneFile(ctx, d, a, f, artifact.Package{
				Source: a.registry.Source, Repository: a.repository, Format: a.format, Name: name, Version: version,
			}, file)
		}
	}
	if a.format == artifact.Generic && hasVariable(a.rest) {
		return s.anyVersion(ctx, a)
	}
	if !f.root(a.rest) && !f.below(a.rest) {
		return left("where GitLab has it can not be told by this address alone")
	}
	return s.registryOf(d, a, f)
}

// registryOf answers for the address of a repository, or of something below it that is the same at GitLab.
func (s *Scanner) registryOf(d *document, a address, f format) (answer, error) {
	if f.registry == nil {
		return left("GitLab has no address for a whole registry of %s", a.format)
	}
	moved := s.copies.of(a.registry.Source, a.repository, a.format)
	if len(moved) == 0 {
		return s.virtual(a, f)
	}
	scope, why := s.scope(d, a, f, moved)
	if why != "" {
		return answer{why: why}, nil
	}
	found := answer{text: schemeOf(a, below(a, f, f.registry(scope, a.rest), moved[0].Channel))}
	if n := missing(moved); n > 0 {
		found.then = fmt.Sprintf("%d of its packages have not arrived at GitLab", n)
	}
	return found, nil
}

func missing(moved []checkpoint.Moved) (n int64) {
	for _, m := range moved {
		n += m.Missing
	}
	return n
}

// scope is the project that has all of what moved, or the group where several have; or why there is none.
func (s *Scanner) scope(d *document, a address, f format, moved []checkpoint.Moved) (scope, why string) {
	var projects, channels []string
	for _, m := range moved {
		if !slices.Contains(projects, m.Project) {
			projects = append(projects, m.Project)
		}
		if !slices.Contains(channels, m.Channel) {
			channels = append(channels, m.Channel)
		}
	}
	publishes := d.kind.publishes != nil && d.kind.publishes(d, a) || f.publishRoot != nil && f.publishRoot(a.rest)
	switch {
	case f.channels && len(channels) > 1:
		return "", "its charts are in several channels: " + strings.Join(channels, ", ")
	case len(projects) == 1 && (s.copies.has(a.registry.Source, a.repository, a.format) || !f.group):
		scope, why = s.target.project(projects[0])
	case publishes:
		why = "packages are published to a project, and these are in several: " + strings.Join(projects, ", ")
	case !f.group:
		why = fmt.Sprintf("its packages are in several projects (%s), and GitLab has no address of a group for %s", strings.Join(projects, ", "), a.format)
	default:
		scope, why = s.target.group()
	}
	return scope, why
}

// below is what an address within the registry becomes.
func below(a address, f format, registry, channel string) string {
	rest := a.rest
	if f.cut != nil {
		rest = f.cut(rest)
	}
	if f.root(a.rest) {
		rest = ""
	}
	if f.channels {
		registry += helmChannel(channel)
	}
	if rest != "" {
		registry = strings.TrimRight(registry, "/") + "/" + rest
	}
	if a.slash && !strings.HasSuffix(registry, "/") && !strings.HasSuffix(registry, ".json") {
		registry += "/"
	}
	return registry
}

// virtual answers for a repository that was not copied. It may be one that shows others and public packages beside them, and
// what all it shows is known to people alone.
func (s *Scanner) virtual(a address, f format) (answer, error) {
	if len(s.copies.of(a.registry.Source, every, a.format)) == 0 || !f.group {
		return left("%q is no repository that was copied", a.repository)
	}
	scope, why := s.target.group()
	if why != "" {
		return answer{why: why}, nil
	}
	return answer{text: schemeOf(a, below(a, f, f.registry(scope, a.rest), "")), why: s.undeclared(a)}, nil
}

// undeclared says what the operator can declare of a repository that was not copied.
func (s *Scanner) undeclared(a address) string {
	return fmt.Sprintf("%q is no repository that was copied: if it shows nothing but what was copied, and public packages, say so by --virtual %s/%s",
		a.repository, a.registry.Source, a.repository)
}

// schemeOf writes an address of GitLab as the old one was: behind "//" alone, or with nothing before the host.
func schemeOf(a address, address string) string {
	switch a.scheme {
	case "":
		return address[strings.Index(address, "//"):]
	case none:
		return address[strings.Index(address, "//")+2:]
	}
	return address
}

// ofNPM answers for npm's public registry, which stays in use: only what was copied from it has another address.
func (s *Scanner) ofNPM(ctx context.Context, d *document, a address) (answer, error) {
	f := formats[artifact.NPM]
	if name, version, _, ok := f.file("", strings.ReplaceAll(a.rest, "%2f", "/")); ok {
		p := artifact.Package{Source: a.registry.Source, Format: artifact.NPM, Name: name, Version: version}
		if found, err := s.copies.file(ctx, p, ""); err != nil || len(found) == 0 {
			return answer{quiet: true}, err
		}
		return s.oneFile(ctx, d, a, f, p, "")
	}
	line := string(d.lineAt(a.start))
	scoped := slices.ContainsFunc(a.registry.Scopes, func(scope string) bool { return strings.Contains(line, scope+":registry") })
	if !f.root(a.rest) || !scoped {
		return answer{quiet: true}, nil
	}
	return s.registryOf(d, a, f)
}
