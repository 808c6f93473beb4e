package dockerhub

// Repositories as the API tells them.

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin/registry"
)

// info is what the API knows of a repository and its registry does not.
type info struct {
	id          int64
	name        string // "acme/app"
	private     bool
	kind        string // "image", "plugin", or "" for null
	description string
	mediaTypes  []any // a nil among them is null
	contents    []string
	registered  time.Time
	size        *int64
	pulled      int64
	undigested  map[string]bool // the tags whose digest the API does not tell
}

func (i *info) namespace() string { return i.name[:strings.IndexByte(i.name, '/')] }
func (i *info) short() string     { return i.name[strings.IndexByte(i.name, '/')+1:] }

// hub is what the API knows. It is safe for concurrent use.
type hub struct {
	mu           sync.RWMutex
	repositories map[string]*info
}

func newHub() *hub { return &hub{repositories: map[string]*info{}} }

// add makes a repository known, as the last of all.
func (h *hub) add(one *info) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one.id = 7_000_001 + int64(len(h.repositories))
	h.repositories[one.name] = one
}

func (h *hub) remove(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.repositories, name)
}

// find returns a repository; nil when there is none.
func (h *hub) find(name string) *info {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.repositories[name]
}

// of are the repositories of a namespace by name; known is whether there is one.
func (h *hub) of(namespace string) (all []*info, known bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, one := range h.repositories {
		if one.namespace() == namespace {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b *info) int { return cmp.Compare(a.name, b.name) })
	return all, all != nil || namespace == Username
}

// pushed is when a repository was last pushed to; nil when it never was.
func (s *Server) pushed(name string) *time.Time {
	names, _ := s.store.Page(name, registry.NewestFirst, 0, 1)
	for _, one := range names {
		if tag, ok := s.store.Tag(name, one); ok {
			return &tag.Pushed
		}
	}
	return nil
}

type category struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// repositoryEntry is a repository in a list.
type repositoryEntry struct {
	Name              string     `json:"name"`
	Namespace         string     `json:"namespace"`
	RepositoryType    *string    `json:"repository_type"`
	Status            int        `json:"status"`
	StatusDescription string     `json:"status_description"`
	Description       string     `json:"description"`
	IsPrivate         bool       `json:"is_private"`
	StarCount         int        `json:"star_count"`
	PullCount         int64      `json:"pull_count"`
	LastUpdated       *string    `json:"last_updated"`
	LastModified      *string    `json:"last_modified"`
	DateRegistered    string     `json:"date_registered"`
	Affiliation       string     `json:"affiliation"`
	MediaTypes        []any      `json:"media_types"`
	ContentTypes      []string   `json:"content_types"`
	Categories        []category `json:"categories"`
	StorageSize       *int64     `json:"storage_size"`
}

// timestamp is a time as the API writes it, with as many digits as it needs.
func timestamp(t time.Time) *string {
	text := t.UTC().Format(time.RFC3339Nano)
	return &text
}

// active is how the API calls what was pushed in the past month, and what was not.
func (s *Server) active(pushed *time.Time) string {
	if pushed != nil && s.clock.now().Sub(*pushed) < 30*24*time.Hour {
		return "active"
	}
	return "inactive"
}

func (s *Server) entry(one *info) repositoryEntry {
	e := repositoryEntry{
		Name: one.short(), Namespace: one.namespace(), Status: 1, Description: one.description, IsPrivate: one.private, PullCount: one.pulled,
		DateRegistered: *timestamp(one.registered), MediaTypes: one.mediaTypes, ContentTypes: one.contents, Categories: []category{}, StorageSize: one.size,
	}
	pushed := s.pushed(one.name)
	e.StatusDescription = s.active(pushed)
	if pushed != nil {
		e.LastUpdated, e.LastModified = timestamp(*pushed), timestamp(one.registered.Add(time.Hour))
	}
	if one.kind != "" {
		e.RepositoryType = &one.kind
		e.Categories = []category{{"Databases", "databases"}}
	}
	return e
}

var orderings = []string{"name", "-name", "last_updated", "-last_updated", "pull_count", "-pull_count"}

// chosen are the repositories of a namespace that a request asks for, in order; false when it has answered.
func (s *Server) chosen(c *call) ([]*info, bool) {
	ordering, part := c.r.URL.Query().Get("ordering"), c.r.URL.Query().Get("name")
	if ordering != "" && !slices.Contains(orderings, ordering) {
		send(c.w, http.StatusBadRequest, struct {
			Fields object `json:"fields"`
			Text   string `json:"text"`
		}{object{"ordering": []string{"Invalid ordering value. Must be one of: " + strings.Join(orderings, ", ")}}, "Invalid ordering value"})
		return nil, false
	}
	all, known := s.hub.of(c.args[0])
	if !known {
		notFound(c.w, object{"namespace": c.args[0]})
		return nil, false
	}
	all = slices.DeleteFunc(all, func(i *info) bool { return !c.who.lists(i) || !strings.Contains(i.short(), part) })
	key, down := strings.CutPrefix(ordering, "-")
	switch key {
	case "last_updated":
		slices.SortStableFunc(all, func(a, b *info) int { return compareTimes(s.pushed(a.name), s.pushed(b.name)) })
	case "pull_count":
		slices.SortStableFunc(all, func(a, b *info) int { return cmp.Compare(a.pulled, b.pulled) })
	}
	if down {
		slices.Reverse(all)
	}
	return all, true
}

func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(btoi(a != nil), btoi(b != nil))
	default:
		return a.Compare(*b)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Server) listRepositories(c *call) {
	s.repositories(c, func(one *info) any { return s.entry(one) })
}

func (s *Server) repositories(c *call, show func(*info) any) {
	p, ok := s.page(c)
	if !ok {
		return
	}
	all, ok := s.chosen(c)
	if !ok || !s.pageExists(c, p, len(all)) {
		return
	}
	results := []any{}
	for _, one := range all[min(p.offset(), len(all)):min(p.offset()+p.size, len(all))] {
		results = append(results, show(one))
	}
	s.sendPage(c, p, len(all), results)
}

// legacyEntry has what the older lists have beside.
type legacyEntry struct {
	User string `json:"user"`
	repositoryEntry
	CanEdit     bool `json:"can_edit"`
	IsAutomated bool `json:"is_automated"`
	IsMigrated  bool `json:"is_migrated"`
}

func (s *Server) legacyRepositories(c *call) {
	s.repositories(c, func(one *info) any { return legacyEntry{User: one.namespace(), repositoryEntry: s.entry(one)} })
}

// visible is the repository that a request names; nil when it has answered. One that the caller may not read is not there.
func (s *Server) visible(c *call) *info {
	one := s.hub.find(c.args[0] + "/" + c.args[1])
	if one == nil || !c.who.sees(one) {
		notFound(c.w, object{"namespace": c.args[0], "repository": c.args[1]})
		return nil
	}
	return one
}

type permissions struct {
	Read  bool `json:"read"`
	Write bool `json:"write"`
	Admin bool `json:"admin"`
}

type immutableTags struct {
	Enabled bool     `json:"enabled"`
	Rules   []string `json:"rules"`
}

// repositoryDetails is one repository.
type repositoryDetails struct {
	User string `json:"user"`
	repositoryEntry
	FullDescription   string        `json:"full_description"`
	Permissions       permissions   `json:"permissions"`
	CollaboratorCount int           `json:"collaborator_count"`
	ImmutableTags     immutableTags `json:"immutable_tags_settings"`
}

func (s *Server) oneRepository(c *call) {
	if one := s.visible(c); one != nil {
		send(c.w, http.StatusOK, repositoryDetails{
			User: one.namespace(), repositoryEntry: s.entry(one), FullDescription: one.description,
			Permissions: permissions{Read: true, Write: c.who.Private}, ImmutableTags: immutableTags{Rules: []string{}},
		})
	}
}

func (s *Server) orgs(c *call) {
	if c.who.Name == "" {
		unauthorized(c.w)
		return
	}
	results := []any{}
	if c.who.Name == Username {
		results = append(results, object{"id": accountID(Org), "orgname": Org, "full_name": "Acme", "type": "Organization"})
	}
	send(c.w, http.StatusOK, listing{Count: len(results), Results: results})
}

func (s *Server) namespaces(c *call) {
	if c.who.Name == "" {
		unauthorized(c.w)
		return
	}
	names := []string{c.who.Name}
	if c.who.Name == Username {
		names = append(names, Org)
	}
	send(c.w, http.StatusOK, object{"namespaces": names})
}
