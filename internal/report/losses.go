package report

import (
	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// losses counts what the packages that arrived have lost, by format; under "" is what those of every format lose.
type losses struct {
	known  map[artifact.Format][]artifact.Loss
	counts map[artifact.Format][]int64
}

// lost is one loss with the packages that it holds for.
type lost struct {
	artifact.Loss
	Packages int64
}

func newLosses() *losses {
	return &losses{known: map[artifact.Format][]artifact.Loss{}, counts: map[artifact.Format][]int64{}}
}

func (l *losses) add(r checkpoint.Record) {
	if r.Outcome != artifact.Published && r.Outcome != artifact.Present {
		return
	}
	for _, format := range []artifact.Format{"", r.Package.Format} {
		if l.known[format] == nil {
			l.known[format] = artifact.Losses(format)
			l.counts[format] = make([]int64, len(l.known[format]))
		}
		for i, one := range l.known[format] {
			if one.Holds(r.Package, r.Destination) {
				l.counts[format][i]++
			}
		}
	}
}

// of lists the losses that some packages of a format have.
func (l *losses) of(format artifact.Format) []lost {
	var all []lost
	for i, n := range l.counts[format] {
		if n > 0 {
			all = append(all, lost{l.known[format][i], n})
		}
	}
	return all
}
