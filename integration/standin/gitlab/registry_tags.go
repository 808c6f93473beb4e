package gitlab

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// The list of a repository's tags: registry/handlers/tags.go in gitlab-org/container-registry.

const tagsPage = 100

// tagsList tells the names of a repository's tags: sorted and in pages with the database, all and in no order without.
func (s *Server) tagsList(c *call) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.images.find(c.repository)
	database := s.modes.get("registry.database") == "on"
	if one == nil || !database && len(one.tags) == 0 {
		c.wrong("NAME_UNKNOWN", map[string]string{"name": c.repository})
		return
	}
	var names []string
	if database {
		names = c.tagsPage(one)
	} else {
		for name := range one.tags {
			names = append(names, name)
		}
	}
	c.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(c.w).Encode(map[string]any{"name": c.repository, "tags": names})
}

// tagsPage is the page that a query asks for; it tells where the next is.
func (c *call) tagsPage(one *repository) (names []string) {
	query := c.r.URL.Query()
	size, err := strconv.Atoi(query.Get("n"))
	if err != nil || size <= 0 {
		size = tagsPage
	}
	for _, t := range one.sorted() {
		if t.name > query.Get("last") {
			names = append(names, t.name)
		}
	}
	if len(names) > size {
		names = slices.Clip(names[:size])
		next := url.Values{"n": {strconv.Itoa(size)}, "last": {names[size-1]}}
		c.w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, c.r.URL.EscapedPath(), next.Encode()))
	}
	return names
}
