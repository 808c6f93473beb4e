package artifactory

// What the APIs of all package types have in common: /api/TYPE/KEY/REST shows what the account may read of one repository.

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/internal/artifact"
)

// packageAPI finds what serves a path below /api/TYPE/.
func (s *Server) packageAPI(packageType, rest string) (http.Handler, string) {
	serve := map[string]func(*Server, http.ResponseWriter, *http.Request, string, string){
		"npm": (*Server).npmAPI, "pypi": (*Server).pypiAPI, "helm": (*Server).helmAPI, "nuget": (*Server).nugetAPI,
	}[packageType]
	if v3, ok := strings.CutPrefix(rest, "v3/"); packageType == "nuget" && ok {
		rest = v3
	}
	key, rest, _ := strings.Cut(rest, "/")
	if serve == nil || rest == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "") }), "other"
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.RLock()
		holders := s.content.holders(key)
		s.mu.RUnlock()
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			refuse(w, http.StatusMethodNotAllowed, "")
		case accountOf(r).anonymous() && !s.modes.anonymous:
			challenge(w, unauthorized)
		case len(holders) == 0, holders[0].packageType != packageType:
			refuse(w, http.StatusNotFound, "")
		case !slices.ContainsFunc(holders, func(one *repository) bool { return s.reads(accountOf(r), one.held.Key, "") }):
			s.forbid(w, accountOf(r), key, "")
		default:
			serve(s, w, r, key, rest)
		}
	})
	if strings.HasSuffix(rest, ".tgz") || packageType == "pypi" && !strings.HasPrefix(rest, "simple") {
		return s.Faults.Wrap(standin.Read, handler), "content"
	}
	return s.Faults.Wrap(standin.List, handler), packageType
}

// readable yields every file that a key shows and the account may read.
func (s *Server) readable(r *http.Request, key string) iter.Seq[*storage.Item] {
	return func(yield func(*storage.Item) bool) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		for _, one := range s.content.holders(key) {
			for item := range one.held.Files() {
				if s.reads(accountOf(r), item.Repo, item.At()) && !yield(item) {
					return
				}
			}
		}
	}
}

// value is the first value of a property; "" when there is none.
func value(item *storage.Item, key string) string {
	for _, one := range item.Properties {
		if one.Key == key {
			return one.Value
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// identify says which package a stored file belongs to; what belongs to none has no package name.
func identify(one *repository, item *storage.Item, line *standin.DumpLine) {
	switch one.packageType {
	case "maven", "gradle", "sbt":
		mavenLine(item, line)
	case string(artifact.Generic):
		genericLine(item, line)
	case string(artifact.NPM):
		npmLine(item, line)
	case string(artifact.PyPI):
		pypiLine(item, line)
	case string(artifact.NuGet):
		nugetLine(item, line)
	case string(artifact.Helm):
		helmLine(item, line)
	case string(artifact.Terraform):
		terraformLine(item, line)
	case "docker", "oci", "helmoci":
		imageLine(item, line)
	}
}
