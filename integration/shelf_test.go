package integration

// Migrations from a shelf: the engine and the GitLab sink as the program wires them, with a source that holds what a
// test put there, for formats and mistakes that no registry at hand can serve.

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
	"pkgferry/mapping"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
	"pkgferry/sources"
)

// ferry is a migration of a shelf to the stand-in to.
func ferry(t testing.TB, from *shelf.Shelf, to *server, rules ...mapping.Rule) engine.Options {
	t.Helper()
	return ferryWith(t, filepath.Join(t.TempDir(), "pkgferry.db"), from, to, rules...)
}

// ferryWith is one whose checkpoint lies at path.
func ferryWith(t testing.TB, path string, from *shelf.Shelf, to *server, rules ...mapping.Rule) engine.Options {
	t.Helper()
	if rules == nil {
		rules = mapping.Defaults()
	}
	routes, err := mapping.New(to.Group, rules)
	if err != nil {
		t.Fatal(err)
	}
	store, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return engine.Options{
		Sources: map[string]sources.Source{"shelf": from}, Formats: artifact.Formats(), Sink: gitlabSink(t, to, ""), Router: routes,
		Store: store, Backoff: 10 * time.Millisecond, Spool: t.TempDir(),
	}
}

// gitlabSink is a sink that knows nothing yet of what the stand-in holds. It trusts the authority in caFile, too.
func gitlabSink(t testing.TB, to *server, caFile string) sinks.Sink {
	t.Helper()
	base, err := url.Parse(to.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{
		Name: "target gitlab", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", to.Token), Secrets: []string{to.Token}, CAFile: caFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	sink, err := gitlab.New(client, gitlab.Options{
		Spool: t.TempDir(), Password: func(user string) httpx.Auth { return httpx.Basic(user, to.Token) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// arrivals runs a migration to its end and returns what became of each package, by its package URL: the outcome, and the
// reason where there is one.
func arrivals(t testing.TB, o engine.Options) map[string]checkpoint.Record {
	t.Helper()
	if err := engine.Check(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	found := map[string]checkpoint.Record{}
	for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		found[r.Package.PURL()] = r
	}
	return found
}
