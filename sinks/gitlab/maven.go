package gitlab

// Maven (GitLab: doc/api/packages/maven.md, lib/api/maven_packages.rb): one PUT per file, hashed by GitLab. A package is
// found by its directory; the artifact's maven-metadata.xml lies in a package of that directory without a version.

import (
	"context"
	"path"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// mavenRow is the name of a package in GitLab's listing: "com/acme/lib".
func mavenRow(name string) string { return artifact.MavenDir(name, "") }

// fromMavenPath is the inverse of mavenRow.
func fromMavenPath(row string) string {
	dir, name := path.Split(row)
	return strings.ReplaceAll(strings.TrimSuffix(dir, "/"), "/", ".") + ":" + name
}

// mavenFile are the segments of a file's address.
func mavenFile(dst artifact.Destination, file string) []string {
	return append([]string{"maven"}, strings.Split(path.Join(artifact.MavenDir(dst.Name, dst.Version), file), "/")...)
}

func statMaven(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	_, state, err := t.held.find(ctx, mavenRow(t.Name), t.Version)
	if err != nil || state != sinks.Ready {
		return sinks.Holding{State: state}, err
	}
	return statFiles(ctx, t, p, mavenRow(t.Name), func(file string) []string { return mavenFile(t.Destination, file) }, nil)
}

// statFiles compares p's files with the file rows of its packages. Of rows with one name the newest is the one that
// GitLab serves. stored undoes how GitLab writes a file's name; nil where it does not change it.
func statFiles(ctx context.Context, t target, p artifact.Package, row string, address func(file string) []string, stored func(string) string) (sinks.Holding, error) {
	holding := sinks.Holding{Files: make(map[string]sinks.Held, len(p.Files))}
	wanted := make(map[string]bool, len(p.Files))
	for _, f := range p.Files {
		wanted[f.Path] = true
	}
	shown := false
	newest := make(map[string]int64, len(p.Files))
	for _, id := range t.held.ids(t.held.key(row, t.Version)) {
		ok, err := t.api.files(ctx, t.project, id, func(r *gitlab.PackageFile) {
			name := r.FileName
			if stored != nil {
				name = stored(name)
			}
			if wanted[name] && r.ID > newest[name] {
				newest[name] = r.ID
				holding.Files[name] = heldFile(t, r, address(name))
			}
		})
		if err != nil {
			return sinks.Holding{}, err
		}
		shown = shown || ok
	}
	if !shown {
		t.held.forget(t.held.key(row, t.Version))
		return sinks.Holding{}, nil
	}
	holding.State = stateOf(holding, p)
	return holding, nil
}

// stateOf is Ready when all of p's files are there.
func stateOf(holding sinks.Holding, p artifact.Package) sinks.State {
	for _, f := range p.Files {
		if _, ok := holding.Files[f.Path]; !ok {
			return sinks.Absent
		}
	}
	return sinks.Ready
}

// heldFile is a file row whose digests GitLab computed from what it received.
func heldFile(t target, r *gitlab.PackageFile, address []string) sinks.Held {
	held := sinks.Held{
		Size:    r.Size,
		Digests: artifact.Digests{MD5: r.FileMD5, SHA1: r.FileSHA1, SHA256: r.FileSHA256},
		Proof:   artifact.Server,
		Open:    t.api.download(t.api.address(t.project, nil, address...)),
	}
	if held.Digests == (artifact.Digests{}) {
		held.Proof = artifact.BySize
	}
	return held
}

func publishMaven(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	k := t.held.key(mavenRow(t.Name), t.Version)
	for _, f := range missing {
		t.held.publishing(k)
		u := t.api.address(t.project, nil, mavenFile(t.Destination, f.Path)...)
		_, err := t.api.put(ctx, u, nil, f, open, raw, nil)
		if duplicate(err) {
			err = settleDuplicate(ctx, t, p, f, err, statMaven)
		}
		if err != nil {
			return err
		}
	}
	t.held.published(k)
	return nil
}
