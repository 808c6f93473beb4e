// Package sinktest is the suite that every sink passes, once for each format that it publishes: what the contracts of
// sinks.Sink and artifact.Stream promise, seen from outside. It needs a target that starts empty for every test, such as
// a stand-in, or a fresh project of a real server.
package sinktest

import (
	"context"
	"io"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// Case is one format of one sink.
type Case struct {
	// Open makes an empty target. It and all that belongs to it end with the test.
	Open func(t *testing.T) Target
	// Make builds a package. Equal arguments give equal packages; another salt gives other bytes under the same names,
	// another n another package.
	Make func(t *testing.T, n int, salt string) Sample
	// Refusing makes a target that takes packages and refuses them in the background; nil where the format knows no such
	// thing.
	Refusing func(t *testing.T) Target
	// Large builds a package of at least size bytes, of one file or of one image, that is made while it is read; nil where
	// another case of the same format has it.
	Large func(t *testing.T, size int64) Sample
	// LargeSize is that size, where the format takes no gibibyte; 0 is one.
	LargeSize int64
	// Empty tells that the format takes files without bytes.
	Empty bool
	// Proof is the least that a holding of this format must prove. A format whose digests the sink does not show,
	// artifact.BySize, is read back to be compared.
	Proof artifact.Proof
	// Token is what must appear in no error.
	Token string
}

// Target is a sink onto an empty server.
type Target struct {
	Sink    sinks.Sink
	Project string
	// Again is another sink onto the same server, as another process would have; it knows nothing.
	Again func(t *testing.T) sinks.Sink
	// Rows counts the file rows that the server stores, twins included.
	Rows func(t *testing.T) int
	// Requests counts the requests that the server got.
	Requests func(t *testing.T) int
}

// Sample is a package with its content.
type Sample struct {
	artifact.Package
	// Content opens a file's bytes. What is an io.Closer is closed.
	Content func(f artifact.File) io.Reader
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	for _, one := range []struct {
		name string
		test func(t *testing.T, c Case)
	}{
		{"nothing there is no error", nothingThere},
		{"published is held", publishedIsHeld},
		{"twice is once", twiceIsOnce},
		{"another process sees it", anotherProcess},
		{"a second look costs nothing new", secondLook},
		{"other bytes stay", otherBytes},
		{"half published is completed", halfPublished},
		{"an empty file", emptyFile},
		{"a stream that breaks", breaks},
		{"a stream that can not be opened", unopened},
		{"corrupt bytes", corrupt},
		{"another size than listed", anotherSize},
		{"cancelled in the middle", cancelled},
		{"many at once", manyAtOnce},
		{"an unknown format", unknownFormat},
		{"refused in the background", refusedLater},
		{"what it lists", lists},
		{"a large file in little memory", large},
		{"dry run", dryRun},
		{"read back", readBack},
	} {
		t.Run(one.name, func(t *testing.T) { one.test(t, c) })
	}
}

// patience is how long the suite waits for background work.
const patience = 2 * time.Minute

// destination of a package under its own name.
func (target Target) destination(p artifact.Package) artifact.Destination {
	return artifact.Destination{Project: target.Project, Format: p.Format, Name: p.Name, Version: p.Version}
}

// settled looks until the sink is no longer at work on p.
func settled(t *testing.T, sink sinks.Sink, dst artifact.Destination, p artifact.Package) sinks.Holding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		holding, err := sink.Stat(ctx, dst, p)
		if err != nil {
			t.Fatalf("Stat of %s: %v", p.PURL(), err)
		}
		if holding.State != sinks.Pending {
			return holding
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s is still pending", p.PURL())
		}
	}
}

// publish brings all of s to target and waits until it is settled.
func publish(t *testing.T, target Target, s Sample) sinks.Holding {
	t.Helper()
	dst := target.destination(s.Package)
	if err := target.Sink.Allows(dst, s.Package); err != nil {
		t.Fatalf("Allows: %v", err)
	}
	if err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil)); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	return settled(t, target.Sink, dst, s.Package)
}

// holds tells whether a holding is Ready with the bytes of s.
func holds(t *testing.T, holding sinks.Holding, s Sample) {
	t.Helper()
	if holding.State != sinks.Ready {
		t.Fatalf("state %v (%s), want Ready", holding.State, holding.Reason)
	}
	for _, f := range s.Files {
		held, ok := holding.Files[f.Path]
		if !ok {
			t.Errorf("%s is not held", f.Path)
			continue
		}
		if shown := shownBy(t, held, f); shown.Compare(s.digests(t, f)) != artifact.Same {
			t.Errorf("%s is held with digests %+v, not those of what was sent", f.Path, shown)
		}
		if held.Size >= 0 && held.Size != f.Size {
			t.Errorf("%s is held with %d bytes, %d were sent", f.Path, held.Size, f.Size)
		}
	}
}

// shownBy is what a sink shows of a file; where it shows no digest, what it reads back as.
func shownBy(t *testing.T, held sinks.Held, f artifact.File) artifact.Digests {
	t.Helper()
	if held.Digests != (artifact.Digests{}) {
		return held.Digests
	}
	read, err := sinks.ReadBack(t.Context(), f, held)
	if err != nil {
		t.Errorf("%s is held without a digest, and: %v", f.Path, err)
	}
	return read.Digests
}

// notReady tells that nothing of s can be installed.
func notReady(t *testing.T, target Target, s Sample) {
	t.Helper()
	for name, sink := range map[string]sinks.Sink{"the same sink": target.Sink, "another": target.Again(t)} {
		if holding := settled(t, sink, target.destination(s.Package), s.Package); holding.State == sinks.Ready {
			t.Errorf("%s shows the package as Ready", name)
		}
	}
}
