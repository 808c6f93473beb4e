package gitlab

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"pkgferry/integration/standin"
)

// GitLab's container registry, as gitlab-org/container-registry 4.32 speaks the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md): registry/api/v2/descriptors.go has its routes,
// registry/handlers/app.go how it authorizes. It is a server of its own, which mode registry.host gives an own address.

// The grammar of reference/regexp.go. A name may begin with what looks like a host.
const (
	namePart   = `[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*`
	hostPart   = `(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])`
	nameGroup  = `((?:` + hostPart + `(?:\.` + hostPart + `)*(?::[0-9]+)?/)?` + namePart + `(?:/` + namePart + `)*)`
	tagText    = `[\w][\w.-]{0,127}`
	digestText = `[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,}`
)

// call is a request to the registry whose sender was authorized. What its route's pattern matched is in repository and
// reference, which is a tag, a digest or the id of an upload.
type call struct {
	*exchange
	repository, reference string
	claims                claims
}

// registryRoute is a path of the registry with what each method does.
type registryRoute struct {
	name    string // under which requests are counted
	path    *regexp.Regexp
	methods map[string]func(*Server, *call)
}

func registryPath(pattern string) *regexp.Regexp { return regexp.MustCompile(`^` + pattern + `$`) }

// registryTable is searched in order.
var registryTable = []registryRoute{
	{"base", registryPath(`/v2/`), map[string]func(*Server, *call){"GET": (*Server).registryBase}},
	// Only administrators are authorized for the catalog, and nobody here is one.
	{"catalog", registryPath(`/v2/_catalog`), map[string]func(*Server, *call){"GET": (*Server).registryBase}},
	{"tags", registryPath(`/v2/` + nameGroup + `/tags/list`), map[string]func(*Server, *call){"GET": (*Server).tagsList}},
	{"manifest", registryPath(`/v2/` + nameGroup + `/manifests/(` + tagText + `|` + digestText + `)`), map[string]func(*Server, *call){
		"GET": (*Server).manifestGet, "HEAD": (*Server).manifestGet, "PUT": (*Server).manifestPut, "DELETE": (*Server).manifestDelete,
	}},
	{"blob", registryPath(`/v2/` + nameGroup + `/blobs/(` + digestText + `)`), map[string]func(*Server, *call){
		"GET": (*Server).blobGet, "HEAD": (*Server).blobGet, "DELETE": (*Server).blobDelete,
	}},
	{"upload", registryPath(`/v2/` + nameGroup + `/blobs/uploads/([a-zA-Z0-9-_.=]+)?`), map[string]func(*Server, *call){
		"GET": (*Server).uploadStatus, "HEAD": (*Server).uploadStatus, "POST": (*Server).uploadStart,
		"PATCH": (*Server).uploadPatch, "PUT": (*Server).uploadPut, "DELETE": (*Server).uploadDelete,
	}},
	{"v1", registryPath(`/gitlab/v1/`), v1((*Server).registryBase)},
	{"v1 tags", registryPath(`/gitlab/v1/repositories/` + nameGroup + `/tags/list/`), v1((*Server).v1Tags)},
	{"v1 repository", registryPath(`/gitlab/v1/repositories/` + nameGroup + `/`), v1((*Server).v1Repository)},
}

const registryVersion = "4.32.0-gitlab"

// registryRoute finds the route of a request to the registry; nil when it has none. ours is false when the request is
// GitLab's.
func (s *Server) registryRoute(e *exchange) (found *route, ours bool) {
	path, host := e.r.URL.Path, s.modes.get("registry.host")
	ours = slices.ContainsFunc([]string{"/v2", "/gitlab/v1"}, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
	if here := e.r.Host == host || s.onUploadHost(e); host != "" && ours != here {
		return nil, ours || here && !strings.HasPrefix(path, "/_standin/")
	}
	if !ours {
		return nil, false
	}
	for i := range registryTable {
		if match := registryTable[i].path.FindStringSubmatch(path); match != nil {
			return s.registryFound(&registryTable[i], append(match[1:], "", "")), true
		}
	}
	return s.strictSlash(path), true
}

// strictSlash redirects to the path that has a final slash, or has none, if that is one of the registry's.
func (s *Server) strictSlash(path string) *route {
	other := path + "/"
	if trimmed, had := strings.CutSuffix(path, "/"); had {
		other = trimmed
	}
	if !slices.ContainsFunc(registryTable, func(r registryRoute) bool { return r.path.MatchString(other) }) {
		return nil
	}
	return &route{name: "registry redirect", serve: func(e *exchange) {
		http.Redirect(e.w, e.r, other, http.StatusMovedPermanently)
	}}
}

func (s *Server) registryFound(r *registryRoute, match []string) *route {
	serve := func(e *exchange) {
		e.w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		s.registryCall(r, &call{exchange: e, repository: match[0], reference: match[1]})
	}
	return &route{name: "registry " + r.name, serve: func(e *exchange) { s.faulty(serve, r.stages(e.r)...)(e) }}
}

// stages are those whose faults strike a request.
func (r *registryRoute) stages(req *http.Request) (stages []string) {
	if req.Method == http.MethodPut {
		stages = append(stages, standin.Stored)
	}
	switch r.name {
	case "blob":
		return append(stages, standin.Read, standin.Blob)
	case "upload":
		return append(stages, standin.Write, standin.Upload)
	case "tags":
		return append(stages, standin.List)
	case "manifest":
		if kind := req.Header.Get("Content-Type"); kind == typeIndex || kind == typeList {
			stages = append(stages, standin.Index)
		}
		return append(stages, standin.Manifest)
	}
	return stages
}

// registryCall authorizes a request and serves it. In read-only mode there are no methods that write.
func (s *Server) registryCall(r *registryRoute, c *call) {
	if c.foreignCredential() || s.onUploadHost(c.exchange) && c.r.Header.Get("Authorization") != "" {
		s.stats.Foreign()
	}
	if !s.registryAuthorized(r, c) {
		return
	}
	if len(c.repository) > 255 {
		c.wrong("UNKNOWN", map[string]any{"Name": c.repository, "Reason": map[string]any{}})
		return
	}
	if p := s.imageProjectOf(c.repository); c.writes() && p != nil && p.images.renaming && s.modes.get("registry.database") == "on" {
		c.wrong("RENAME_IN_PROGRESS", "the base repository path: "+p.imagePrefix()+", is undergoing a rename")
		return
	}
	methods := r.methods
	if s.modes.on("registry.readonly") {
		methods = maps.Clone(methods)
		maps.DeleteFunc(methods, func(method string, _ func(*Server, *call)) bool { return method != "GET" && method != "HEAD" })
	}
	serve := methods[c.r.Method]
	if serve != nil {
		serve(s, c)
		return
	}
	c.w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
	if c.r.Method != http.MethodOptions {
		http.Error(c.w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	}
}

func (s *Server) imageProjectOf(path string) *project {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.imageProject(path)
}

// registryBase answers that the registry is here, and what it can do.
func (s *Server) registryBase(c *call) {
	h := c.w.Header()
	h.Set("Gitlab-Container-Registry-Features", "tag_delete")
	h.Set("Gitlab-Container-Registry-Database-Enabled", map[string]string{"on": "true", "off": "false"}[s.modes.get("registry.database")])
	h.Set("Gitlab-Container-Registry-Version", registryVersion)
	h.Set("Content-Type", "application/json")
	_, _ = c.w.Write([]byte("{}"))
}
