package gitlab

// What a project holds of one format, kept from one listing (GitLab: doc/api/packages.md, lib/api/project_packages.rb)
// and a few newest rows after each publish, so that no package costs a request of its own to be found absent.

import (
	"context"
	"slices"
	"sync"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// key stands for a name and a version of one inventory, by GitLab's name of the package and however it is spelled.
// Sixteen bytes keep a million packages in 50 MB.
type key = artifact.Identity

func keyOf(format artifact.Format, name, version string) key {
	return artifact.Destination{Format: format, Name: name, Version: version}.Identity()
}

func (v *inventory) key(name, version string) key { return keyOf(v.format, name, version) }

// status is a package's, as far as it matters.
type status uint8

const (
	installable status = iota
	hidden             // generic only: installable, but not shown
	refused            // GitLab took it and refused it in the background
)

// row is a package that GitLab shows.
type row struct {
	id     int64 // 0 while it is not known
	status status
}

// inventory is safe for concurrent use.
type inventory struct {
	extraction
	api      *api
	project  int64
	format   artifact.Format
	statuses []string // that the first listing asks for; a package moves from an earlier to a later one
	settle   time.Duration

	receipts receipts
	turn     chan struct{} // holds the one who asks GitLab

	mu       sync.Mutex
	loaded   bool
	asked    time.Time // when the last refresh that succeeded began
	looked   time.Time // when the last look at what is processing began
	pages    int       // that it took
	rows     map[key]row
	twins    map[key][]int64 // older packages of the same name and version
	newest   int64
	awaiting map[int64]*awaited
	sent     map[key]sent
	spelled  map[key]string // versions that are not in NuGet's normal form
}

func newInventory(a *api, project int64, format artifact.Format, settle time.Duration, statuses ...string) *inventory {
	return &inventory{
		api: a, project: project, format: format, statuses: statuses, settle: settle, turn: make(chan struct{}, 1),
		rows: make(map[key]row), twins: make(map[key][]int64), awaiting: make(map[int64]*awaited), sent: make(map[key]sent),
		extraction: newExtraction(), spelled: make(map[key]string),
	}
}

// load lists the project once.
func (v *inventory) load(ctx context.Context) error {
	return v.asking(ctx, func() bool { return v.loaded }, func() error {
		began := time.Now()
		for _, status := range v.statuses {
			err := v.api.list(ctx, v.project, query{format: v.format, status: status}, func(page []*gitlab.Package) bool {
				v.add(page)
				return true
			})
			if err != nil {
				return err
			}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.loaded, v.asked, v.looked, v.first = true, began, began, v.newest
		return nil
	})
}

// asking runs ask unless known becomes true, one at a time, so that workers who want to know the same share one answer.
func (v *inventory) asking(ctx context.Context, known func() bool, ask func() error) error {
	if v.locked(known) {
		return nil
	}
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-v.turn }()
	if v.locked(known) {
		return nil
	}
	return ask()
}

func (v *inventory) locked(known func() bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return known()
}

// add takes rows of a listing in.
func (v *inventory) add(page []*gitlab.Package) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range page {
		v.newest = max(v.newest, p.ID)
		r := row{id: p.ID}
		switch p.Status {
		case "processing":
			if v.awaiting[p.ID] == nil {
				v.awaiting[p.ID] = &awaited{name: p.Name, since: begun(p)}
			}
			continue
		case "error":
			r.status = refused
		case "hidden":
			r.status = hidden
		}
		if w := v.awaiting[p.ID]; w != nil {
			w.status, w.done = r.status, true
		}
		if isPlaceholder(p) {
			v.fail(p)
			continue
		}
		v.keep(v.key(p.Name, p.Version), r)
		v.spell(p)
	}
}

// keep remembers r under k: what can be installed before what was refused, the newest before the older ones.
func (v *inventory) keep(k key, r row) {
	old, ok := v.rows[k]
	switch {
	case !ok || old.id == 0 || old.id == r.id || old.status == refused && r.status != refused:
		v.rows[k] = r
		return
	case r.status == refused && old.status != refused:
		return
	case old.id > r.id:
		old, r = r, old
	}
	v.rows[k] = r
	if !slices.Contains(v.twins[k], old.id) {
		v.twins[k] = append(v.twins[k], old.id)
	}
}

// ids are all packages under a key, oldest first.
func (v *inventory) ids(k key) []int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.rows[k]
	if !ok {
		return nil
	}
	return append(slices.Clone(v.twins[k]), r.id)
}

// show takes in a package that GitLab named in an answer.
func (v *inventory) show(k key, id int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.rows[k]; !ok && id != 0 {
		v.rows[k] = row{id: id}
	}
}

// forget drops a package that GitLab no longer shows.
func (v *inventory) forget(k key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.rows, k)
	delete(v.twins, k)
}

// find returns what GitLab shows under a name and a version: Ready when there is such a row, else Absent. After a publish of
// this process it asks again until GitLab shows it, once per settle for all that was promised; Pending tells that GitLab
// has promised it and does not show it yet.
func (v *inventory) find(ctx context.Context, name, version string) (row, sinks.State, error) {
	if err := v.load(ctx); err != nil {
		return row{}, sinks.Absent, err
	}
	k := v.key(name, version)
	if r, ok := v.row(k); ok {
		return r, sinks.Ready, nil
	}
	s, mine := v.unshown(k)
	switch {
	case !mine:
		return row{}, sinks.Absent, nil
	case s.promise && v.lookedLately(s.at):
		return row{}, sinks.Pending, nil
	}
	if err := v.refresh(ctx, s.at); err != nil {
		return row{}, sinks.Absent, err
	}
	r, ok := v.row(k)
	if !ok {
		err := v.api.list(ctx, v.project, query{format: v.format, name: name, version: version, newest: true}, func(page []*gitlab.Package) bool {
			v.add(page)
			return true
		})
		if err != nil {
			return row{}, sinks.Absent, err
		}
		r, ok = v.row(k)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if ok || !s.promise {
		delete(v.sent, k)
	}
	switch {
	case ok:
		return r, sinks.Ready, nil
	case s.promise:
		return row{}, sinks.Pending, nil
	}
	return row{}, sinks.Absent, nil
}

// lookedLately tells that the listing is older than moment and yet so new that the next one can wait: it then shows what
// was sent meanwhile, too.
func (v *inventory) lookedLately(moment time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked.Before(moment) && time.Since(v.asked) < v.settle
}

func (v *inventory) row(k key) (row, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.rows[k]
	return r, ok
}

// refresh asks for the rows that are new, unless somebody did so after since.
func (v *inventory) refresh(ctx context.Context, since time.Time) error {
	known := func() bool { return v.asked.After(since) }
	return v.asking(ctx, known, func() error {
		began := time.Now()
		if err := v.newer(ctx); err != nil {
			return err
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.asked = began
		return nil
	})
}

// newer lists newest first until a page reaches what was known before. Ids follow the order of creation but for packages
// made at the same moment, which is why whole pages are taken in.
func (v *inventory) newer(ctx context.Context) error {
	v.mu.Lock()
	floor := v.newest
	v.mu.Unlock()
	return v.api.list(ctx, v.project, query{format: v.format, newest: true}, func(page []*gitlab.Package) bool {
		v.add(page)
		for _, p := range page {
			if p.ID <= floor {
				return false
			}
		}
		return true
	})
}

// holdsAny tells whether the project holds anything of the format at all.
func (v *inventory) holdsAny(ctx context.Context) (bool, error) {
	if err := v.load(ctx); err != nil {
		return false, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.rows)+len(v.sent) > 0, nil
}
