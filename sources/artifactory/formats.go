// What the files of a repository are: the table that turns a repository's type into the reader of its layout. Artifactory
// enforces no layout, so a file is what its properties say, else what its content says, else what its path says; and what is
// none of it is listed as what stays behind.

package artifactory

import (
	"context"
	"iter"
	"slices"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// layout is how one type of repository is read.
type layout struct {
	format artifact.Format
	// properties are those that tell what a file is, and those that the options ask for.
	properties []string
	// generated tells the files that Artifactory makes itself, by their path. Nil: it makes none.
	generated func(path string) bool
	// read turns files of the repository, of one folder or of several, into what they are parts of.
	read func(ctx context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error]
}

// layouts are those of the types that GitLab has a place for.
var layouts = map[string]layout{
	"maven": mavenLayout, "gradle": mavenLayout, "ivy": mavenLayout, "sbt": mavenLayout,
	"npm":       npmLayout,
	"pypi":      pypiLayout,
	"nuget":     nugetLayout,
	"helm":      helmLayout,
	"terraform": terraformLayout,
	"generic":   genericLayout,
	"docker":    containerLayout, "oci": containerLayout, "helmoci": containerLayout,
}

// layoutOf finds a repository's layout. One of a type that GitLab has no place for has plain files.
func (s *Source) layoutOf(r repository) layout {
	l, ok := layouts[r.PackageType]
	if !ok {
		l = foreignLayout(r.PackageType)
	}
	l.properties = slices.Concat(l.properties, s.options.Properties)
	return l
}

// items are the packages that files are parts of, in the order in which these begin, and behind them what went wrong.
func (w *walk) items(files []item) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		var listed []sources.Listed
		var errs []error
		own := files
		if w.layout.generated != nil {
			own = nil
			for _, one := range files {
				if w.layout.generated(one.at()) {
					listed = append(listed, w.skip(one, artifact.NotAPackage, "Artifactory makes it itself"))
				} else {
					own = append(own, one)
				}
			}
		}
		for item, err := range w.layout.read(w.ctx, w, own) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			listed = append(listed, item)
		}
		for _, item := range gathered(listed) {
			if !yield(item, nil) {
				return
			}
		}
		for _, err := range errs {
			if !yield(sources.Listed{}, err) {
				return
			}
		}
	}
}

// gathered joins the pieces of packages.
func gathered(listed []sources.Listed) []sources.Listed {
	type key struct {
		format        artifact.Format
		name, version string
	}
	var items []sources.Listed
	place := map[key]int{}
	for _, one := range listed {
		k := key{one.Package.Format, one.Package.Name, one.Package.Version}
		if i, known := place[k]; known && one.Skip == "" {
			items[i].Package.Files = append(items[i].Package.Files, one.Package.Files...)
			continue
		}
		if one.Skip == "" {
			place[k] = len(items)
		}
		items = append(items, one)
	}
	for _, one := range items {
		artifact.SortFiles(one.Package.Format, one.Package.Files)
	}
	return items
}

// each reads files one by one; a file that is nothing of its own gives no item.
func each(read func(w *walk, one item) (sources.Listed, bool)) func(context.Context, *walk, []item) iter.Seq2[sources.Listed, error] {
	return func(_ context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error] {
		return func(yield func(sources.Listed, error) bool) {
			for _, one := range files {
				if item, ok := read(w, one); ok && !yield(item, nil) {
					return
				}
			}
		}
	}
}

// file is an item as a File whose path in its package is name.
func (w *walk) file(one item, name string) artifact.File {
	return artifact.File{
		Path: name, Size: one.Size, Digests: one.Digests, Modified: one.Modified,
		Locator: locator{Repository: w.Key, Path: one.at()}.String(), Properties: w.propertiesOf(one),
	}
}

// propertiesOf are the properties of items that the options ask for; nil when they have none of them.
func (w *walk) propertiesOf(items ...item) map[string][]string {
	var all map[string][]string
	for _, key := range w.options.Properties {
		for _, one := range items {
			if values := one.Properties[key]; len(values) > 0 {
				if all == nil {
					all = map[string][]string{}
				}
				all[key] = append(all[key], values...)
			}
		}
	}
	return all
}

// part lists a file as part of a package.
func (w *walk) part(one item, name, version, path string) sources.Listed {
	return sources.Listed{Package: artifact.Package{
		Format: w.layout.format, Name: name, Version: version, Files: []artifact.File{w.file(one, path)},
	}}
}

// skip lists a file alone, under its path, so that it is counted and hides nothing of the package beside it.
func (w *walk) skip(one item, why artifact.Reason, detail string) sources.Listed {
	item := w.part(one, one.at(), "", one.at())
	item.Skip, item.Detail = why, detail
	return item
}

// within tells whether a path lies in one of some top folders.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return len(path) > len(folder) && path[:len(folder)] == folder && path[len(folder)] == '/'
	})
}
