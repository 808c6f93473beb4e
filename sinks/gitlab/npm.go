package gitlab

// npm (GitLab: doc/api/packages/npm.md, lib/api/npm_project_packages.rb): one PUT of a document that carries the tarball.
// Depending on its version GitLab refuses a duplicate at once, or answers 200 and refuses it in the background.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// npm keeps the names that were looked at last.
type npm struct {
	packuments memo[packageName, packument]
	told       deprecations
}

type packageName struct {
	project int64
	name    string
}

// npmTarball are the segments of a tarball's address, scope included twice.
func npmTarball(dst artifact.Destination) []string {
	return []string{"npm", dst.Name, "-", artifact.NPMTarball(dst.Name, dst.Version)}
}

func (n *npm) stat(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	if t.Version == "" {
		return n.statIndex(ctx, t, p)
	}
	state, id, err := t.held.progress(ctx, t.Name, t.Version)
	if err != nil {
		return sinks.Holding{}, err
	}
	switch state {
	case sinks.Pending:
		return sinks.Holding{State: sinks.Pending}, nil
	case sinks.Broken:
		reason, err := t.api.refusal(ctx, t.Project, t.Format, t.Name, id)
		return sinks.Holding{State: sinks.Broken, Reason: reason}, err
	case sinks.Ready:
		return n.held(ctx, t, p, id)
	}
	return sinks.Holding{}, nil
}

// held is an installable version. GitLab repeats the SHA-1 that the publisher claimed: the packument tells it for all
// versions of a name at once, and the file row for one that is newer than the packument at hand.
func (n *npm) held(ctx context.Context, t target, p artifact.Package, id int64) (sinks.Holding, error) {
	one := sinks.Held{Size: -1, Proof: artifact.Declared, Open: t.api.download(t.api.address(t.project, nil, npmTarball(t.Destination)...))}
	all, err := n.packuments.get(ctx, packageName{t.project, t.Name}, func(ctx context.Context) (packument, error) {
		return t.api.packument(ctx, t.project, t.Name)
	})
	if err != nil {
		return sinks.Holding{}, err
	}
	one.Digests.SHA1 = all.shasums[t.Version]
	if one.Digests.SHA1 == "" {
		shown, err := t.api.files(ctx, t.project, id, func(r *gitlab.PackageFile) {
			one.Size, one.Digests.SHA1 = r.Size, r.FileSHA1
		})
		if err != nil {
			return sinks.Holding{}, err
		}
		if !shown {
			t.held.forget(t.held.key(t.Name, t.Version))
			return sinks.Holding{}, nil
		}
	}
	if one.Digests.SHA1 == "" {
		one.Proof = artifact.BySize
	}
	holding := sinks.Holding{State: sinks.Ready, Files: make(map[string]sinks.Held, 1)}
	for _, f := range p.Files {
		holding.Files[f.Path] = one
	}
	return holding, nil
}

func (n *npm) publish(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	if t.Version == "" {
		return n.publishIndex(ctx, t, missing, open)
	}
	for _, f := range missing {
		err := publishTarball(ctx, t, p, f, open, usualRoom)
		if errors.Is(err, errRoom) {
			err = publishTarball(ctx, t, p, f, open, fullRoom)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func publishTarball(ctx context.Context, t target, p artifact.Package, f artifact.File, open artifact.Opener, room int) error {
	url := t.api.address(t.project, nil, npmTarball(t.Destination)...).String()
	version := func(m artifact.NPMManifest, d artifact.Digests) ([]byte, error) {
		return npmVersion(t.Destination, m, d, url, p.Metadata[artifact.NPMDeprecated])
	}
	document := body{
		size: func(size int64) int64 { return documentSize(t.Destination, size, room) },
		wrap: func(s artifact.Stream) io.ReadCloser { return newDocument(t.Destination, s, room, version) },
	}
	k := t.held.key(t.Name, t.Version)
	t.held.publishing(k)
	var got struct {
		ID int64 `json:"id"`
	}
	header := http.Header{"Content-Type": {"application/json"}}
	_, err := t.api.put(ctx, t.api.address(t.project, nil, "npm", t.Name), header, f, open, document, &got)
	switch {
	case statusOf(err) == http.StatusForbidden && says(err, "Package already exists"):
		return nil // Stat tells which bytes are there
	case err != nil:
		return err
	case got.ID == 0:
		return fault.At(fault.Sink, fault.Errorf(artifact.TargetFailed, "GitLab took %s@%s and named no package", t.Name, t.Version))
	}
	t.held.await(k, t.Name, got.ID)
	return nil
}

// unreadable is a tarball whose manifest can not be read; GitLab would refuse it in the background.
func unreadable(err error) error {
	return fault.Because(artifact.TargetRejected, fmt.Errorf("GitLab would refuse the tarball: %w", err))
}
