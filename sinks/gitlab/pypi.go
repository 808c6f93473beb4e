package gitlab

// PyPI (GitLab: doc/api/packages/pypi.md, lib/api/pypi_packages.rb): one POST of twine's form per file. GitLab reads
// nothing out of the file and compares no digest: name, version and SHA-256 are what the form says, and pip finds the
// file by them. So the digest is computed here, and what GitLab shows of it is our own claim.

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// pypi keeps the names that were looked at last.
type pypi struct{ pages pypiPages }

// stat: the listing tells whether a version is there at all, and the page of its name which files are. A version that
// this process sent is looked for on the page alone.
func (y *pypi) stat(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	k := t.held.key(t.Name, t.Version)
	own, ours := t.held.unshown(k)
	if !ours {
		if _, state, err := t.held.find(ctx, t.Name, t.Version); err != nil || state != sinks.Ready {
			return sinks.Holding{}, err
		}
	}
	holding, late, err := y.look(ctx, t, p, own.at, t.held.settle)
	switch {
	case err != nil:
		return sinks.Holding{}, err
	case holding.State == sinks.Ready: // a file that is there stays as it is, so an older page will do
	case late:
		return sinks.Holding{State: sinks.Pending}, nil
	case own.promise:
		t.held.published(k) // GitLab's replicas lag: a newer page will tell
		return sinks.Holding{State: sinks.Pending}, nil
	}
	if ours {
		t.held.seen(k, len(holding.Files) > 0)
	}
	return holding, nil
}

// look compares p's files with the page of its name; see pypiPages.since.
func (y *pypi) look(ctx context.Context, t target, p artifact.Package, moment time.Time, settle time.Duration) (_ sinks.Holding, late bool, _ error) {
	page, late, err := y.pages.since(ctx, t, moment, settle)
	if err != nil {
		return sinks.Holding{}, false, err
	}
	holding := sinks.Holding{Files: make(map[string]sinks.Held, len(p.Files))}
	for _, f := range p.Files {
		if sum, ok := page[f.Path]; ok {
			holding.Files[f.Path] = heldPyPI(t, f.Path, sum)
		}
	}
	holding.State = stateOf(holding, p)
	return holding, late, nil
}

// heldPyPI is a file of which GitLab shows the claimed SHA-256; without one it can not be downloaded either.
func heldPyPI(t target, file, sum string) sinks.Held {
	if sum == "" {
		return sinks.Held{Size: -1, Proof: artifact.BySize}
	}
	return sinks.Held{
		Size: -1, Digests: artifact.Digests{SHA256: strings.ToLower(sum)}, Proof: artifact.Declared,
		Open: t.api.download(t.api.address(t.project, nil, "pypi", "files", sum, file)),
	}
}

func (y *pypi) publish(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	var inside artifact.PyPIMetadata
	for _, f := range missing {
		if err := y.publishFile(ctx, t, p, f, open, &inside); err != nil {
			return err
		}
	}
	t.held.published(t.held.key(t.Name, t.Version))
	return nil
}

// publishFile sends one file. GitLab keeps what is told about a version with its newest file, so a file that tells
// nothing of itself, such as an installer, repeats what the one before it told: inside.
func (y *pypi) publishFile(ctx context.Context, t target, p artifact.Package, f artifact.File, open artifact.Opener, inside *artifact.PyPIMetadata) error {
	file, err := spool(ctx, t.spool, f, open)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	own, ok, err := artifact.ReadPyPIMetadata(f.Path, file, file.size)
	if err != nil {
		return fault.At(fault.Source, fmt.Errorf("%s: %w", f.Path, err))
	}
	if ok {
		*inside = own
	}
	t.held.publishing(t.held.key(t.Name, t.Version))
	u := t.api.address(t.project, nil, "pypi")
	err = t.api.submit(ctx, http.MethodPost, u, pypiForm(t.Destination, f.Path, file.digests, *inside), file, nil)
	switch {
	case duplicate(err):
		f.Digests = file.digests
		return settleTaken(ctx, t, p, f, err, y.lookAnew)
	case objectStore(err):
		return fault.Temporary(err, 0)
	}
	return err
}

// lookAnew looks at a page that is as new as can be.
func (y *pypi) lookAnew(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	holding, _, err := y.look(ctx, t, p, time.Now(), 0)
	return holding, err
}
