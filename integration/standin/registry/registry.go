// Package registry is the read side of a container registry as the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md) and the distribution project's own registry
// describe it: what stand-ins of servers that are more than a registry put under their /v2/. It answers reads only; what
// it holds is put into its Store.
//
// A Registry is a plain value: who serves several repositories of registries, or whose switches change, makes one for
// each request. Authentication, quotas and addresses belong to the server around it.
package registry

import (
	"net/http"
	"regexp"
	"strings"

	"pkgferry/integration/standin"
)

// The routes of a registry, which are also their names in the statistics.
const (
	Base      = "base"
	Catalog   = "catalog"
	Tags      = "tags"
	Manifests = "manifest"
	Blobs     = "blob"
	Referrers = "referrers"
)

// Call is what a request asks for.
type Call struct {
	// Route is Base, Catalog, Tags, Manifests, Blobs or Referrers.
	Route string
	// Repository is "" for Base and Catalog.
	Repository string
	// Reference is a tag, or a digest.
	Reference string
}

// Registry serves a Store. The zero values of its options are those of distribution 2 without authentication, except
// that it has no catalog.
type Registry struct {
	Store *Store
	// Prefix stands before /v2/ in this registry's paths: "" or "/path".
	Prefix string
	// Tags and Catalog say how their lists are cut into pages; without Catalog there is no catalog.
	Tags    Paging
	Catalog *Paging
	// Referrers says how the API of referrers is paged; without, there is none, as in distribution 2 and 3.
	Referrers *Paging
	// EmptyKnown: a repository without tags has an empty list of them; without, it is not known.
	EmptyKnown bool

	// Allow may refuse a request: it answers then and returns false.
	Allow func(w http.ResponseWriter, r *http.Request, c Call) bool
	// Pull is called for each GET and HEAD of a manifest that is there, before it is answered. It may set headers, and may
	// refuse: it answers then and returns false.
	Pull func(w http.ResponseWriter, r *http.Request, c Call, m Manifest) bool
	// Redirect is where a blob is to be had instead; "" or without: here. A HEAD is not redirected.
	Redirect func(r *http.Request, c Call) (location string)
	// RedirectStatus is 307 when it is 0.
	RedirectStatus int

	// Stats counts requests by method and route: "HEAD manifest".
	Stats *standin.Stats
	// Faults strike at the stages list, manifest, and, where a blob's bytes come from here, blob and read. Who owns them
	// sets their Refuse, for instance to Refuse.
	Faults *standin.Faults
}

// The grammar of names, tags and digests (reference/regexp.go of distribution).
const (
	namePart   = `[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*`
	nameGroup  = `(` + namePart + `(?:/` + namePart + `)*)`
	tagText    = `[\w][\w.-]{0,127}`
	digestText = `[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,}`
)

// maxName is how long a repository's name may be (RepositoryNameTotalLengthMax).
const maxName = 255

// routes is searched in order.
var routes = []struct {
	name  string
	path  *regexp.Regexp
	serve func(Registry, http.ResponseWriter, *http.Request, Call)
}{
	{Base, path(`/v2/`), Registry.base},
	{Catalog, path(`/v2/_catalog`), Registry.catalog},
	{Tags, path(`/v2/` + nameGroup + `/tags/list`), Registry.tags},
	{Manifests, path(`/v2/` + nameGroup + `/manifests/(` + tagText + `|` + digestText + `)`), Registry.manifest},
	{Blobs, path(`/v2/` + nameGroup + `/blobs/(` + digestText + `)`), Registry.blob},
	{Referrers, path(`/v2/` + nameGroup + `/referrers/(` + digestText + `)`), Registry.referrers},
}

func path(pattern string) *regexp.Regexp { return regexp.MustCompile(`^` + pattern + `$`) }

// ServeHTTP serves what is under Prefix + "/v2/".
func (g Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, here := strings.CutPrefix(r.URL.Path, g.Prefix)
	if here && rest == "/v2" {
		http.Redirect(w, r, g.Prefix+"/v2/", http.StatusMovedPermanently)
		return
	}
	for _, one := range routes {
		match := one.path.FindStringSubmatch(rest)
		if !here || match == nil || one.name == Catalog && g.Catalog == nil || one.name == Referrers && g.Referrers == nil {
			continue
		}
		match = append(match[1:], "", "")
		g.count(r, one.name)
		g.call(w, r, Call{Route: one.name, Repository: match[0], Reference: match[1]}, one.serve)
		return
	}
	g.count(r, "other")
	http.NotFound(w, r)
}

func (g Registry) count(r *http.Request, route string) {
	if g.Stats != nil {
		g.Stats.Request(r.Method, route)
	}
}

// call serves one request, unless it is refused or a fault strikes.
func (g Registry) call(w http.ResponseWriter, r *http.Request, c Call, serve func(Registry, http.ResponseWriter, *http.Request, Call)) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	switch {
	case g.Allow != nil && !g.Allow(w, r, c):
		return
	case len(c.Repository) > maxName:
		Fail(w, http.StatusBadRequest, "NAME_INVALID", map[string]any{})
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		Fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", nil)
		return
	}
	var stages []string
	switch c.Route {
	case Catalog, Tags, Referrers:
		stages = []string{standin.List}
	case Manifests:
		stages = []string{standin.Manifest}
	}
	g.faulty(stages, func(w http.ResponseWriter, r *http.Request) { serve(g, w, r, c) }).ServeHTTP(w, r)
}

// faulty lets the faults of stages strike.
func (g Registry) faulty(stages []string, serve http.HandlerFunc) http.Handler {
	handler := http.Handler(serve)
	for _, stage := range stages {
		if g.Faults != nil {
			handler = g.Faults.Wrap(stage, handler)
		}
	}
	return handler
}

// base answers that a registry is here.
func (g Registry) base(w http.ResponseWriter, _ *http.Request, _ Call) {
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write([]byte("{}"))
}
