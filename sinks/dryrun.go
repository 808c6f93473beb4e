package sinks

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"

	"pkgferry/internal/artifact"
)

// DryRun wears a sink so that nothing is written to it. Publish reads every missing file to its end, so that the source
// and all digests are checked. The next Stat of that package shows those files as held, so that a run goes through every
// step; anything else passes through.
func DryRun(sink Sink) Sink {
	return &dryRun{Sink: sink, read: map[artifact.Destination]map[string]Held{}}
}

type dryRun struct {
	Sink
	mu   sync.Mutex
	read map[artifact.Destination]map[string]Held
}

func (d *dryRun) Publish(ctx context.Context, dst artifact.Destination, _ artifact.Package, missing []artifact.File, open artifact.Opener) error {
	read := map[string]Held{}
	for _, f := range missing {
		held, err := readThrough(ctx, f, open)
		if err != nil {
			return err
		}
		read[f.Path] = held
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read[dst] = read
	return nil
}

func (d *dryRun) Stat(ctx context.Context, dst artifact.Destination, p artifact.Package) (Holding, error) {
	d.mu.Lock()
	read, ok := d.read[dst]
	delete(d.read, dst)
	d.mu.Unlock()
	holding, err := d.Sink.Stat(ctx, dst, p)
	if err != nil || !ok {
		return holding, err
	}
	all := maps.Clone(read)
	for path, held := range holding.Files {
		if _, ok := all[path]; !ok {
			all[path] = held
		}
	}
	return Holding{State: Ready, Files: all}, nil
}

// readThrough reads a file to its end and returns what a sink would hold of it, without any proof.
func readThrough(ctx context.Context, f artifact.File, open artifact.Opener) (Held, error) {
	stream, err := open(ctx, f)
	if err != nil {
		return Held{}, err
	}
	defer func() { _ = stream.Close() }()
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return Held{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	return Held{Size: stream.Size(), Digests: stream.Digests()}, nil
}
