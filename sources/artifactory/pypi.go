// PyPI repositories on Artifactory (docs.jfrog.com, "PyPI Repositories"). Python's tools know a file by its name alone, so the
// name goes before what is inside.

package artifactory

import (
	"context"
	"errors"
	"io"
	"path"

	"pkgferry/internal/artifact"
)

var pypiLayout = layout{
	format: artifact.PyPI, properties: []string{"pypi.name", "pypi.version"},
	generated: func(p string) bool { return within(p, ".pypi") },
	read: reader{
		rules: rules{name: "pypi.name", version: "pypi.version", content: pypiContent, path: func(one item) (string, string, bool) {
			return artifact.ParsePyPIFile(one.Name)
		}},
		belongs: pypiDistribution, other: "it is no Python distribution", place: itself,
		home: func(one item, id identity) string { return id.name + "/" + id.version + "/" + one.Name },
	}.read,
}

func pypiContent(ctx context.Context, w *walk, one item) (name, version string, err error) {
	if name, version, ok := artifact.ParsePyPIFile(one.Name); ok {
		return name, version, nil
	}
	return inside(ctx, w, one, func(r io.ReaderAt, size int64) (string, string, error) {
		m, ok, err := artifact.ReadPyPIMetadata(one.Name, r, size)
		if err == nil && (!ok || m.Name == "" || m.Version == "") {
			err = errors.New("nothing inside tells its name and version")
		}
		return m.Name, m.Version, err
	})
}

// pypiDistribution tells the kinds of file that an index has.
func pypiDistribution(one item) bool {
	switch path.Ext(one.Name) {
	case ".whl", ".egg", ".gz", ".bz2", ".tgz", ".zip", ".exe", ".msi":
		return true
	}
	return false
}
