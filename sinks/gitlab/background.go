package gitlab

// What NuGet and Helm share: one form per file, no digests, packages that GitLab may finish in the background
// (extraction.go), and registries that take the token as a password.

import (
	"context"
	"net/url"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// background is what is particular about one of the formats.
type background struct {
	// placeholder is the name of what GitLab makes of a file at first.
	placeholder func(path string) string
	// find asks which of p's files lie in a package that is shown; nothing at all when it is gone.
	find func(ctx context.Context, t target, p artifact.Package) (map[string]sinks.Held, error)
	// address are the segments of a file's address.
	address func(t target, path string) []string
}

// bySize is a held file of which GitLab shows no digest.
func (t target) bySize(address []string, size int64) sinks.Held {
	return sinks.Held{Size: size, Proof: artifact.BySize, Open: t.reads(address)}
}

// reads is an Open of a held file.
func (t target) reads(address []string) func(context.Context) (artifact.Content, error) {
	return func(ctx context.Context) (artifact.Content, error) {
		as, err := t.api.signedIn(ctx)
		if err != nil {
			return artifact.Content{}, err
		}
		return as.download(t.api.address(t.project, nil, address...))(ctx)
	}
}

// stat costs no request for what this process just sent, and one for what was there before.
func (b background) stat(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	if err := t.held.load(ctx); err != nil {
		return sinks.Holding{}, err
	}
	l := &glance{background: b, target: t, p: p, k: t.held.key(t.Name, t.Version)}
	holding, err := l.sent(ctx)
	if err == nil && holding.State == sinks.Absent {
		holding, err = l.shown(ctx)
	}
	if err == nil && holding.State == sinks.Ready {
		t.held.settled(l.k)
	}
	return holding, err
}

// glance is one Stat.
type glance struct {
	background
	target
	p     artifact.Package
	k     key
	found map[string]sinks.Held // nil until GitLab was asked
}

// files asks GitLab once.
func (l *glance) files(ctx context.Context) (map[string]sinks.Held, error) {
	if l.found != nil {
		return l.found, nil
	}
	found, err := l.find(ctx, l.target, l.p)
	if err == nil && found == nil {
		l.held.forget(l.k)
		found = map[string]sinks.Held{}
	}
	l.found = found
	return found, err
}

// sent is what became of the uploads of this process: Absent unless that tells all.
func (l *glance) sent(ctx context.Context) (sinks.Holding, error) {
	holding := sinks.Holding{Files: make(map[string]sinks.Held, len(l.p.Files))}
	for _, f := range l.p.Files {
		state, size, ids, err := l.held.extracted(ctx, l.k, f.Path, func(ctx context.Context) (bool, error) {
			found, err := l.files(ctx)
			_, ok := found[f.Path]
			return ok, err
		})
		switch {
		case err != nil:
			return sinks.Holding{}, err
		case state == sinks.Pending:
			return sinks.Holding{State: sinks.Pending}, nil
		case state == sinks.Broken:
			reason, err := l.api.refusal(ctx, l.Project, l.Format, l.placeholder(f.Path), ids...)
			return sinks.Holding{State: sinks.Broken, Reason: reason}, err
		case state == sinks.Ready:
			holding.Files[f.Path] = l.bySize(l.address(l.target, f.Path), size)
		}
	}
	holding.State = stateOf(holding, l.p)
	return holding, nil
}

// shown is what GitLab shows. While it is at work on what a run before this one may have sent, what is not shown is
// Pending.
func (l *glance) shown(ctx context.Context) (sinks.Holding, error) {
	inherited := false
	for _, f := range l.p.Files {
		one, err := l.held.inherits(ctx, l.placeholder(f.Path))
		if err != nil {
			return sinks.Holding{}, err
		}
		inherited = inherited || one
	}
	holding := sinks.Holding{Files: map[string]sinks.Held{}}
	r, shown := l.held.row(l.k)
	switch {
	case shown && r.status == refused:
		reason, err := l.api.refusal(ctx, l.Project, l.Format, l.Name, r.id)
		return sinks.Holding{State: sinks.Broken, Reason: reason}, err
	case shown:
		found, err := l.files(ctx)
		if err != nil {
			return sinks.Holding{}, err
		}
		holding.Files = found
	}
	if holding.State = stateOf(holding, l.p); holding.State == sinks.Absent && inherited {
		return sinks.Holding{State: sinks.Pending}, nil
	}
	return holding, nil
}

// send uploads a spooled file.
func (b background) send(ctx context.Context, t target, f artifact.File, method string, u *url.URL, part string, file *spooled) error {
	as, err := t.api.signedIn(ctx)
	if err != nil {
		return err
	}
	k := t.held.key(t.Name, t.Version)
	if err := t.held.uploading(ctx, k, f.Path, upload{placeholder: b.placeholder(f.Path), size: file.size}); err != nil {
		return err
	}
	err = as.submit(ctx, method, u, form{part: part, file: f.Path}, file, nil)
	t.held.uploaded(k, f.Path, err)
	if objectStore(err) {
		return fault.Temporary(err, 0)
	}
	return err
}

// mismatch is the error of a file that GitLab, which goes by what is inside, would publish as another package; nil when
// name and version are dst's.
func mismatch(dst artifact.Destination, path, name, version string) error {
	if keyOf(dst.Format, name, version) == keyOf(dst.Format, dst.Name, dst.Version) {
		return nil
	}
	return fault.Errorf(artifact.IdentityMismatch, "file %q: inside it is %q %q, so GitLab would not publish it as %q %q",
		path, name, version, dst.Name, dst.Version)
}
