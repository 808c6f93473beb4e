package engine

import (
	"context"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// wanted leaves out of an index what it says of versions that are left out on purpose, or that a route sends elsewhere: a tag can
// not point to what is not there. Left names what that is; empty when the index is whole. Maven's index is one file, which goes
// as it is and may tell of versions that lie elsewhere.
func (r *run) wanted(ctx context.Context, record checkpoint.Record) (_ checkpoint.Record, left string, err error) {
	p := record.Package
	if !p.Index() {
		return record, "", nil
	}
	if p.Format == artifact.Maven {
		projects, err := r.Store.Elsewhere(ctx, record)
		if len(projects) > 0 {
			left = "it also tells of versions that go to " + strings.Join(projects, ", ")
		}
		return record, left, err
	}
	var about []string
	for _, f := range p.Files {
		if version := artifact.IndexedVersion(p.Format, f); version != "" {
			about = append(about, version)
		}
	}
	out, err := r.Store.LeftOut(ctx, record, about)
	if err != nil || len(out) == 0 {
		return record, "", err
	}
	var names []string
	record.Package.Files = slices.DeleteFunc(slices.Clone(p.Files), func(f artifact.File) bool {
		version := artifact.IndexedVersion(p.Format, f)
		if !out[version] {
			return false
		}
		name := f.Path
		if !strings.HasSuffix(name, "/"+version) {
			name += " (" + version + ")"
		}
		names = append(names, name)
		return true
	})
	return record, "without what is about versions that are left out or go elsewhere: " + strings.Join(names, ", "), nil
}
