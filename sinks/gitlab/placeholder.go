package gitlab

// What GitLab makes of an upload that it looks into later (GitLab: app/models/packages/{nuget,helm}.rb,
// app/services/packages/create_temporary_package_service.rb): packages under names of GitLab's own, which tell nothing.
//
// One that was there before this process looked first may be of a run that was killed: while it is processing, what is
// not shown is not sent, so that nothing is sent twice. After longestWork it is taken for stuck.

import (
	"context"
	"strings"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// The names; versions are 0.0.0-<uuid>.
const (
	nugetPlaceholder   = "NuGet.Temporary.Package"
	symbolsPlaceholder = "NuGet.Temporary.SymbolPackage"
	helmPlaceholder    = "Helm.Temporary.Package"
)

// longestWork is how long GitLab may take for a package (GitLab: doc/user/packages/nuget_repository/_index.md).
const longestWork = 10 * time.Minute

// begun is when GitLab began to work on a package, never in the future, whatever the clocks say.
func begun(p *gitlab.Package) time.Time {
	now := time.Now()
	if p.CreatedAt == nil || p.CreatedAt.After(now) {
		return now
	}
	return *p.CreatedAt
}

func isPlaceholder(p *gitlab.Package) bool {
	switch p.Name {
	case nugetPlaceholder, symbolsPlaceholder, helmPlaceholder:
		return strings.HasPrefix(p.Version, "0.0.0-")
	}
	return false
}

// fail takes in a placeholder that became an error. Those that were there before this process are nothing that it sent.
// Its caller holds the lock.
func (v *inventory) fail(p *gitlab.Package) {
	if v.loaded {
		v.failures[p.ID] = p.Name
	}
}

// inherits tells whether GitLab is at work on what another process sent before this one looked first. It asks at most once
// per settle.
func (v *inventory) inherits(ctx context.Context, placeholder string) (bool, error) {
	if !v.locked(func() bool { return v.inherited(placeholder) }) {
		return false, nil
	}
	if err := v.looking(ctx, v.recent); err != nil {
		return false, err
	}
	return v.locked(func() bool { return v.inherited(placeholder) }), nil
}

func (v *inventory) inherited(placeholder string) bool {
	for id, w := range v.awaiting {
		if id <= v.first && w.name == placeholder && !w.done && w.unseen < patience && time.Since(w.since) < longestWork {
			return true
		}
	}
	return false
}
