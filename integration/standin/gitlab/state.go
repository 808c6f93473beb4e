package gitlab

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"pkgferry/internal/artifact"
)

// The tables behind the API: GitLab's app/models/packages/package.rb and package_file.rb, with its status names.

const (
	statusDefault    = "default"
	statusHidden     = "hidden"
	statusProcessing = "processing"
	statusError      = "error"
	statusDestroyed  = "pending_destruction"
	statusDeprecated = "deprecated"
)

var statuses = []string{statusDefault, statusHidden, statusProcessing, statusError, statusDestroyed, statusDeprecated}

type group struct {
	id         int
	parent     *group
	path       string // full
	name       string
	visibility string
	creators   string         // who may make projects in it
	parents    string         // who may make groups in it
	members    map[string]int // roles that were given here, by the token's name
	settings   map[string]any // of its packages, where they are not GitLab's defaults
	tokens     []deployToken
}

type project struct {
	id         int
	group      *group
	path       string // full
	name       string
	visibility string
	archived   bool
	registry   bool // whether the package registry is on
	created    time.Time

	packages []*pkg            // by id
	byKey    map[key]*pkg      // without those marked for destruction
	byName   map[key][]*pkg    // version is empty in these keys
	byPath   map[string]*pkg   // Maven's
	tags     map[string][]*tag // npm's, by package name, newest last
	rules    []rule
	jobs     jobScope
	charts   map[string][]byte // Helm's cached indexes, by channel
	stale    map[string]bool   // those whose refresh is queued
	images   projectImages

	description string
	levels      map[string]string // of features, where they are not the default
	cleanup     cleanup
}

type key struct {
	format        artifact.Format
	name, version string
}

type pkg struct {
	id            int
	project       *project
	format        artifact.Format
	name, version string // Maven packages of an artifact have no version
	path          string // Maven's
	status        string
	message       string // why it is in error
	created       time.Time
	files         []*file
	manifest      map[string]json.RawMessage // npm's stored version object
	dependencies  map[string]map[string]string
	pypi          map[string]string // the fields of the newest upload form that are kept
	nuget         *nugetMetadata    // of the newest .nuspec; nil when it said nothing
	nugetTags     []string
	links         []nugetDependency
}

// file is a stored file. The digests are those that GitLab shows: nil where it stores none, and not always computed.
type file struct {
	id                int
	name              string // as package_files shows it
	body              body
	md5, sha1, sha256 *string
	status            string
	python            string         // PyPI's requires_python
	channel           string         // Helm's
	chart             map[string]any // its Chart.yaml
	created           time.Time
}

type tag struct {
	name string
	pkg  *pkg
}

type state struct {
	mu       sync.RWMutex
	groups   []*group
	projects []*project
	lastID   int
	issued   map[string]*token // deploy tokens that were made, by their text
}

func (s *state) nextID() int {
	s.lastID++
	return s.lastID
}

// addGroup makes the group of a full path and those above it.
func (s *state) addGroup(path string) *group {
	if g := s.groupOf(path); g != nil {
		return g
	}
	g := &group{
		path: path, name: lastSegment(path), visibility: "private", creators: "developer", parents: "maintainer",
		members: map[string]int{}, settings: map[string]any{},
	}
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		g.parent = s.addGroup(path[:i])
	} else {
		for name, t := range tokens {
			if t.only == "" {
				g.members[name] = t.role
			}
		}
	}
	g.id = s.nextID()
	s.groups = append(s.groups, g)
	return g
}

func (s *state) addProject(path, visibility string, now time.Time) *project {
	p := &project{
		path: path, name: lastSegment(path), visibility: visibility, registry: true, created: now,
		levels: map[string]string{}, cleanup: newCleanup(), images: projectImages{level: featureEnabled},
		byKey: map[key]*pkg{}, byName: map[key][]*pkg{}, byPath: map[string]*pkg{}, tags: map[string][]*tag{}, charts: map[string][]byte{}, stale: map[string]bool{},
	}
	p.group = s.addGroup(path[:strings.LastIndexByte(path, '/')])
	if visibility == "public" {
		for g := p.group; g != nil; g = g.parent {
			g.visibility = visibility
		}
	}
	p.id = s.nextID()
	s.projects = append(s.projects, p)
	return p
}

// add makes p a row of its project.
func (s *state) add(p *pkg) {
	p.id = s.nextID()
	p.project.packages = append(p.project.packages, p)
	p.index()
}

// nameKey is under what byName holds a name: all the spellings that consumers of the format may use are one.
func nameKey(format artifact.Format, name string) key {
	switch format {
	case artifact.NuGet:
		name = strings.ToLower(name)
	case artifact.PyPI:
		name = pypiNormal(name)
	}
	return key{format: format, name: name}
}

func (p *pkg) index() {
	if p.format != artifact.Maven || p.version != "" {
		p.project.byKey[key{p.format, p.name, p.version}] = p
	}
	name := nameKey(p.format, p.name)
	p.project.byName[name] = append(p.project.byName[name], p)
	if p.path != "" {
		p.project.byPath[p.path] = p
	}
}

func (p *pkg) unindex() {
	at := key{p.format, p.name, p.version}
	if p.project.byKey[at] == p {
		delete(p.project.byKey, at)
	}
	name := nameKey(p.format, p.name)
	p.project.byName[name] = slices.DeleteFunc(p.project.byName[name], func(o *pkg) bool { return o == p })
	if p.project.byPath[p.path] == p {
		delete(p.project.byPath, p.path)
	}
}

// rename gives a temporary package its real identity.
func (p *pkg) rename(name, version string) {
	p.unindex()
	p.name, p.version = name, version
	p.index()
}

// destroy marks p for destruction: its name and version are free again.
func (p *pkg) destroy() {
	p.unindex()
	p.status = statusDestroyed
	p.project.tags[p.name] = slices.DeleteFunc(p.project.tags[p.name], func(t *tag) bool { return t.pkg == p })
}

// addFile appends a row; equal names are allowed, the newest is served.
func (s *state) addFile(p *pkg, f *file) {
	f.id = s.nextID()
	if f.status == "" {
		f.status = statusDefault
	}
	p.files = append(p.files, f)
}

// file is the newest installable file of a name.
func (p *pkg) file(name string) *file {
	for _, f := range slices.Backward(p.files) {
		if f.name == name && f.status == statusDefault {
			return f
		}
	}
	return nil
}

// installable packages can be downloaded; displayable ones have their own page.
func (p *pkg) installable() bool {
	return p.status == statusDefault || p.status == statusDeprecated || p.status == statusHidden
}

func (p *pkg) displayable() bool {
	return p.status == statusDefault || p.status == statusDeprecated || p.status == statusError
}

func (p *project) find(id int) *pkg {
	i, ok := slices.BinarySearchFunc(p.packages, id, func(o *pkg, id int) int { return o.id - id })
	if !ok {
		return nil
	}
	return p.packages[i]
}

func (s *state) projectOf(path string) *project {
	for _, p := range s.projects {
		if strings.EqualFold(p.path, path) {
			return p
		}
	}
	return nil
}

// inGroup yields the projects at or below g.
func (s *state) inGroup(g *group) []*project {
	var all []*project
	for _, p := range s.projects {
		for at := p.group; at != nil; at = at.parent {
			if at == g {
				all = append(all, p)
			}
		}
	}
	return all
}
