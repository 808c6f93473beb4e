package gitlab_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
)

// text is a checked stream over a short text.
type text struct {
	io.Reader
	content string
}

func (s text) Size() int64               { return int64(len(s.content)) }
func (s text) Digests() artifact.Digests { return artifact.DigestsOf(s.content) }
func (s text) Close() error              { return nil }

func texts(_ context.Context, f artifact.File) (artifact.Stream, error) {
	return text{strings.NewReader(f.Locator), f.Locator}, nil
}

// look is a Stat that waits while the sink is at work.
func look(t *testing.T, sink sinks.Sink, dst artifact.Destination, p artifact.Package) sinks.Holding {
	t.Helper()
	for ctx, cancel := context.WithTimeout(t.Context(), time.Minute); ; {
		holding, err := sink.Stat(ctx, dst, p)
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		if holding.State != sinks.Pending {
			cancel()
			return holding
		}
		time.Sleep(time.Millisecond)
	}
}

func (s server) destination(p artifact.Package) artifact.Destination {
	return artifact.Destination{Project: s.project, Format: p.Format, Name: p.Name, Version: p.Version}
}

// bring publishes versions of @acme/ui and waits for them.
func (s server) bring(t *testing.T, sink *gitlab.Sink, versions ...int) {
	t.Helper()
	for _, n := range versions {
		one := makeNPM(t, n, "a")
		dst := s.destination(one.Package)
		if err := sink.Publish(t.Context(), dst, one.Package, one.Files, opener(one)); err != nil {
			t.Fatal(err)
		}
		if holding := look(t, sink, dst, one.Package); holding.State != sinks.Ready {
			t.Fatalf("%v %s", holding.State, holding.Reason)
		}
	}
}

func index(files ...artifact.File) artifact.Package {
	return artifact.Package{Format: artifact.NPM, Name: "@acme/ui", Files: files}
}

func TestNPMIndex(t *testing.T) {
	for _, mode := range []string{"async", "sync"} {
		t.Run(mode, func(t *testing.T) {
			s := start(t, "node-packages", standin.Options{Modes: map[string]string{"npm": mode}})
			sink := s.sink(t)
			p := index(artifact.NPMTag("latest", "1.1.0-rc.1"), artifact.NPMTag("next/x", "1.2.0-rc.1"),
				artifact.NPMDeprecation("1.1.0-rc.1", "use <1.2> & more"))
			dst := s.destination(p)
			before := s.total(t)
			if holding := look(t, sink, dst, p); holding.State != sinks.Absent || len(holding.Files) > 0 {
				t.Errorf("before: %+v", holding)
			}
			if cost := s.total(t) - before; cost > 3 { // project, two listings
				t.Errorf("an index in an empty project cost %d requests", cost)
			}
			s.bring(t, sink, 1, 2)
			if holding := look(t, sink, dst, p); holding.State != sinks.Absent {
				t.Errorf("after the versions: %v", holding.State)
			}
			for range 2 {
				if err := sink.Publish(t.Context(), dst, p, p.Files, texts); err != nil {
					t.Fatal(err)
				}
				same(t, look(t, sink, dst, p), p)
				same(t, look(t, s.sink(t), dst, p), p)
			}
			moved := index(artifact.NPMTag("latest", "1.2.0-rc.1"))
			if got := look(t, sink, dst, moved).Files[moved.Files[0].Path]; got.Digests.Compare(moved.Files[0].Digests) != artifact.Different {
				t.Errorf("a tag that points elsewhere is held as %+v", got)
			}
		})
	}
}

func same(t *testing.T, holding sinks.Holding, p artifact.Package) {
	t.Helper()
	if holding.State != sinks.Ready {
		t.Errorf("state %v", holding.State)
	}
	for _, f := range p.Files {
		if held := holding.Files[f.Path]; held.Digests.Compare(f.Digests) != artifact.Same || held.Proof != artifact.ReadBack || held.Size != f.Size {
			t.Errorf("%s is held as %+v", f.Path, held)
		}
	}
}

func TestNPMTagWithoutItsVersion(t *testing.T) {
	s := start(t, "node-packages", standin.Options{})
	sink := s.sink(t)
	s.bring(t, sink, 1)
	p := index(artifact.NPMTag("beta", "9.9.9"), artifact.NPMTag("stable", "1.1.0-rc.1"))
	err := sink.Publish(t.Context(), s.destination(p), p, p.Files, texts)
	if fault.CodeOf(err) != string(artifact.TargetRejected) || !strings.Contains(err.Error(), `"beta" points to 9.9.9`) {
		t.Errorf("error %v", err)
	}
	if holding := look(t, sink, s.destination(p), p); len(holding.Files) != 1 {
		t.Errorf("the other tag was not set: %+v", holding.Files)
	}
}

func TestNPMDeprecationNeedsMaintainer(t *testing.T) {
	s := start(t, "node-packages", standin.Options{})
	sink := s.sink(t, "standin-developer")
	s.bring(t, sink, 1)
	p := index(artifact.NPMDeprecation("1.1.0-rc.1", "old"))
	err := sink.Publish(t.Context(), s.destination(p), p, p.Files, texts)
	if fault.CodeOf(err) != string(artifact.NotPermitted) || !strings.Contains(err.Error(), "Maintainer") {
		t.Errorf("error %v", err)
	}
}

func TestNPMDeprecatedFromTheStart(t *testing.T) {
	s := start(t, "node-packages", standin.Options{})
	sink := s.sink(t)
	one := makeNPM(t, 1, "a")
	one.Metadata = map[string]string{artifact.NPMDeprecated: "old"}
	dst := s.destination(one.Package)
	if err := sink.Publish(t.Context(), dst, one.Package, one.Files, opener(one)); err != nil {
		t.Fatal(err)
	}
	look(t, sink, dst, one.Package)
	p := index(artifact.NPMDeprecation("1.1.0-rc.1", "old"))
	same(t, look(t, sink, s.destination(p), p), p)
}

// GitLab gives the first message of a request to a whole batch of versions; each version must get its own.
func TestEveryDeprecationHasItsMessage(t *testing.T) {
	s := start(t, "node-packages", standin.Options{})
	sink := s.sink(t)
	s.bring(t, sink, 1, 2)
	p := index(artifact.NPMDeprecation("1.1.0-rc.1", "the first"), artifact.NPMDeprecation("1.2.0-rc.1", "the second"))
	dst := s.destination(p)
	if err := sink.Publish(t.Context(), dst, p, p.Files, texts); err != nil {
		t.Fatal(err)
	}
	holding := look(t, sink, dst, p)
	for _, f := range p.Files {
		if holding.Files[f.Path].Digests.Compare(f.Digests) != artifact.Same {
			t.Errorf("%s has another message", f.Path)
		}
	}
}
