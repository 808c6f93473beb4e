package gitlab

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
)

// NuGet's search (https://learn.microsoft.com/nuget/api/search-query-service-resource), as GitLab answers it:
// app/services/packages/nuget/search_service.rb and app/presenters/packages/nuget/search_results_presenter.rb.

const (
	maxNuGetPage     = 30
	maxNuGetVersions = 10 // of one package in a search
)

// nugetQuery searches names; of each it shows the newest versions.
func (s *Server) nugetQuery(e *exchange) {
	in, ok := s.nugetReaders(e)
	if !ok {
		return
	}
	query := e.r.URL.Query()
	skip, take := 0, 20
	for name, into := range map[string]*int{"skip": &skip, "take": &take} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || name == "take" && n == 0 {
				e.invalid(name + " is invalid")
				return
			}
			*into = n
		}
	}
	s.mu.RLock()
	names, versions := nugetSearch(in, query.Get("q"), query.Get("prerelease") != "false")
	data := []any{}
	for _, name := range names[min(skip, len(names)):min(skip+min(take, maxNuGetPage), len(names))] {
		data = append(data, nugetHit(e.base(), name, versions[name]))
	}
	s.mu.RUnlock()
	e.json(http.StatusOK, map[string]any{"totalHits": len(names), "data": data})
}

// nugetSearch finds the names that contain a term, in their order, and the newest versions of each, newest first.
func nugetSearch(in []*project, term string, prereleases bool) (names []string, versions map[string][]*pkg) {
	versions = map[string][]*pkg{}
	for _, p := range in {
		for _, one := range slices.Backward(p.packages) {
			hit := one.format == artifact.NuGet && one.installable() && strings.Contains(strings.ToLower(one.name), strings.ToLower(term))
			if !hit || !prereleases && strings.Contains(one.version, "-") {
				continue
			}
			if versions[one.name] == nil {
				names = append(names, one.name)
			}
			if len(versions[one.name]) < maxNuGetVersions {
				versions[one.name] = append(versions[one.name], one)
			}
		}
	}
	slices.Sort(names)
	return names, versions
}

func nugetHit(base, name string, all []*pkg) map[string]any {
	versions := []any{}
	for _, one := range all {
		versions = append(versions, map[string]any{"@id": one.nugetAddress(base), "version": one.version, "downloads": 0})
	}
	latest := slices.MaxFunc(all, func(a, b *pkg) int { return compareNuGet(a.version, b.version) })
	hit := latest.described()
	hit["@type"], hit["id"], hit["title"], hit["version"] = "Package", name, name, latest.version
	hit["versions"], hit["totalDownloads"], hit["verified"] = versions, 0, true
	return hit
}
