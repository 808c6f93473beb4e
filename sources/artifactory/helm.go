// Helm repositories on Artifactory (docs.jfrog.com, "Helm Chart Repositories"): packed charts under any path, each perhaps with its
// provenance beside it. The index is made by the server.

package artifactory

import (
	"context"
	"io"
	"iter"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

var helmLayout = layout{
	format: artifact.Helm, properties: []string{"chart.name", "chart.version"},
	generated: func(p string) bool { return within(p, ".charts", ".index") || named(p, "index.yaml") },
	read:      helm,
}

var charts = reader{
	rules: rules{name: "chart.name", version: "chart.version", content: chart, path: func(one item) (string, string, bool) {
		return artifact.ParseHelmFile(one.Name)
	}},
	belongs: func(one item) bool { return strings.HasSuffix(one.Name, ".tgz") },
	other:   "it is no packed chart",
	place:   func(_ item, id identity) string { return artifact.HelmFile(id.name, id.version) },
	home:    func(_ item, id identity) string { return artifact.HelmFile(id.name, id.version) },
}

func chart(ctx context.Context, w *walk, one item) (name, version string, err error) {
	return unpacked(ctx, w, one, func(r io.Reader) (string, string, error) {
		c, err := artifact.ReadChart(r)
		return c.Name, c.Version, err
	})
}

const provenance = ".prov"

// helm lists charts, and each provenance as a file of its chart.
func helm(ctx context.Context, w *walk, files []item) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		var others, signatures []item
		for _, one := range files {
			if strings.HasSuffix(one.Name, ".tgz"+provenance) {
				signatures = append(signatures, one)
			} else {
				others = append(others, one)
			}
		}
		charted := map[string]artifact.Package{} // by the path of the chart
		for item, err := range charts.read(ctx, w, others) {
			if err == nil && item.Skip == "" && len(signatures) > 0 {
				if l, err := parseLocator(item.Package.Files[0].Locator); err == nil {
					charted[l.Path] = item.Package
				}
			}
			if !yield(item, err) {
				return
			}
		}
		for _, one := range signatures {
			if !yield(w.signature(one, charted[strings.TrimSuffix(one.at(), provenance)]), nil) {
				return
			}
		}
	}
}

// signature lists a provenance beside a chart, or where that was not listed with it, by its own name.
func (w *walk) signature(one item, chart artifact.Package) sources.Listed {
	name, version := chart.Name, chart.Version
	if name == "" {
		var ok bool
		if name, version, ok = artifact.ParseHelmFile(one.Name); !ok {
			return w.skip(one, artifact.FileNameNotAllowed, "nothing tells which chart it signs")
		}
	}
	return w.part(one, name, version, artifact.HelmFile(name, version)+provenance)
}
