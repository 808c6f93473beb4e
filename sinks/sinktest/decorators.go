package sinktest

// The decorators of package sinks, worn by the sink under test.

import (
	"io"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

func dryRun(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	dry := sinks.DryRun(target.Sink)
	dst := target.destination(s.Package)
	if err := dry.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil)); err != nil {
		t.Errorf("Publish: %v", err)
	}
	if holding, err := dry.Stat(t.Context(), dst, s.Package); err != nil || len(holding.Files) != len(s.Files) {
		t.Errorf("after a dry publish Stat shows %+v, %v", holding, err)
	}
	if err := dry.Publish(t.Context(), dst, s.Package, s.Files, s.open(flips(0))); err == nil {
		t.Error("a dry run must read to the end, and so find corrupt bytes")
	}
	notReady(t, target, s)
	if rows := target.Rows(t); rows != 0 {
		t.Errorf("a dry run stored %d rows", rows)
	}
	holds(t, publish(t, target, s), s)
	holds(t, settled(t, dry, dst, s.Package), s)
}

func readBack(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	publish(t, target, s)
	dst := target.destination(s.Package)
	verified := sinks.Verify(target.Sink, func(artifact.Destination, artifact.Package) bool { return true })
	holding := settled(t, verified, dst, s.Package)
	holds(t, holding, s)
	for path, held := range holding.Files {
		if held.Proof < artifact.ReadBack {
			t.Errorf("%s is proven by %q only", path, held.Proof)
		}
	}
	for path, held := range settled(t, target.Again(t), dst, s.Package).Files {
		content, err := held.Open(t.Context())
		if err != nil {
			t.Fatalf("opening %s: %v", path, err)
		}
		for _, f := range s.Files {
			if f.Path != path {
				continue
			}
			hasher := artifact.NewHasher(f.Digests)
			if _, err := io.Copy(hasher, content); err != nil {
				t.Errorf("reading %s: %v", path, err)
			}
			if hasher.Digests().Compare(f.Digests) != artifact.Same {
				t.Errorf("%s reads back as other bytes", path)
			}
		}
		_ = content.Close()
	}
}
