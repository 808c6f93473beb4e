package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sinks"
	"pkgferry/sources"
)

// source serves packages from memory. A cursor is the index of the next item.
type source struct {
	items []sources.Listed
	errs  map[int]error // instead of the item
	// changed, when set, is what a listing of changes has.
	changed []sources.Listed
	bytes   map[string]string
	// serve, when set, takes the place of the honest answer to an Open.
	serve func(f artifact.File, honest string) (string, error)

	mu     sync.Mutex
	from   []sources.Cursor
	starts []sources.Start
	opened map[string]int
}

func (s *source) Check(context.Context) error { return nil }

func (s *source) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	s.mu.Lock()
	s.from, s.starts = append(s.from, from.Cursor), append(s.starts, from)
	s.mu.Unlock()
	start := 0
	_, _ = fmt.Sscan(string(from.Cursor), &start)
	items := s.items
	if from.Changes && s.changed != nil {
		items = s.changed
	}
	return func(yield func(sources.Listed, error) bool) {
		for i := start; i < len(items); i++ {
			item := items[i]
			item.Cursor = sources.Cursor(fmt.Sprint(i + 1))
			if ctx.Err() != nil || !yield(item, s.errs[i]) {
				return
			}
		}
	}
}

func (s *source) Open(_ context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		s.opened = map[string]int{}
	}
	s.opened[f.Locator]++
	text, ok := s.bytes[f.Locator]
	if !ok {
		return artifact.Content{}, fault.Errorf(artifact.SourceMissing, "%s is not there", f.Path)
	}
	if s.serve != nil {
		served, err := s.serve(f, text)
		if err != nil {
			return artifact.Content{}, err
		}
		return content(served[offset:], int64(len(text))), nil
	}
	return content(text[offset:], int64(len(text))), nil
}

func content(text string, size int64) artifact.Content {
	return artifact.Content{ReadCloser: io.NopCloser(bytes.NewReader([]byte(text))), Size: size}
}

// add lists one package whose files have the given texts, in alternating path and text.
func (s *source) add(format artifact.Format, name, version string, files ...string) *source {
	p := artifact.Package{Repository: "r", Format: format, Name: name, Version: version}
	if s.bytes == nil {
		s.bytes = map[string]string{}
	}
	for i := 0; i < len(files); i += 2 {
		locator := name + "@" + version + "/" + files[i]
		s.bytes[locator] = files[i+1]
		p.Files = append(p.Files, artifact.File{
			Path: files[i], Size: int64(len(files[i+1])), Digests: artifact.DigestsOf(files[i+1]), Locator: locator,
		})
	}
	s.items = append(s.items, sources.Listed{Package: p})
	return s
}

// sink holds packages in memory and counts what was written.
type sink struct {
	mu     sync.Mutex
	held   map[artifact.Destination]map[string]string
	writes map[string]int
	order  []string
	// before runs ahead of each file's write, after behind it; an error of either is Publish's.
	before, after func(dst artifact.Destination, f artifact.File) error
	state         func(dst artifact.Destination) (sinks.State, string)
	partial       map[string]int // the most bytes of a file that ever reached the sink
	digestless    bool           // it shows sizes only
	sizeless      bool           // it shows not even them
	readBack      atomic.Int64   // files opened
}

func newSink() *sink {
	return &sink{held: map[artifact.Destination]map[string]string{}, writes: map[string]int{}, partial: map[string]int{}}
}

func (s *sink) Check(context.Context, map[string][]artifact.Format) error { return nil }

func (s *sink) Allows(dst artifact.Destination, p artifact.Package) error {
	if dst.Name == "forbidden" {
		return fault.Errorf(artifact.NameNotAllowed, "the name %q", dst.Name)
	}
	refused := map[string]error{}
	for _, f := range p.Files {
		if strings.Contains(f.Path, "?") {
			refused[f.Path] = fault.Errorf(artifact.FileNameNotAllowed, "the file %q", f.Path)
		}
	}
	if len(refused) > 0 {
		return &sinks.Refused{Files: refused}
	}
	return nil
}

func (s *sink) Packages(_ context.Context, project string, format artifact.Format) iter.Seq2[artifact.Destination, error] {
	return func(yield func(artifact.Destination, error) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for dst := range s.held {
			if dst.Project == project && dst.Format == format && !yield(dst, nil) {
				return
			}
		}
	}
}

func (s *sink) Stat(_ context.Context, dst artifact.Destination, p artifact.Package) (sinks.Holding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	holding := sinks.Holding{State: sinks.Ready, Files: map[string]sinks.Held{}}
	if len(s.held[dst]) == 0 {
		holding.State = sinks.Absent
	} else if s.state != nil {
		holding.State, holding.Reason = s.state(dst)
	}
	for _, f := range p.Files {
		if text, ok := s.held[dst][f.Path]; ok {
			held := sinks.Held{Size: int64(len(text)), Digests: artifact.DigestsOf(text), Proof: artifact.Server}
			if s.digestless {
				held.Digests, held.Proof = artifact.Digests{}, artifact.BySize
			}
			if s.sizeless {
				held.Size = -1
			}
			held.Open = func(context.Context) (artifact.Content, error) {
				s.readBack.Add(1)
				return content(text, int64(len(text))), nil
			}
			holding.Files[f.Path] = held
		}
	}
	return holding, nil
}

func (s *sink) Publish(ctx context.Context, dst artifact.Destination, _ artifact.Package, missing []artifact.File, open artifact.Opener) error {
	for _, f := range missing {
		if s.before != nil {
			if err := s.before(dst, f); err != nil {
				return err
			}
		}
		stream, err := open(ctx, f)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(stream)
		s.mu.Lock()
		s.partial[f.Locator] = max(s.partial[f.Locator], len(text))
		s.mu.Unlock()
		if err := errors.Join(err, stream.Close()); err != nil {
			return fmt.Errorf("the connection broke: %w", err)
		}
		s.put(dst, f.Path, string(text))
		if s.after != nil {
			if err := s.after(dst, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sink) put(dst artifact.Destination, path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[dst] == nil {
		s.held[dst] = map[string]string{}
	}
	s.held[dst][path] = text
	s.writes[dst.PURL()+" "+path]++
	s.order = append(s.order, dst.PURL())
}

// migration wires a source and a sink to a fresh checkpoint.
func migration(t *testing.T, src *source, dst *sink) engine.Options {
	t.Helper()
	return engine.Options{
		Sources: map[string]sources.Source{"src": src}, Sink: dst, Router: router(t), Workers: 4,
		Store: open(t, filepath.Join(t.TempDir(), "c.db")), Backoff: time.Millisecond, Spool: t.TempDir(),
	}
}

func router(t *testing.T) *mapping.Router {
	t.Helper()
	r, err := mapping.New("g", mapping.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t *testing.T, path string) *checkpoint.Store {
	t.Helper()
	store, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// outcomes runs a migration and returns each package's outcome and reason, after checking the invariant.
func outcomes(t *testing.T, o engine.Options) map[string]string {
	t.Helper()
	if _, err := engine.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return recorded(t, o.Store)
}

func recorded(t *testing.T, store *checkpoint.Store) map[string]string {
	t.Helper()
	found := map[string]string{}
	for r, err := range store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		found[r.Package.PURL()] = string(r.Outcome)
		if r.Reason != "" {
			found[r.Package.PURL()] += " " + string(r.Reason)
		}
	}
	totals, err := store.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := totals.Unsettled
	for _, n := range totals.ByOutcome {
		sum += n
	}
	if totals.Listed != sum || totals.Listed != int64(len(found)) {
		t.Errorf("listed %d is not the sum of the outcomes %v and %d unsettled", totals.Listed, totals.ByOutcome, totals.Unsettled)
	}
	return found
}
