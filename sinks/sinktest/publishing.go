package sinktest

// How a sink publishes (sinks.Sink.Publish): whole files or nothing, in order, and true to its word.

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

func halfPublished(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	dst := target.destination(s.Package)
	half := s.Files[:len(s.Files)/2]
	if len(half) > 0 {
		if err := target.Sink.Publish(t.Context(), dst, s.Package, half, s.open(nil)); err != nil {
			t.Fatalf("Publish of the first half: %v", err)
		}
	}
	fresh := target.Again(t)
	holding := settled(t, fresh, dst, s.Package)
	if holding.State != sinks.Absent || len(holding.Files) != len(half) {
		t.Errorf("half published: %v with %d files, want Absent with %d", holding.State, len(holding.Files), len(half))
	}
	if err := fresh.Publish(t.Context(), dst, s.Package, s.Files[len(half):], s.open(nil)); err != nil {
		t.Fatalf("Publish of the rest: %v", err)
	}
	holds(t, settled(t, fresh, dst, s.Package), s)
	holds(t, settled(t, target.Sink, dst, s.Package), s)
	if rows := target.Rows(t); rows != len(s.Files) {
		t.Errorf("%d rows for %d files", rows, len(s.Files))
	}
}

func emptyFile(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	content := map[string][]byte{}
	for _, f := range s.Files {
		content[f.Path] = nil
	}
	s = Bytes(s.Package, paths(s.Package), content)
	dst := target.destination(s.Package)
	if !c.Empty {
		err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil))
		if err == nil && settled(t, target.Sink, dst, s.Package).State != sinks.Broken {
			t.Error("an empty file was taken, though the format can not hold it")
		}
		return
	}
	holds(t, publish(t, target, s), s)
}

func paths(p artifact.Package) []string {
	all := make([]string, len(p.Files))
	for i, f := range p.Files {
		all[i] = f.Path
	}
	return all
}

// breaks: whatever byte a stream breaks at, and whatever it fails with, nothing can be installed; afterwards the package
// is published as if nothing had been.
func breaks(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	dst := target.destination(s.Package)
	size := s.Files[0].Size
	for _, at := range []int64{0, 1, size / 2, size - 1, size} {
		for _, how := range []error{errBroken, io.ErrUnexpectedEOF} {
			err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(breaksAfter(at, how)))
			if !errors.Is(err, how) {
				t.Errorf("a stream that broke with %q at byte %d of %d: Publish said %v", how, at, size, err)
			}
			c.discreet(t, err)
			notReady(t, target, s)
		}
	}
	holds(t, publish(t, target, s), s)
	if rows := target.Rows(t); rows != len(s.Files) {
		t.Errorf("%d rows for %d files", rows, len(s.Files))
	}
}

func unopened(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	err := target.Sink.Publish(t.Context(), target.destination(s.Package), s.Package, s.Files,
		func(context.Context, artifact.File) (artifact.Stream, error) { return nil, errBroken })
	if !errors.Is(err, errBroken) {
		t.Errorf("Publish said %v", err)
	}
	notReady(t, target, s)
}

func corrupt(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	dst := target.destination(s.Package)
	size := s.Files[0].Size
	for name, d := range map[string]damage{
		"first byte": flips(0), "middle": flips(size / 2), "last byte": flips(size - 1),
		"ends early": endsAfter(size - 1), "nothing": endsAfter(0),
		"one byte more": func(content io.Reader) io.Reader { return io.MultiReader(content, strings.NewReader("x")) },
	} {
		if err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(d)); err == nil {
			t.Errorf("%s: corrupt bytes were published without an error", name)
		}
		notReady(t, target, s)
	}
	if rows := target.Rows(t); rows != 0 {
		t.Errorf("%d rows were stored", rows)
	}
}

// anotherSize: a stream that is not as long as the file was listed must not be sent under the listed length.
func anotherSize(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	listed := s.Package
	listed.Files = append([]artifact.File(nil), s.Files...)
	listed.Files[0].Size++
	err := target.Sink.Publish(t.Context(), target.destination(listed), listed, listed.Files, s.open(nil))
	if err == nil {
		t.Error("Publish said nothing")
	}
	notReady(t, target, s)
	unknown := s.Package
	unknown.Files = append([]artifact.File(nil), s.Files...)
	known := s.open(nil)
	for i := range unknown.Files {
		unknown.Files[i].Size, unknown.Files[i].Digests = -1, artifact.Digests{}
	}
	open := func(ctx context.Context, f artifact.File) (artifact.Stream, error) {
		for _, one := range s.Files {
			if one.Path == f.Path {
				return known(ctx, one)
			}
		}
		return known(ctx, f)
	}
	if err := target.Sink.Publish(t.Context(), target.destination(unknown), unknown, unknown.Files, open); err != nil {
		t.Errorf("files whose size the source did not tell: %v", err)
	}
	holds(t, settled(t, target.Sink, target.destination(s.Package), s.Package), s)
}

func cancelled(t *testing.T, c Case) {
	target, s := c.Open(t), c.Make(t, 1, "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	size := s.Files[0].Size
	open := s.open(func(content io.Reader) io.Reader {
		return io.MultiReader(io.LimitReader(content, size/2), reading(func() error {
			cancel()
			<-ctx.Done()
			return context.Cause(ctx)
		}))
	})
	err := target.Sink.Publish(ctx, target.destination(s.Package), s.Package, s.Files, open)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Publish said %v", err)
	}
	notReady(t, target, s)
	if _, err := target.Sink.Stat(ctx, target.destination(s.Package), s.Package); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Stat said %v", err)
	}
	holds(t, publish(t, target, s), s)
}

type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

func manyAtOnce(t *testing.T, c Case) {
	const packages, workers = 40, 8
	target := c.Open(t)
	var files atomic.Int64
	work := make(chan Sample)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for s := range work {
				files.Add(int64(len(s.Files)))
				dst := target.destination(s.Package)
				if holding, err := target.Sink.Stat(t.Context(), dst, s.Package); err != nil || holding.State != sinks.Absent {
					t.Errorf("%s before: %v, %v", s.PURL(), holding.State, err)
				}
				if err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil)); err != nil {
					t.Errorf("Publish of %s: %v", s.PURL(), err)
				}
			}
		})
	}
	var samples []Sample
	for n := range packages {
		samples = append(samples, c.Make(t, n, "a"))
		work <- samples[n]
	}
	close(work)
	all.Wait()
	for _, s := range samples {
		holds(t, settled(t, target.Sink, target.destination(s.Package), s.Package), s)
	}
	if rows := target.Rows(t); int64(rows) != files.Load() {
		t.Errorf("%d rows for %d files", rows, files.Load())
	}
}

// refusedLater: a package that the sink takes and then refuses is Broken, with the sink's own words.
func refusedLater(t *testing.T, c Case) {
	if c.Refusing == nil {
		return
	}
	target, s := c.Refusing(t), c.Make(t, 1, "a")
	dst := target.destination(s.Package)
	if err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, s.open(nil)); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	for range 2 {
		if holding := settled(t, target.Sink, dst, s.Package); holding.State != sinks.Broken || holding.Reason == "" {
			t.Errorf("state %v with reason %q, want Broken with a reason", holding.State, holding.Reason)
		}
	}
}

func (c Case) discreet(t *testing.T, err error) {
	t.Helper()
	if err != nil && c.Token != "" && strings.Contains(err.Error(), c.Token) {
		t.Errorf("an error tells the token: %s", strings.ReplaceAll(err.Error(), c.Token, "[the token]"))
	}
	if fault.SideOf(err) == fault.Sink {
		t.Errorf("the source failed and the sink is blamed: %v", err)
	}
}
