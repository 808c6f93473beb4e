package npmjs

// A listing is one walk over the names: their packuments are read ahead of it, and told in the order of the names.

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
	"pkgferry/sources/packument"
)

// beginning is the cursor before the first name; a cursor is it with the last name that was yielded whole.
const beginning = "after:"

// defaultListings is how many packuments are read at once.
const defaultListings = 4

type listing struct {
	*Source
	ctx   context.Context //nolint:containedctx // the iterator's own
	start sources.Start
	yield func(sources.Listed, error) bool
	at    sources.Cursor
	// names are all that there are, in order, and revisions those that the change host knows of them.
	names     []string
	revisions map[string]int

	mu      sync.Mutex
	witness map[string]string // by scope, a package that was read
}

// Packages yields the names in order, of each its versions and then its index package. A listing of changes passes over
// the names whose document the registry calls not modified.
func (s *Source) Packages(ctx context.Context, start sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		last := strings.TrimPrefix(string(start.Cursor), beginning)
		l := &listing{Source: s, ctx: ctx, start: start, yield: yield, at: sources.Cursor(beginning + last), witness: map[string]string{}}
		user, err := s.identify(ctx)
		if err != nil {
			l.fail(err)
			return
		}
		found, doubts, err := s.find(ctx, user)
		for _, doubt := range doubts {
			if !l.fail(doubt) {
				return
			}
		}
		if err != nil {
			l.fail(err)
			return
		}
		l.names, l.revisions = slices.Sorted(maps.Keys(found)), found
		l.walk(last)
	}
}

// walk tells the names behind last.
func (l *listing) walk(last string) {
	behind, exact := slices.BinarySearch(l.names, last)
	if exact {
		behind++
	}
	n := l.o.Listings
	if n <= 0 {
		n = defaultListings
	}
	for r := range sources.Ahead(l.ctx, n, slices.Values(l.names[behind:]), l.read) {
		if !l.one(r) {
			return
		}
	}
	if l.ctx.Err() != nil {
		l.fail(l.ctx.Err())
	}
}

// fail yields an error item and tells whether to go on.
func (l *listing) fail(err error) bool {
	return l.yield(sources.Listed{Cursor: l.at}, fault.At(fault.Source, err)) && !fault.IsStop(err) && l.ctx.Err() == nil
}

// one yields what belongs to one name; only its last item moves the cursor and notes what was read. It tells whether to go
// on.
func (l *listing) one(r read) bool {
	if r.err != nil {
		return l.fail(r.err)
	}
	ready := sources.Listed{} // yielded when it is known whether another follows
	if r.document != nil {
		for item := range l.items(r.name, r.document) {
			if ready.Package.Name != "" && !l.give(ready) {
				return false
			}
			ready = item
		}
		ready.Notes = map[string]string{l.noteKey(r.name): r.note}
	}
	l.at = sources.Cursor(beginning + r.name)
	return l.give(ready) && (r.doubt == nil || l.fail(r.doubt))
}

func (l *listing) give(item sources.Listed) bool {
	item.Cursor = l.at
	if !l.yield(item, nil) {
		return false
	}
	return l.ctx.Err() == nil || l.fail(l.ctx.Err())
}

// items are what a name's packument says.
func (s *Source) items(name string, p *packument.Document) iter.Seq[sources.Listed] {
	return func(yield func(sources.Listed) bool) {
		attested := map[string]string{}
		for _, v := range p.Versions {
			if at := attestations(v.Attestations); at != "" {
				attested[v.Number] = at
			}
		}
		of := artifact.Package{Source: s.name, Name: name}
		for item := range p.Items(of, func(v packument.Version) string { return s.locate(name, v.Tarball) }) {
			if at := attested[item.Package.Version]; at != "" && item.Skip == "" {
				metadata := maps.Clone(item.Package.Metadata)
				if metadata == nil {
					metadata = map[string]string{}
				}
				metadata[artifact.NPMAttestations] = at
				item.Package.Metadata = metadata
			}
			if !yield(item) {
				return
			}
		}
	}
}
