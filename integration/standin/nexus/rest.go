package nexus

// The REST API beside the listing of assets: status, repositories and their settings
// (org.sonatype.nexus.repository.rest, RepositoriesResource and RepositorySettingsApiResource).

import (
	"net/http"
	"strings"

	"pkgferry/integration/standin"
)

// rest finds what serves a path below /service/rest/, and its name in the statistics.
func (s *Server) rest(path string) (http.Handler, string) {
	api, ok := strings.CutPrefix(path, "v1/")
	if path == "swagger.json" {
		return s.reads(s.swagger), "swagger"
	}
	if !ok {
		return s.reads(s.nothing), "other"
	}
	first, rest, _ := strings.Cut(api, "/")
	switch {
	case first == "status" && rest == "writable":
		return s.reads(func(w http.ResponseWriter, _ *http.Request) {
			if s.frozen {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}), "status"
	case first == "status" && rest == "":
		return s.reads(func(http.ResponseWriter, *http.Request) {}), "status"
	case first == "repositories" && rest == "":
		return s.reads(s.listRepositories), "repositories"
	case first == "repositories":
		return s.reads(func(w http.ResponseWriter, r *http.Request) { s.oneRepository(w, r, rest) }), "repositories"
	case first == "repositorySettings" && rest == "" && s.release.minor >= 26:
		return s.reads(s.listSettings), "repositorySettings"
	case first == "assets" && rest == "":
		return s.Faults.Wrap(standin.List, s.reads(s.listAssets)), "assets"
	case first == "assets":
		return s.reads(func(w http.ResponseWriter, r *http.Request) { s.oneAsset(w, r, rest) }), "asset"
	case first == "components" && rest == "":
		return s.Faults.Wrap(standin.List, s.reads(s.listComponents)), "components"
	case first == "components":
		return s.reads(func(w http.ResponseWriter, r *http.Request) { s.oneComponent(w, r, rest) }), "component"
	case api == "search/assets/download":
		return s.reads(s.searchDownload), "search"
	case api == "search" || api == "search/assets":
		return s.Faults.Wrap(standin.List, s.reads(func(w http.ResponseWriter, r *http.Request) { s.search(w, r, api == "search/assets") })), "search"
	}
	return s.reads(s.nothing), "other"
}

func (s *Server) nothing(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, http.StatusNotFound) }

// reads serves GET under a read lock; other methods are not part of this imitation.
func (s *Server) reads(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.refuse(w, r, http.StatusMethodNotAllowed)
			return
		}
		s.mu.RLock()
		defer s.mu.RUnlock()
		next(w, r)
	})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(pretty(value))
}

func (s *Server) swagger(w http.ResponseWriter, _ *http.Request) {
	answer(w, object{{"swagger", "2.0"}, {"info", object{{"version", s.release.version}, {"title", "Nexus Repository Manager REST API"}}}})
}

// base is the address of this server as the client sees it.
func (s *Server) base(r *http.Request) string { return "http://" + r.Host + s.context }

// browsable are the repositories that the subject may browse.
func (s *Server) browsable(r *http.Request) []*repository {
	var all []*repository
	if !subjectOf(r).may(toBrowse) {
		return nil
	}
	for _, name := range s.store.names() {
		all = append(all, s.store.repositories[name])
	}
	return all
}

func (s *Server) listRepositories(w http.ResponseWriter, r *http.Request) {
	if s.release.minor >= 96 && subjectOf(r) == nobody {
		s.forbid(w, r)
		return
	}
	items := list{}
	for _, one := range s.browsable(r) {
		items = append(items, s.describe(r, one))
	}
	answer(w, items)
}

func (s *Server) describe(r *http.Request, one *repository) object {
	attributes := object{}
	if one.kind == proxy {
		attributes = object{{"proxy", object{{"remoteUrl", one.remote}}}}
	}
	all := object{
		{"name", one.name}, {"format", one.format}, {"type", one.kind},
		{"url", s.base(r) + "/repository/" + one.name}, {"attributes", attributes},
	}
	if s.release.minor >= 96 {
		all = append(all, field{"online", !one.offline})
	}
	return all
}

// oneRepository serves /repositories/NAME and /repositories/FORMAT/TYPE/NAME.
func (s *Server) oneRepository(w http.ResponseWriter, r *http.Request, path string) {
	segments := strings.Split(path, "/")
	one := s.store.repositories[segments[len(segments)-1]]
	switch {
	case one == nil || len(segments) != 1 && (len(segments) != 3 || segments[0] != pathFormat(one) || segments[1] != one.kind):
		s.refuse(w, r, http.StatusNotFound)
	case len(segments) == 1 && !subjectOf(r).lists(), len(segments) == 3 && !subjectOf(r).may(toAdminister):
		s.forbid(w, r)
	case len(segments) == 1:
		answer(w, s.describe(r, one))
	default:
		answer(w, s.settings(r, one))
	}
}

// pathFormat is a repository's format in the paths of the settings.
func pathFormat(r *repository) string { return strings.TrimSuffix(r.format, "2") }

// listSettings tells the settings of those repositories that the subject may administer: all or none.
func (s *Server) listSettings(w http.ResponseWriter, r *http.Request) {
	items := list{}
	if subjectOf(r).may(toAdminister) {
		for _, one := range s.browsable(r) {
			items = append(items, s.settings(r, one))
		}
	}
	answer(w, items)
}

func (s *Server) settings(r *http.Request, one *repository) object {
	storage := object{{"blobStoreName", "default"}, {"strictContentTypeValidation", true}}
	if one.kind == hosted {
		storage = append(storage, field{"writePolicy", s.release.policy(one.policy)})
		if one.format == dockerFormat {
			storage = append(storage, field{"latestPolicy", one.latest})
		}
	}
	all := object{
		{"name", one.name}, {"format", one.format}, {"type", one.kind},
		{"url", s.base(r) + "/repository/" + one.name}, {"online", !one.offline}, {"storage", storage},
	}
	switch one.kind {
	case group:
		all = append(all, field{"group", object{{"memberNames", one.members}}})
	case proxy:
		all = append(all, field{"cleanup", nil}, field{"proxy", object{
			{"remoteUrl", one.remote}, {"contentMaxAge", -1}, {"metadataMaxAge", 1440},
		}})
	default:
		all = append(all, field{"cleanup", nil}, field{"component", object{{"proprietaryComponents", false}}})
	}
	if one.format == dockerFormat {
		docker := object{{"v1Enabled", false}, {"forceBasicAuth", !s.bearer}, {"httpPort", nil}, {"httpsPort", nil}}
		if s.release.minor >= 96 {
			docker = append(docker, field{"pathEnabled", true})
		}
		all = append(all, field{"docker", docker})
	}
	return all
}
