package gitlab

// Simple pages that were asked for, each shared by all versions of its name and all workers: publishing N versions of a
// name asks for its page about once, not N times.

import (
	"context"
	"sync"
	"time"

	"pkgferry/internal/artifact"
)

const maxPages = 64 // names whose pages are kept

// pypiPages are the pages of the names that were looked at last.
type pypiPages struct{ memo[packageName, *pypiPage] }

// pypiPage is a name's newest page.
type pypiPage struct {
	turn chan struct{} // holds the one who asks GitLab

	mu    sync.Mutex
	asked time.Time // when the page was asked for; zero: never
	files simplePage
}

// since is the page of the target's name as GitLab shows it after a moment. A page that was asked for before it, but less
// than settle ago, is returned as it is, and late.
func (p *pypiPages) since(ctx context.Context, t target, moment time.Time, settle time.Duration) (files simplePage, late bool, err error) {
	name := artifact.PyPIName(t.Name)
	page, err := p.get(ctx, packageName{t.project, name}, func(context.Context) (*pypiPage, error) {
		return &pypiPage{turn: make(chan struct{}, 1)}, nil
	})
	if err != nil {
		return nil, false, err
	}
	if files, late, ok := page.known(moment, settle); ok {
		return files, late, nil
	}
	select {
	case page.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
	defer func() { <-page.turn }()
	if files, late, ok := page.known(moment, settle); ok {
		return files, late, nil
	}
	began := time.Now()
	if files, err = t.api.simple(ctx, t.project, name); err != nil {
		return nil, false, err
	}
	page.mu.Lock()
	defer page.mu.Unlock()
	page.asked, page.files = began, files
	return files, false, nil
}

// known is what can be told without asking GitLab; false when it has to be asked.
func (p *pypiPage) known(moment time.Time, settle time.Duration) (files simplePage, late, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	late = !p.asked.After(moment)
	return p.files, late, !late || time.Since(p.asked) < settle
}
