package sinks

import (
	"context"
	"fmt"
	"io"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// Verify wears a sink so that Stat reads back what the sink's own word does not prove: of a package that sample picks,
// every held file whose Proof is weaker than ReadBack, or whose digests are none that its source declares, is downloaded,
// and its Holding then shows the size and the digests of the bytes that came. A file that can not be read back keeps its
// weaker proof.
func Verify(sink Sink, sample func(artifact.Destination, artifact.Package) bool) Sink {
	return verify{sink, sample}
}

type verify struct {
	Sink
	sample func(artifact.Destination, artifact.Package) bool
}

func (v verify) Stat(ctx context.Context, dst artifact.Destination, p artifact.Package) (Holding, error) {
	holding, err := v.Sink.Stat(ctx, dst, p)
	if err != nil || holding.State != Ready || !v.sample(dst, p) {
		return holding, err
	}
	for _, f := range p.Files {
		held, ok := holding.Files[f.Path]
		proven := held.Proof >= artifact.ReadBack && held.Digests.Compare(f.Digests) != artifact.Unknown
		if !ok || held.Open == nil || proven {
			continue
		}
		if holding.Files[f.Path], err = ReadBack(ctx, f, held); err != nil {
			return Holding{}, err
		}
	}
	return holding, nil
}

// ReadBack downloads a held file, which can be opened, and returns it with the size and the digests of the bytes that
// came: those that f declares, and those that the sink showed.
func ReadBack(ctx context.Context, f artifact.File, held Held) (Held, error) {
	failed := func(err error) (Held, error) {
		return Held{}, fault.At(fault.Sink, fmt.Errorf("reading %s back: %w", f.Path, err))
	}
	content, err := held.Open(ctx)
	if err != nil {
		return failed(err)
	}
	defer content.Close()
	hasher := artifact.NewHasher(f.Digests.With(held.Digests))
	if held.Size, err = io.Copy(hasher, content); err != nil {
		return failed(err)
	}
	held.Digests, held.Proof = hasher.Digests(), artifact.ReadBack
	return held, nil
}
