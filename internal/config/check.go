package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// announced are source types that the language has; whether this program has them is Options.Types.
var announced = []string{"artifactory", "nexus", "npmjs", "dockerhub"}

// secretKeys say where a side's secret is; one of them is enough.
var secretKeys = []string{"token", "token_file", "token_command", "password", "password_file"}

var (
	sourceName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	projectPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)
	npmScope    = regexp.MustCompile(`^@[^/@\s]+$`)
	expansion   = regexp.MustCompile(`\$\$|\$\{([^}]*)\}|\$(\w+)`)
)

// check judges what no single value shows.
func (r *reader) check(f *File) {
	names := map[string]bool{}
	if f.given("sources") && len(f.Sources) == 0 {
		r.at(f.Place, "sources", "at least one source is needed")
	}
	for _, s := range f.Sources {
		r.checkSource(s)
		if s.Name != "" && names[s.Name] {
			r.at(s.Place, "name", "there are two sources named %s", s.Name)
		}
		names[s.Name] = true
	}
	if group := string(f.Target.Group); group != "" && !projectPath.MatchString(group) {
		r.at(f.Target.Place, "group", "the full path of a group is expected here, for example acme/artifact-management")
	}
	for _, group := range f.Target.JobTokens {
		if !projectPath.MatchString(group) {
			r.at(f.Target.Place, "job_tokens", "%q is no full path of a group; one looks like acme", group)
		}
	}
	r.checkAccess(f.Target.Place, f.Target.Access, f.Target.URL)
	if f.given("target") && !f.Target.unknown && !hasSecret(f.Target.Place) {
		r.at(f.Target.Place, "", "the target needs a token, token_file or token_command")
	}
	for _, key := range []string{"username", "password", "password_file"} {
		if f.Target.given(key) {
			r.at(f.Target.Place, key, "GitLab's listings take no user and password: use token, token_file or token_command")
			break
		}
	}
	for _, route := range f.Routes {
		r.checkRoute(route, names)
	}
	r.checkSelect(f.Select, names)
	if len(r.errs) > 0 || r.options.Check == nil {
		return
	}
	if err := r.options.Check(f); err != nil {
		r.errs = append(r.errs, Error{Text: err.Error()})
	}
}

func (r *reader) at(p Place, key, format string, args ...any) {
	r.errs = append(r.errs, p.errorf(key, format, args...))
}

func (r *reader) checkSource(s Source) {
	if s.Name != "" && !sourceName.MatchString(s.Name) {
		r.at(s.Place, "name", "a source's name is made of letters, digits, dots, dashes and underscores")
	}
	have := strings.Join(r.options.Types, ", ")
	switch {
	case s.Type == "":
		return
	case slices.Contains(r.options.Types, s.Type):
	case slices.Contains(announced, s.Type):
		r.at(s.Place, "type", "sources of type %s are not available in this version; it has %s", s.Type, have)
		return
	default:
		r.at(s.Place, "type", "%q is no type of source%s; the types are %s", s.Type, suggestion(s.Type, r.options.Types), have)
		return
	}
	r.checkTypeKeys(s.Place, s.Type, tableFor[Source]())
	r.checkTypeKeys(s.Limits.Place, s.Type, tableFor[SourceLimits]())
	switch s.Type {
	case "npmjs":
	case "dockerhub":
		r.checkHub(s)
	default:
		r.require(s.Place, "url")
	}
	r.checkAccess(s.Place, s.Access, s.URL)
	r.checkGlobs(s)
	r.checkNames(s)
}

// hubNamespace is what Docker Hub takes for one.
var hubNamespace = regexp.MustCompile(`^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$`)

// checkHub: Docker Hub's own addresses are all known, and others are so only together: credentials go to each of them.
func (r *reader) checkHub(s Source) {
	r.require(s.Place, "namespace")
	if s.Namespace != "" && !hubNamespace.MatchString(string(s.Namespace)) {
		r.at(s.Place, "namespace", "the name of an account or organization is expected here, in lower case, for example acme")
	}
	keys := []string{"url", "registry_url", "auth_url"}
	if slices.ContainsFunc(keys, s.given) {
		for _, key := range keys {
			r.require(s.Place, key)
		}
	}
	for key, u := range map[string]URL{"registry_url": s.RegistryURL, "auth_url": s.AuthURL} {
		r.checkScheme(s.Place, key, s.Access, u)
	}
}

// checkTypeKeys refuses the keys that sources of this type do not have, which would otherwise be ignored in silence.
func (r *reader) checkTypeKeys(p Place, kind string, rows []field) {
	for _, row := range rows {
		if p.given(row.key) && len(row.types) > 0 && !slices.Contains(row.types, kind) {
			r.at(p, row.key, "%s does not apply to sources of type %s", row.key, kind)
		}
	}
}

func (r *reader) checkGlobs(s Source) {
	for _, glob := range s.Repositories {
		if !doublestar.ValidatePattern(strings.TrimPrefix(glob, "!")) {
			r.at(s.Place, "repositories", "%q is not a valid glob", glob)
		}
	}
}

func (r *reader) checkNames(s Source) {
	for _, scope := range s.Scopes {
		if !npmScope.MatchString(scope) {
			r.at(s.Place, "scopes", "%q is no npm scope; one looks like @acme", scope)
		}
	}
	if s.Type != "npmjs" {
		return
	}
	switch {
	case s.Names == "list" && len(s.Packages) == 0:
		r.at(s.Place, "names", "names: list needs packages")
	case (s.Names == "org" || s.Names == "changes") && len(s.Scopes) == 0:
		r.at(s.Place, "names", "names: %s needs scopes", s.Names)
	case s.Names == "changes" && !s.given("changes_url"):
		r.at(s.Place, "names", "names: changes needs changes_url")
	}
	switch {
	case !s.given("changes_url"):
	case s.Names != "" && s.Names != "changes":
		r.at(s.Place, "changes_url", "with names: %s the change host is never asked", s.Names)
	case len(s.Scopes) == 0:
		r.at(s.Place, "changes_url", "changes_url needs scopes: the change host is asked for the names of a scope")
	case s.Changes.plainHTTP() && !s.AllowHTTP:
		r.at(s.Place, "changes_url", "http lets others change the names on the way: use https, or say allow_http: true")
	}
}

func (r *reader) checkAccess(p Place, a Access, u URL) {
	first := ""
	for _, key := range secretKeys {
		switch {
		case !p.given(key):
		case first == "":
			first = key
		default:
			r.at(p, key, "%s and %s exclude each other", first, key)
		}
	}
	if (p.given("password") || p.given("password_file")) && !p.given("username") {
		r.at(p, "", "a password needs a username")
	}
	if p.given("username") && !hasSecret(p) {
		r.at(p, "username", "a username needs a password or a token")
	}
	r.checkScheme(p, "url", a, u)
}

func (r *reader) checkScheme(p Place, key string, a Access, u URL) {
	if u.plainHTTP() && !a.AllowHTTP {
		r.at(p, key, "http carries credentials unprotected: use https, or say allow_http: true")
	}
}

// hasSecret tells whether the mapping says where its secret is.
func hasSecret(p Place) bool { return slices.ContainsFunc(secretKeys, p.given) }

func (r *reader) checkRoute(route Route, sources map[string]bool) {
	switch {
	case route.given("skip") && slices.ContainsFunc([]string{"rename", "on_conflict", "channel", "repack"}, route.given):
		r.at(route.Place, "skip", "a route that skips sends nothing anywhere: it has a match and nothing else")
	case route.given("project") && !projectPath.MatchString(route.Project):
		r.at(route.Place, "project", "the path of a project below the group is expected here, for example node-packages")
	}
	r.checkMatch(route.Match, sources)
	if route.Rename != nil && route.Rename.From.Regexp != nil {
		r.checkExpansion(*route.Rename)
	}
}

// checkMatch refuses words that name nothing.
func (r *reader) checkMatch(m Match, sources map[string]bool) {
	for _, word := range m.Format {
		if err := checkRouted(word); err != nil && !strings.ContainsAny(word, "*?[{") {
			r.at(m.Place, "format", "%s", err)
		}
	}
	for _, word := range m.Source {
		if !sources[word] && !strings.ContainsAny(word, "*?[{") {
			known := slices.Sorted(maps.Keys(sources))
			r.at(m.Place, "source", "there is no source named %q%s", word, suggestion(word, known))
		}
	}
}

// checkSelect refuses a selection that says nothing.
func (r *reader) checkSelect(s Select, sources map[string]bool) {
	for _, m := range slices.Concat(s.Include, s.Exclude) {
		r.checkMatch(m, sources)
	}
	for key, list := range map[string][]Match{"include": s.Include, "exclude": s.Exclude} {
		if list != nil && len(list) == 0 {
			r.at(s.Place, key, "%s: an empty list says nothing: leave the key out", key)
		}
	}
}

// checkExpansion refuses references to groups that the pattern lacks, which Go replaces by nothing.
func (r *reader) checkExpansion(rename Rename) {
	for _, found := range expansion.FindAllStringSubmatch(rename.To, -1) {
		name := found[1] + found[2]
		number, err := strconv.Atoi(name)
		switch {
		case found[0] == "$$":
		case err == nil && number <= rename.From.NumSubexp():
		case err != nil && name != "" && slices.Contains(rename.From.SubexpNames(), name):
		default:
			r.at(rename.Place, "to", "%s names a group that the pattern does not have; write ${1} where a letter follows", found[0])
			return
		}
	}
	switch {
	case neverMatches(rename.From.String()):
		r.at(rename.Place, "from", "no name can match this")
	case mayBeEmpty(rename):
		r.at(rename.Place, "to", "this can make an empty name: every group in it may be empty; write (.+) where something must be")
	}
}
