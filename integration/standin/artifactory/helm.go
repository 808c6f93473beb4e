package artifactory

// Helm repositories: index.yaml is made of the charts whose properties name them, and is served at its path in the repository
// and below /api/helm/KEY.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) helm() {
	r := d.local(Helm, "helm")
	chart := func(at, name, version string, seed int) {
		d.put(r, at, fixture.Chart(name, version, seed), property("chart.name", name), property("chart.version", version))
	}
	chart("web-1.0.0.tgz", "web", "1.0.0", 1)
	d.put(r, "web-1.0.0.tgz.prov", fixture.Provenance("web", "1.0.0", 1))
	chart("web-1.1.0.tgz", "web", "1.1.0", 2)
	chart("teams/data/store-0.3.0+build.1.tgz", "store", "0.3.0+build.1", 3)
	chart("stable/web-1.0.0.tgz", "web", "1.0.0", 1) // the same chart at a second path
	d.put(r, "index.yaml", []byte("apiVersion: v1\nentries: {}\n"))
	d.put(r, ".charts/web.yaml", []byte("name: web\n"))
	d.put(r, "unindexed-1.0.0.tgz", fixture.Chart("unindexed", "1.0.0", 4))
}

// helmAPI serves /api/helm/KEY/REST.
func (s *Server) helmAPI(w http.ResponseWriter, r *http.Request, key, rest string) {
	if rest != "index.yaml" {
		s.download(w, r, key+"/"+rest)
		return
	}
	charts := map[string][]*storage.Item{}
	for item := range s.readable(r, key) {
		if name := value(item, "chart.name"); name != "" {
			charts[name] = append(charts[name], item)
		}
	}
	var index strings.Builder
	index.WriteString("apiVersion: v1\nentries:\n")
	for _, name := range slices.Sorted(maps.Keys(charts)) {
		fmt.Fprintf(&index, "  %s:\n", name)
		for _, item := range charts[name] {
			fmt.Fprintf(&index, "  - apiVersion: v2\n    name: %q\n    version: %q\n    created: %q\n    digest: %s\n    urls:\n    - %q\n",
				name, value(item, "chart.version"), s.date(item.Created), item.Digests().SHA256, s.chartURL(r, key, item))
		}
	}
	fmt.Fprintf(&index, "generated: %q\n", s.date(s.clock.now()))
	w.Header().Set("Content-Type", "text/yaml")
	_, _ = w.Write([]byte(index.String()))
}

// chartURL is where an index says that a chart is: mode helm-urls.
func (s *Server) chartURL(r *http.Request, key string, item *storage.Item) string {
	switch s.modes.helmURLs {
	case "absolute":
		return s.base(r) + "/api/helm/" + key + "/" + escape(item.At())
	case "relative":
		return escape(item.At())
	}
	return "local://" + item.At()
}

// helmLine names the package of a chart or of its provenance.
func helmLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.Helm)
	if name := value(item, "chart.name"); name != "" {
		line.Package, line.Version, line.File = name, value(item, "chart.version"), item.Name
	}
}
