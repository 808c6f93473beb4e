package control

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"pkgferry/internal/engine"
)

// Rates are counted in slots. There are a few more than the longest rate needs, for the slot that is being filled.
const (
	slotTime = 5 * time.Second
	slots    = 64
)

// spans are the times that rates are told over.
var spans = []time.Duration{time.Minute, 5 * time.Minute}

// maxTroubled is of how many packages it is remembered since when they give trouble.
const maxTroubled = 1000

// Meter follows a run by its events: what is in hand, how fast it goes, and since when packages give trouble. What it holds
// grows with the workers and not with the packages. It is safe for concurrent use.
type Meter struct {
	mu       sync.Mutex
	started  time.Time
	hand     map[int64]*held
	troubled map[int64]time.Time // since when, by package
	copied   int64
	ring     [slots]slot
}

type held struct {
	Item
	since time.Time
}

// slot is what happened in one slotTime.
type slot struct {
	number          int64 // since started
	packages, bytes int64
}

// NewMeter begins to count.
func NewMeter() *Meter {
	return &Meter{started: time.Now(), hand: map[int64]*held{}, troubled: map[int64]time.Time{}}
}

// Event is told what happens.
func (m *Meter) Event(e engine.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	switch e.Kind {
	case engine.Started:
		m.hand[e.Record.ID] = &held{since: now, Item: itemOf(e)}
	case engine.Copied:
		m.copied += e.Count
		m.slot(now).bytes += e.Count
		if one := m.hand[e.Record.ID]; one != nil {
			one.Copied += e.Count
		}
	case engine.Postponed:
		if _, known := m.troubled[e.Record.ID]; e.Err != nil && !known && len(m.troubled) < maxTroubled {
			m.troubled[e.Record.ID] = now
		}
	case engine.Settled:
		m.slot(now).packages++
		delete(m.troubled, e.Record.ID)
	case engine.PutDown:
		delete(m.hand, e.Record.ID)
	case engine.Listed, engine.ListingDone, engine.Problem, engine.Paused:
	}
}

func itemOf(e engine.Event) Item {
	p := e.Record.Package
	item := Item{PURL: p.PURL(), Source: p.Source, Project: e.Record.Destination.Project}
	for _, f := range p.Files {
		item.Size += max(f.Size, 0)
	}
	return item
}

func (m *Meter) slot(now time.Time) *slot {
	number := int64(now.Sub(m.started) / slotTime)
	one := &m.ring[number%slots]
	if one.number != number {
		*one = slot{number: number}
	}
	return one
}

// rates are how fast it went over each span, or since the start where that is shorter. There is none before the first slot
// is full.
func (m *Meter) rates(now time.Time) []Rate {
	current := int64(now.Sub(m.started) / slotTime)
	all := []Rate{}
	for _, span := range spans {
		past := min(int64(span/slotTime), current) // whole slots
		if past == 0 || len(all) > 0 && past*int64(slotTime) <= int64(spans[0]) {
			continue
		}
		r := Rate{Seconds: (time.Duration(past) * slotTime).Seconds()}
		for _, one := range m.ring {
			if one.number >= current-past && one.number < current {
				r.Packages += float64(one.packages)
				r.Bytes += float64(one.bytes)
			}
		}
		r.Packages /= r.Seconds
		r.Bytes /= r.Seconds
		all = append(all, r)
	}
	return all
}

// fill writes what the meter knows into a status.
func (m *Meter) fill(s *Status, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Started, s.Copied, s.Rates, s.Hand = m.started.UTC(), m.copied, m.rates(now), []Item{}
	for _, one := range m.hand {
		item := one.Item
		item.Seconds = max(now.Sub(one.since).Seconds(), 0) // it may have been taken after now was read
		s.Hand = append(s.Hand, item)
	}
	slices.SortFunc(s.Hand, func(a, b Item) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.PURL, b.PURL))
	})
}

// trouble is for how long a package has given trouble in this process; 0 when that is not known.
func (m *Meter) trouble(id int64, now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	since, known := m.troubled[id]
	if !known {
		return 0
	}
	return max(now.Sub(since).Seconds(), 0)
}
