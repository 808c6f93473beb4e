package sinks

import (
	"context"
	"fmt"
	"io"

	"pkgferry/internal/artifact"
)

// DryRun wears a sink so that nothing is written to it. Publish reads every missing file to its end, so that the source
// and all digests are checked; everything else passes through, and so Stat shows what the sink really holds.
func DryRun(sink Sink) Sink { return dryRun{sink} }

type dryRun struct{ Sink }

func (d dryRun) Publish(ctx context.Context, _ artifact.Destination, _ artifact.Package, missing []artifact.File, open artifact.Opener) error {
	for _, f := range missing {
		if err := readThrough(ctx, f, open); err != nil {
			return err
		}
	}
	return nil
}

func readThrough(ctx context.Context, f artifact.File, open artifact.Opener) error {
	stream, err := open(ctx, f)
	if err != nil {
		return err
	}
	defer stream.Close()
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}
