package sinks

import (
	"errors"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// Limit wears a sink so that files of the size that below gives for their destination, in bytes, or larger ones are refused as
// file-too-large; 0 is no limit. A size that the source does not tell is not judged. Of plain files the others are allowed.
func Limit(sink Sink, below func(artifact.Destination) int64) Sink { return &limited{sink, below} }

type limited struct {
	Sink
	below func(artifact.Destination) int64
}

func (l *limited) Allows(dst artifact.Destination, p artifact.Package) error {
	err := l.Sink.Allows(dst, p)
	some, limit := (*Refused)(nil), l.below(dst)
	if limit == 0 || err != nil && !errors.As(err, &some) {
		return err
	}
	large := map[string]error{}
	for _, f := range p.Files {
		if f.Size >= limit {
			large[f.Path] = fault.Errorf(artifact.FileTooLarge, "file %q has %d bytes; its route takes less than %d", f.Path, f.Size, limit)
		}
	}
	switch {
	case len(large) == 0:
		return err
	case dst.Format != artifact.Generic:
		for _, f := range p.Files {
			if large[f.Path] != nil {
				return large[f.Path]
			}
		}
	case some != nil:
		for path, why := range some.Files {
			large[path] = why
		}
	}
	return &Refused{Files: large}
}
