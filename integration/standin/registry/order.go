package registry

// Pages of tags. A repository may have a million that are made up, so nothing here walks through all of them.

import (
	"cmp"
	"maps"
	"slices"
	"sort"
)

// Order is that of a list of tags.
type Order int

// The orders. Of tags that were pushed at the same time, and of those that are made up, the name decides.
const (
	NameUp Order = iota
	NameDown
	OldestFirst
	NewestFirst
)

// NamesAfter are up to n names of tags after last, sorted; more tells whether others follow, known whether there is such
// a repository. An n below 0 is all.
func (s *Store) NamesAfter(repository, last string, n int) (names []string, more, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.repositories[repository]
	if one == nil {
		return nil, false, false
	}
	m := one.merge()
	if last != "" {
		m.stored = m.stored[sort.Search(len(m.stored), func(i int) bool { return m.stored[i] > last }):]
		m.at = sort.Search(m.n(), func(i int) bool { return m.made.name(i) > last })
	}
	names = []string{}
	for name, ok := m.next(); ok; name, ok = m.next() {
		if n >= 0 && len(names) == n {
			return names, true, true
		}
		names = append(names, name)
	}
	return names, false, true
}

// Page are the names of tags from the offset-th on, at most n of them, and how many there are.
func (s *Store) Page(repository string, order Order, offset, n int) (names []string, total int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.repositories[repository]
	if one == nil {
		return nil, 0
	}
	m := one.merge()
	total = len(m.stored) + m.live(m.n())
	n = max(min(n, total-offset), 0)
	down := order == NameDown || order == NewestFirst
	if down {
		offset = total - offset - n
	}
	if n == 0 {
		return []string{}, total
	}
	if order == NameUp || order == NameDown {
		names = m.byName(offset, n)
	} else {
		names = m.byAge(one, offset, n)
	}
	if down {
		slices.Reverse(names)
	}
	return names, total
}

// merge is a walk through the names of a repository's tags: those that were pushed, and those that are made up.
type merge struct {
	stored []string // sorted, those that are left
	made   *made
	at     int   // the next made one
	gone   []int // sorted, all
}

func (r *repository) merge() *merge {
	m := &merge{stored: slices.Sorted(maps.Keys(r.tags)), made: r.made}
	for tag := range r.gone {
		if i, ok := r.made.number(tag); ok {
			m.gone = append(m.gone, i)
		}
	}
	slices.Sort(m.gone)
	return m
}

func (m *merge) n() int {
	if m.made == nil {
		return 0
	}
	return m.made.n
}

// live is how many of the first i made tags are shown.
func (m *merge) live(i int) int {
	before, _ := slices.BinarySearch(m.gone, i)
	return i - before
}

// nth is the made tag that i shown ones are before.
func (m *merge) nth(i int) int {
	return sort.Search(m.n(), func(at int) bool { return m.live(at+1) > i })
}

// next takes the next name.
func (m *merge) next() (string, bool) {
	for _, gone := slices.BinarySearch(m.gone, m.at); gone; _, gone = slices.BinarySearch(m.gone, m.at) {
		m.at++
	}
	if len(m.stored) > 0 && (m.at >= m.n() || m.stored[0] < m.made.name(m.at)) {
		name := m.stored[0]
		m.stored = m.stored[1:]
		return name, true
	}
	if m.at >= m.n() {
		return "", false
	}
	m.at++
	return m.made.name(m.at - 1), true
}

// byName are n names from the offset-th of all on.
func (m *merge) byName(offset, n int) (names []string) {
	stored := sort.Search(len(m.stored), func(j int) bool { return j+m.live(m.before(m.stored[j])) >= offset })
	m.stored, m.at = m.stored[stored:], m.nth(offset-stored)
	for range n {
		name, _ := m.next()
		names = append(names, name)
	}
	return names
}

// before is how many made tags there are before a name.
func (m *merge) before(name string) int {
	return sort.Search(m.n(), func(i int) bool { return m.made.name(i) >= name })
}

// byAge are n names from the offset-th oldest on. What was made up is older than what was pushed.
func (m *merge) byAge(r *repository, offset, n int) (names []string) {
	made := m.live(m.n())
	for ; n > 0 && offset < made; offset, n = offset+1, n-1 {
		names = append(names, m.made.name(m.nth(offset)))
	}
	slices.SortFunc(m.stored, func(a, b string) int {
		return cmp.Or(r.tags[a].Pushed.Compare(r.tags[b].Pushed), cmp.Compare(a, b))
	})
	if n > 0 {
		names = append(names, m.stored[offset-made:offset-made+n]...)
	}
	return names
}
