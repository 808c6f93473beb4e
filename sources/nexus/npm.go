// npm repositories on Nexus, format "npm": tarballs at NAME/-/FILE, and at NAME the package root, npm's packument, which
// belongs to no component (NpmPaths, NpmContentFacetImpl of the open 3.30). Only the root has dist-tags and deprecations, so
// it is read (GET /repository/REPOSITORY/NAME) where a listing meets it, and not again while it stays as it was.

package nexus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
	"pkgferry/sources/packument"
)

// npmFields are what the asset of a tarball tells of the package.json inside.
type npmFields struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func npm(r repository, a asset) (sources.Listed, bool) {
	p := a.path()
	if artifact.IsNPMName(p) { // its root, which is read for the index
		return file(r, a, p, "", p), a.hollow()
	}
	name, version, ok := artifact.ParseNPMPath(p)
	if !ok {
		// A tarball may have any file name: then its record tells which version it is.
		name, _, ok = strings.Cut(p, "/-/")
		version = a.NPM.Version
		ok = ok && artifact.IsNPMName(name) && version != "" && strings.HasSuffix(p, ".tgz")
	}
	switch {
	case !ok && strings.HasPrefix(p, "-/"):
		return skip(r, a, artifact.NotAPackage, "Nexus makes it itself"), true
	case !ok:
		return skip(r, a, artifact.FileNameNotAllowed, "its path names no version of a package"), true
	case a.NPM.Version != "":
		version = a.NPM.Version
	}
	return file(r, a, name, version, artifact.NPMTarball(name, version)), true
}

// document is a package root that a page of assets asks for.
type document struct {
	name string
	// id is that of its asset; "" where only its tarballs were listed.
	id string
	// state is what tells one content of the root from another; "" when nothing does.
	state string
}

// documents are the roots that are among the assets, and, where the rest of the repository is not listed, also those that
// the tarballs among them belong to.
func documents(r repository, assets []asset, tail bool) []document {
	if r.Format != npmFormat {
		return nil
	}
	var all []document
	seen := map[string]bool{}
	for _, a := range assets {
		if p := a.path(); artifact.IsNPMName(p) && !a.hollow() {
			seen[p] = true
			all = append(all, document{p, a.ID, a.state()})
		}
	}
	for _, a := range assets {
		name, _, ok := strings.Cut(a.path(), "/-/")
		if tail && ok && artifact.IsNPMName(name) && !seen[name] {
			seen[name] = true
			all = append(all, document{name: name})
		}
	}
	return all
}

// state is what changes with an asset's content.
func (a asset) state() string {
	if sum := digest(a.Checksum.SHA1, 20); sum != "" {
		return sum
	}
	return a.LastModified
}

// noted is the key under which the state of a root is remembered.
func (d document) noted(r repository) string { return "npm " + r.Name + " " + d.name }

// index reads a root for its index package. The item has no package when the root is as an earlier listing noted it, or was
// deleted meanwhile, or says nothing.
func (w *walk) index(ctx context.Context, d document) (sources.Listed, error) {
	key := d.noted(w.repository)
	if before, err := w.start.Note(ctx, key); err != nil || before != "" && before == d.state {
		return sources.Listed{}, err
	}
	root, err := w.root(ctx, d.name)
	switch {
	case status(err) == http.StatusNotFound && w.deleted(ctx, d.id):
		return sources.Listed{}, nil
	case err != nil:
		return sources.Listed{}, w.unread(err, "the tags and deprecations of "+d.name)
	}
	of := artifact.Package{Source: w.name, Repository: w.Name, Name: d.name}
	item := root.Index(of, func(v packument.Version) bool { return v.Tarball != "" })
	for i, f := range item.Package.Files {
		item.Package.Files[i].Locator = locator{Text: &f.Locator}.String()
	}
	if len(item.Package.Files) == 0 {
		item.Package = artifact.Package{}
	}
	item.Notes = map[string]string{key: d.state}
	return item, nil
}

// readings is how often a root that breaks off is read.
const readings = 3

func (w *walk) root(ctx context.Context, name string) (root *packument.Document, err error) {
	for range readings {
		if root, err = w.readRoot(ctx, name); !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
	}
	if err == nil && root.Name != "" && root.Name != name {
		return nil, fmt.Errorf("the server answers with the package %q", root.Name)
	}
	return root, err
}

func (w *walk) readRoot(ctx context.Context, name string) (*packument.Document, error) {
	leave, err := w.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	u := w.client.URL(contentPath(locator{Repository: w.Name, Path: name}), nil)
	resp, err := w.client.Get(ctx, u, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return packument.Read(resp.Body)
}

// deleted tells whether the record of an asset is gone.
func (w *walk) deleted(ctx context.Context, id string) bool {
	if id == "" {
		return false
	}
	_, err := w.asset(ctx, id)
	return unknown(err)
}
