package gitlab

// Packages that GitLab finishes in the background (GitLab: lib/api/npm_project_packages.rb,
// app/services/packages/npm/process_temporary_package_file_service.rb). The answer to an upload names an id; under that
// id the package is "processing" at first, under a version of GitLab's own making, and then either has its real version
// or is an "error", with that made-up version or with the real one, which it then blocks.

import (
	"context"
	"slices"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/sinks"
)

// patience is after how many looks a package that GitLab shows nowhere is given up: it shows nothing for a moment when
// its replicas lag.
const patience = 3

// awaited is a package that GitLab is still at work on.
type awaited struct {
	name   string
	since  time.Time
	ours   bool
	status status
	done   bool // status is known
	unseen int  // refreshes that found it nowhere
}

// await notes the id that GitLab gave to an upload.
func (v *inventory) await(k key, name string, id int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.awaiting, v.sent[k].id)
	v.sent[k] = sent{id: id, at: time.Now(), promise: true}
	v.awaiting[id] = &awaited{name: name, ours: true}
}

// progress of a package that is finished in the background, with the id that GitLab has or had for it. It asks GitLab at
// most once per settle, for all packages together.
func (v *inventory) progress(ctx context.Context, name, version string) (sinks.State, int64, error) {
	if err := v.load(ctx); err != nil {
		return sinks.Absent, 0, err
	}
	k := v.key(name, version)
	if at, unknown := v.unanswered(k); unknown {
		if err := v.lookSince(ctx, at); err != nil {
			return sinks.Absent, 0, err
		}
	}
	if v.waiting(k, name) {
		if err := v.lookAgain(ctx, k); err != nil {
			return sinks.Absent, 0, err
		}
	}
	state, id := v.known(k, name)
	if state != sinks.Absent {
		return state, id, nil
	}
	// What was sent without an id, or was refused as already there, shows under its name.
	r, state, err := v.find(ctx, name, version)
	if state == sinks.Ready && r.status == refused {
		state = sinks.Broken
	}
	return state, r.id, err
}

// known is what is known now, without asking.
func (v *inventory) known(k key, name string) (sinks.State, int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, shown := v.rows[k]
	own := v.sent[k]
	w := v.awaiting[own.id]
	switch {
	case shown && r.status != refused:
		delete(v.awaiting, own.id)
		delete(v.sent, k)
		return sinks.Ready, r.id
	case w != nil && w.done && w.status == refused:
		return sinks.Broken, own.id
	case w != nil && (w.done || w.unseen >= patience):
		delete(v.awaiting, own.id)
		delete(v.sent, k)
		return sinks.Absent, 0
	case w != nil:
		return sinks.Pending, 0
	case shown:
		return sinks.Broken, r.id
	case v.foreign(name):
		return sinks.Pending, 0
	}
	return sinks.Absent, 0
}

// foreign tells whether GitLab is at work on a package of this name that another process sent, perhaps ours before it
// was killed: its version is not known yet, so none of this name may be sent.
func (v *inventory) foreign(name string) bool {
	for _, w := range v.awaiting {
		if w.name == name && !w.ours && !w.done {
			return true
		}
	}
	return false
}

func (v *inventory) waiting(k key, name string) bool {
	state, _ := v.known(k, name)
	return state == sinks.Pending
}

// unanswered tells that k was sent, and when, and that GitLab named no id: the connection broke before it could, or it
// refused a duplicate.
func (v *inventory) unanswered(k key) (at time.Time, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.sent[k]
	return s.at, ok && s.id == 0
}

// lookAgain asks what became of all awaited packages, unless that was asked, or k was sent, less than settle ago.
func (v *inventory) lookAgain(ctx context.Context, k key) error {
	return v.looking(ctx, func() bool {
		return v.recent() || time.Since(v.sent[k].at) < v.settle
	})
}

// recent tells whether the last look is still believed: the longer the more pages it took, so that a long queue at GitLab
// does not become a stream of requests. Its caller holds the lock.
func (v *inventory) recent() bool {
	return time.Since(v.looked) < v.settle*time.Duration(max(1, v.pages/2))
}

// lookSince asks unless that was asked after at.
func (v *inventory) lookSince(ctx context.Context, at time.Time) error {
	return v.looking(ctx, func() bool { return v.looked.After(at) })
}

func (v *inventory) looking(ctx context.Context, known func() bool) error {
	return v.asking(ctx, known, func() error {
		began := time.Now()
		if err := v.look(ctx, began); err != nil {
			return err
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.looked = began
		return nil
	})
}

// look lists what is still processing, and then, newest first, the others until it has met all that no longer are.
func (v *inventory) look(ctx context.Context, began time.Time) error {
	pages := 0
	processing := make(map[int64]bool)
	err := v.api.list(ctx, v.project, query{format: v.format, status: "processing"}, func(page []*gitlab.Package) bool {
		pages++
		v.add(page)
		for _, p := range page {
			processing[p.ID] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	if oldest := v.finished(processing); oldest > 0 {
		err := v.api.list(ctx, v.project, query{format: v.format, newest: true}, func(page []*gitlab.Package) bool {
			pages++
			v.add(page)
			return !slices.ContainsFunc(page, func(p *gitlab.Package) bool { return p.ID < oldest })
		})
		if err != nil {
			return err
		}
	}
	v.sweep(processing, began, pages)
	return nil
}

// finished is the lowest id that was awaited and is no longer processing, or that may be that of an upload; 0 when there is
// none.
func (v *inventory) finished(processing map[int64]bool) (oldest int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	oldest = v.hunted()
	for id, w := range v.awaiting {
		if !w.done && !processing[id] && (oldest == 0 || id < oldest) {
			oldest = id
		}
	}
	return oldest
}

// sweep ends a look that began then and took so many pages: it counts what was seen nowhere, and drops foreign packages that came to an end.
func (v *inventory) sweep(processing map[int64]bool, began time.Time, pages int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages = pages
	for id, w := range v.awaiting {
		if !w.done && !processing[id] {
			w.unseen++
		}
		if !w.ours && (w.done || w.unseen >= patience) {
			delete(v.awaiting, id)
		}
	}
	v.bound(began)
}
