// npm repositories on Artifactory (docs.jfrog.com, "npm Registry"). Versions are the tarballs that are stored, since the index of a
// name may lack some; dist-tags and deprecations are in the name's packument alone (GET /api/npm/KEY/NAME, npm's own form).

package artifactory

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
	"pkgferry/sources/packument"
)

var npmLayout = layout{
	format: artifact.NPM, properties: []string{"npm.name", "npm.version"},
	generated: func(p string) bool { return within(p, ".npm") },
	read:      npm,
}

var npmTarballs = reader{
	rules: rules{name: "npm.name", version: "npm.version", content: npmManifest, path: func(one item) (string, string, bool) {
		return artifact.ParseNPMPath(one.at())
	}},
	belongs: func(one item) bool { return strings.HasSuffix(one.Name, ".tgz") },
	other:   "it is no npm tarball",
	place:   func(_ item, id identity) string { return artifact.NPMTarball(id.name, id.version) },
	home:    func(_ item, id identity) string { return id.name + "/-/" + artifact.NPMTarball(id.name, id.version) },
}

func npmManifest(ctx context.Context, w *walk, one item) (name, version string, err error) {
	return unpacked(ctx, w, one, func(r io.Reader) (string, string, error) {
		m, err := artifact.ReadNPMManifest(r)
		return m.Name, m.Version, err
	})
}

// npm lists tarballs, and then the index of each of their names.
func npm(ctx context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		var names []string
		versions := map[string][]sources.Listed{} // by name
		for item, err := range npmTarballs.read(ctx, w, files) {
			if name := item.Package.Name; err == nil && item.Skip == "" {
				if versions[name] == nil {
					names = append(names, name)
				}
				versions[name] = append(versions[name], item)
			} else if !yield(item, err) {
				return
			}
		}
		for told := range sources.Ahead(ctx, w.options.Listings, slices.Values(names), w.packument) {
			for item, err := range told.items(versions[told.name]) {
				if err == nil && item.Package.Version == "" && !w.first(told.name) {
					continue
				}
				if !yield(item, err) {
					return
				}
			}
		}
	}
}

// first tells whether the index of a name comes for the first time, as far back as can be held: its versions may lie in several
// folders.
func (w *walk) first(name string) bool {
	if w.indexed[name] {
		return false
	}
	if w.indexed == nil || len(w.indexed) >= w.options.Page {
		w.indexed = map[string]bool{}
	}
	w.indexed[name] = true
	return true
}

// told is what the registry's document of a name says; nil when it has none.
type told struct {
	name     string
	document *packument.Document
	err      error
}

// packument reads the document of a name. One that a server does not have says nothing: it may not have been indexed.
func (w *walk) packument(ctx context.Context, name string) told {
	t := told{name: name}
	u := w.client.URL("/api/npm/"+escape(w.Key, "")+"/"+artifact.NPMEscape(name), nil)
	resp, err := w.client.Get(ctx, u, http.Header{"Accept": {"application/json"}})
	switch {
	case status(err) == http.StatusNotFound:
		return t
	case err != nil:
		t.err = err
		return t
	}
	defer resp.Body.Close()
	if t.document, t.err = packument.Read(resp.Body); t.err == nil && t.document.Name != "" && t.document.Name != name {
		t.err = fmt.Errorf("the server answers with %.200q", t.document.Name)
	}
	if t.err != nil {
		t.document = nil
	}
	return t
}

// items are versions with what the document says of them, and behind them the index of the name.
func (t told) items(versions []sources.Listed) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		deprecated := map[string]string{}
		if t.document != nil {
			for _, v := range t.document.Versions {
				deprecated[v.Number] = v.Deprecated
			}
		}
		for _, item := range versions {
			if message := deprecated[item.Package.Version]; message != "" {
				item.Package.Metadata = map[string]string{artifact.NPMDeprecated: message}
			}
			if !yield(item, nil) {
				return
			}
		}
		if t.err != nil {
			yield(sources.Listed{}, fmt.Errorf("the dist-tags of %s could not be read: %w", t.name, t.err))
			return
		}
		if t.document == nil {
			return
		}
		index := t.document.Index(artifact.Package{Name: t.name}, func(packument.Version) bool { return true })
		for i, f := range index.Package.Files {
			index.Package.Files[i].Locator = locator{Text: &f.Locator}.String()
		}
		if len(index.Package.Files) > 0 {
			yield(index, nil)
		}
	}
}
