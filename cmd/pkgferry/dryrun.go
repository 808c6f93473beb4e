package main

import (
	"context"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// rehearse makes a sink of --dry-run: everything is read and checked, nothing is written, and what was read is held from
// then on, so that the run goes through every step of a real one.
func rehearse(sink sinks.Sink) sinks.Sink {
	return &rehearsal{Sink: sinks.DryRun(sink), read: map[artifact.Destination]map[string]sinks.Held{}}
}

type rehearsal struct {
	sinks.Sink
	mu   sync.Mutex
	read map[artifact.Destination]map[string]sinks.Held
}

// Publish reads the missing files and remembers their digests for the one Stat that follows.
func (r *rehearsal) Publish(ctx context.Context, dst artifact.Destination, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	read := map[string]sinks.Held{}
	err := r.Sink.Publish(ctx, dst, p, missing, func(ctx context.Context, f artifact.File) (artifact.Stream, error) {
		stream, err := open(ctx, f)
		if err != nil {
			return nil, err
		}
		return &overheard{Stream: stream, path: f.Path, into: read}, nil
	})
	if err == nil {
		r.mu.Lock()
		r.read[dst] = read
		r.mu.Unlock()
	}
	return err
}

// Stat adds what was read to what the sink holds.
func (r *rehearsal) Stat(ctx context.Context, dst artifact.Destination, p artifact.Package) (sinks.Holding, error) {
	holding, err := r.Sink.Stat(ctx, dst, p)
	if err != nil {
		return holding, err
	}
	r.mu.Lock()
	read := r.read[dst]
	delete(r.read, dst)
	r.mu.Unlock()
	if len(read) == 0 {
		return holding, nil
	}
	all := map[string]sinks.Held{}
	for path, held := range holding.Files {
		all[path] = held
	}
	for path, held := range read {
		all[path] = held
	}
	return sinks.Holding{State: sinks.Ready, Files: all}, nil
}

// overheard notes the digests of a stream that was read to its end.
type overheard struct {
	artifact.Stream
	path string
	into map[string]sinks.Held
}

func (o *overheard) Close() error {
	o.into[o.path] = sinks.Held{Size: o.Size(), Digests: o.Digests()}
	return o.Stream.Close()
}
