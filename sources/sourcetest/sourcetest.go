// Package sourcetest is the suite that every source passes: what the comments of sources.Source promise, as tests. It
// speaks no protocol of its own. An adapter calls Run with a source on a stand-in server, and again with one on a real
// server, where the fields that only a stand-in can serve stay nil.
package sourcetest

import (
	"sync"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

// Case is one source on one server.
type Case struct {
	// New returns a source onto a server that holds Want and needs several pages to list it. Every call is as a new
	// process would see it: nothing is shared but the server.
	New func(t *testing.T) sources.Source
	// Want is everything that must be listed without a Skip, in any order: the files with their paths and, where the
	// source declares them, sizes (else -1) and digests. At least one name in it must be odd: a scope, a plus, a
	// percent sign, a space or a letter beyond ASCII.
	Want []artifact.Package
	// Skipped is what must be listed with a Skip: the reason by Package.Name. Nil: what is skipped is not looked at.
	Skipped map[string]artifact.Reason
	// Content returns the true bytes of a file; nil where only the declared digests are known.
	Content func(t *testing.T, p artifact.Package, f artifact.File) []byte
	// Requests returns "METHOD path" of every request that the server got so far; nil for servers that can not tell.
	Requests func(t *testing.T) []string
	// Token is the secret that may appear in no error text.
	Token string
	// Cut makes the server end bodies short of their Content-Length while it is on; nil for servers that can not.
	Cut func(on bool)
	// Rejected returns a source onto the same server with wrong credentials; nil where there are none to be wrong.
	Rejected func(t *testing.T) sources.Source
	// Absent returns a listed file whose Locator is changed to name something the server does not have; nil where
	// every locator finds something.
	Absent func(t *testing.T, f artifact.File) artifact.File
	// Change adds packages to the server and replaces what may be replaced there, and returns what of it a listing of
	// changes must have, with the files that are new or other. It comes last, since nothing takes it back; nil for
	// servers that nobody may change.
	Change func(t *testing.T) []artifact.Package
}

// Run runs the suite. It leaves the server as it found it, but for Change.
func Run(t *testing.T, c Case) {
	t.Helper()
	s := &suite{Case: c}
	s.all = s.list(t, c.New(t), "")
	topics := []struct {
		name string
		test func(*testing.T)
		when bool
	}{
		{"listing/complete", s.complete, true},
		{"listing/skipped", s.skipped, c.Skipped != nil},
		{"listing/repeatable", s.repeatable, true},
		{"listing/pages", s.pages, true},
		{"listing/resume", s.resume, true},
		{"listing/cancel", s.cancel, true},
		{"listing/break", s.breakOut, true},
		{"listing/concurrent", s.concurrent, true},
		{"content/whole", s.whole, true},
		{"content/offset", s.offsets, true},
		{"content/odd names", s.oddNames, true},
		{"content/absent", s.absent, c.Absent != nil},
		{"content/cut", s.cut, c.Cut != nil},
		{"content/cancel", s.cancelContent, true},
		{"access/accepted", s.accepted, true},
		{"access/rejected", s.rejected, c.Rejected != nil},
		{"access/only reads", s.onlyReads, c.Requests != nil},
		{"listing/changes", s.changes, c.Change != nil},
		{"access/secret", s.secret, c.Token != ""},
	}
	for _, topic := range topics {
		if topic.when {
			t.Run(topic.name, topic.test)
		}
	}
}

// suite is one run: the case, what an undisturbed listing yields, and every error text that was seen.
type suite struct {
	Case
	all []sources.Listed

	mu     sync.Mutex // guards errors
	errors []string
}

// saw keeps an error's text for the search for the secret.
func (s *suite) saw(err error) error {
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.errors = append(s.errors, err.Error())
	}
	return err
}

// list collects a listing that must have no error item.
func (s *suite) list(t *testing.T, source sources.Source, from sources.Cursor) []sources.Listed {
	t.Helper()
	var items []sources.Listed
	for item, err := range source.Packages(t.Context(), sources.Start{Cursor: from}) {
		if s.saw(err) != nil {
			t.Errorf("listing from %q: %v", from, err)
			continue
		}
		items = append(items, item)
	}
	return items
}
