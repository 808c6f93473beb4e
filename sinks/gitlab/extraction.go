package gitlab

// Uploads that GitLab looks into in the background and whose answer names no package: NuGet and Helm (GitLab:
// lib/api/{nuget_project,helm}_packages.rb, app/services/packages/{nuget,helm}, app/workers/concerns/packages/error_handling.rb).
//
// GitLab makes the package at once, or a placeholder under a name of its own. A placeholder is "processing" until it gets its
// real name, or is gone because its file joined a package that was there, or stays behind as an "error". What became of
// all uploads is asked for together. The placeholder of an upload, if it got one, has an id above all that were known
// before it, and at most the newest one that the first look behind its answer shows. Of the rows in this range:
//
//   - An upload is there when its package is shown or, where the package was there before, when its file is.
//   - It was refused when it is not there and an error has its size, once nothing is processing any more, or once there
//     are as many such errors as uploads of this size that are not there.
//   - It is absent when it is nowhere, for several looks if GitLab had said yes.

import (
	"context"
	"net/http"
	"slices"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/sinks"
)

// extraction is what an inventory knows of uploads; its lock guards it.
type extraction struct {
	first    int64 // the newest id of the first listing
	uploads  map[key]map[string]*upload
	failures map[int64]string   // placeholders that became errors after the first listing, by name
	sizes    memo[int64, int64] // of their files
	working  map[string][]int64 // what the last look showed as processing: ids by name, sorted
}

func newExtraction() extraction {
	return extraction{uploads: make(map[key]map[string]*upload), failures: make(map[int64]string)}
}

// upload is a file that this process sent, until it is known what became of it.
type upload struct {
	placeholder string
	size        int64

	beside  bool      // its package was shown before it was sent
	after   int64     // the newest id that was known before it was sent
	ended   time.Time // when GitLab answered, or the connection broke
	taken   bool      // GitLab said yes
	bounded bool      // a look has set until
	until   int64
	missed  int // looks that found nothing at work that could be it
}

func (u *upload) covers(id int64) bool { return u.after < id && id <= u.until }

// uploading notes that u is about to be sent as path of k.
func (v *inventory) uploading(ctx context.Context, k key, path string, u upload) error {
	if err := v.load(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	r, shown := v.rows[k]
	u.beside, u.after = shown && r.status != refused, v.newest
	if v.uploads[k] == nil {
		v.uploads[k] = make(map[string]*upload)
	}
	v.uploads[k][path] = &u
	return nil
}

// uploaded notes how that ended. What GitLab refused in its answer it did not keep.
func (v *inventory) uploaded(k key, path string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	u := v.uploads[k][path]
	u.ended, u.taken = time.Now(), err == nil
	if status := statusOf(err); status/100 == 4 && status != http.StatusRequestTimeout {
		delete(v.uploads[k], path)
	}
}

// settled ends the uploads of a package that is there.
func (v *inventory) settled(k key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.uploads, k)
}

// meet lists the packages of a name.
func (v *inventory) meet(ctx context.Context, name string) error {
	return v.api.list(ctx, v.project, query{format: v.format, name: name, newest: true}, func(page []*gitlab.Package) bool {
		v.add(page)
		return true
	})
}

// extracted tells how far the upload of path has come, by its size too, and of a broken one the ids of the errors that may be
// its own. It is absent when this process sent none. there asks GitLab whether the package has the file.
func (v *inventory) extracted(ctx context.Context, k key, path string, there func(context.Context) (bool, error)) (_ sinks.State, size int64, ids []int64, err error) {
	u, state, idle := v.upload(k, path)
	if state == sinks.Pending {
		if err := v.lookAfter(ctx, u); err != nil {
			return sinks.Absent, 0, nil, err
		}
		u, state, idle = v.upload(k, path)
	}
	if idle && u.beside && state != sinks.Ready {
		found, err := there(ctx)
		if err != nil {
			return sinks.Absent, 0, nil, err
		}
		if found {
			state = sinks.Ready
		}
	}
	if state != sinks.Ready {
		ids, err = v.refusals(ctx, u, !idle)
	}
	if err != nil || len(ids) > 0 {
		state = sinks.Broken
	}
	return state, u.size, ids, err
}

// upload is a copy of the one that is noted, with how it stands.
func (v *inventory) upload(k key, path string) (_ upload, state sinks.State, idle bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	u := v.uploads[k][path]
	if u == nil {
		return upload{}, sinks.Absent, false
	}
	state, idle = v.stands(k, u)
	return *u, state, idle
}

// stands is what the rows tell of an upload; idle tells that GitLab is at work on nothing that could be it. Its caller
// holds the lock.
func (v *inventory) stands(k key, u *upload) (state sinks.State, idle bool) {
	r, shown := v.rows[k]
	switch {
	case shown && r.status != refused && !u.beside:
		return sinks.Ready, true
	case !u.bounded || v.busy(u):
		return sinks.Pending, false
	case u.taken && u.missed < patience:
		return sinks.Pending, true
	}
	return sinks.Absent, true
}

// busy tells whether GitLab was at work, when it was last asked, on something that could be u.
func (v *inventory) busy(u *upload) bool {
	ids := v.working[u.placeholder]
	next, _ := slices.BinarySearch(ids, u.after+1)
	return next < len(ids) && u.covers(ids[next])
}

// lookAfter asks what became of all uploads: at once about one whose answer was lost, else unless that was asked, or it
// was sent, less than settle ago.
func (v *inventory) lookAfter(ctx context.Context, u upload) error {
	if !u.taken && !u.bounded {
		return v.lookSince(ctx, u.ended)
	}
	return v.looking(ctx, func() bool { return v.recent() || time.Since(u.ended) < v.settle })
}

// hunted is the lowest id that the placeholder of an upload may have that no look has met yet; 0 when there is none. Its
// caller holds the lock.
func (v *inventory) hunted() (oldest int64) {
	for k, files := range v.uploads {
		for _, u := range files {
			met := u.bounded && (u.missed >= patience || v.busy(u))
			state, _ := v.stands(k, u)
			if !u.ended.IsZero() && !met && state != sinks.Ready && (oldest == 0 || u.after+1 < oldest) {
				oldest = u.after + 1
			}
		}
	}
	return oldest
}

// bound ends a look that began then. Its caller holds the lock.
func (v *inventory) bound(began time.Time) {
	v.working = make(map[string][]int64)
	for id, w := range v.awaiting {
		if !w.done && w.unseen == 0 {
			v.working[w.name] = append(v.working[w.name], id)
		}
	}
	for _, ids := range v.working {
		slices.Sort(ids)
	}
	for _, files := range v.uploads {
		for _, u := range files {
			if !u.bounded && !u.ended.IsZero() && u.ended.Before(began) {
				u.bounded, u.until = true, v.newest
			}
			if u.bounded && !v.busy(u) {
				u.missed++
			}
		}
	}
}

// refusals are the errors that u must be one of. While GitLab is at work on others, they must be as many as the uploads
// of this size that are not there.
func (v *inventory) refusals(ctx context.Context, u upload, busy bool) ([]int64, error) {
	var own []int64
	for _, id := range v.failed(u) {
		size, err := v.sizes.get(ctx, id, func(ctx context.Context) (size int64, err error) {
			_, err = v.api.files(ctx, v.project, id, func(r *gitlab.PackageFile) { size = r.Size })
			return size, err
		})
		if err != nil {
			return nil, err
		}
		if size == u.size {
			own = append(own, id)
		}
	}
	if busy && len(own) < v.rivals(u) {
		return nil, nil
	}
	return own, nil
}

// failed are the errors that could be u, by what the listings tell.
func (v *inventory) failed(u upload) (ids []int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, name := range v.failures {
		if name == u.placeholder && u.covers(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// rivals counts the uploads that are not there and can not be told from u, u among them.
func (v *inventory) rivals(u upload) (count int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, files := range v.uploads {
		for _, other := range files {
			state, _ := v.stands(k, other)
			if other.placeholder == u.placeholder && other.size == u.size && state != sinks.Ready {
				count++
			}
		}
	}
	return count
}
