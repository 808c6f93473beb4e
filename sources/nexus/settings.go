// The settings of repositories (REST API: GET /service/rest/v1/repositorySettings, since 3.26): who is in a group, and what
// may be replaced. They are shown to whoever may administer a repository, and left out for everybody else.

package nexus

import (
	"context"
	"net/http"
	"strings"
)

// settings are what a listing needs to know of a repository beside its content.
type settings struct {
	Name    string `json:"name"`
	Storage struct {
		// WritePolicy is ALLOW, ALLOW_ONCE or DENY of a hosted repository; in lower case in old releases.
		WritePolicy string `json:"writePolicy"`
		// LatestPolicy: the tag "latest" of a Docker repository may be replaced in any case.
		LatestPolicy bool `json:"latestPolicy"`
	} `json:"storage"`
	Group struct {
		MemberNames []string `json:"memberNames"`
	} `json:"group"`
}

// settings are those of the repositories that the user may administer, by name; none where the server has no such list.
func (s *Source) settings(ctx context.Context) (map[string]settings, error) {
	var all []settings
	_, err := s.client.GetJSON(ctx, s.client.URL("/service/rest/v1/repositorySettings", nil), nil, maxRepositories, &all)
	switch status(err) {
	case http.StatusNotFound, http.StatusForbidden:
		err = nil
	}
	byName := map[string]settings{}
	for _, one := range all {
		byName[one.Name] = one
	}
	return byName, err
}

// fixed tells that nothing in a repository can be replaced, as far as its server says; nothing at all can come when it is
// frozen. An npm package's root changes without a new file even where files may be written once only, and what a format
// makes itself is replaced in any case.
func (s settings) fixed(r repository) bool {
	once, frozen := strings.EqualFold(s.Storage.WritePolicy, "ALLOW_ONCE"), strings.EqualFold(s.Storage.WritePolicy, "DENY")
	switch {
	case r.Type != hosted:
		return false
	case r.Format == npmFormat:
		return frozen
	case isDocker(r):
		return (once || frozen) && !s.Storage.LatestPolicy
	}
	_, known := layouts[r.Format]
	return known && (once || frozen)
}
