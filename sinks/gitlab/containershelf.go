package gitlab

// What a repository is known to hold: its tags, from GET /v2/<name>/tags/list (OCI distribution specification, "Listing
// Tags"), so that no image costs a request of its own to be found absent.

import (
	"context"
	"sync"
	"time"
)

const (
	// listingHolds is how long a tag that was not listed is taken for absent. Others may push while a migration runs, and
	// a tag that is pushed to a registry replaces the one that is there.
	listingHolds = time.Minute
	// listingWorth is how many times as long as it took a listing holds at least, so that long ones are rare.
	listingWorth = 50
)

// shelf is one repository. It is safe for concurrent use.
type shelf struct {
	listing sync.Mutex // held by who lists
	writing sync.Mutex // held while a tag is read, changed and written

	mu     sync.Mutex
	listed time.Time // when the last listing began; zero: never
	took   time.Duration
	tags   map[key]struct{}
	fresh  bool // there was no repository: it holds what this process has put there, and nothing else that matters
}

// shelf is what r holds, from a listing that is new enough.
func (r repository) shelf(ctx context.Context) (*shelf, error) {
	s, err := r.shelves.get(ctx, r.path, func(context.Context) (*shelf, error) {
		return &shelf{tags: make(map[key]struct{})}, nil
	})
	if err != nil || s.holds(r.listingHolds) {
		return s, err
	}
	s.listing.Lock()
	defer s.listing.Unlock()
	if s.holds(r.listingHolds) {
		return s, nil
	}
	began := time.Now()
	exists, err := r.tags(ctx, func(page []string) bool {
		for _, tag := range page {
			s.add(tag)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = s.fresh || s.listed.IsZero() && !exists
	s.listed, s.took = began, time.Since(began)
	return s, nil
}

// holds tells whether the listing is to be believed, which it is for usual, or longer where it took long; 0 is never.
func (s *shelf) holds(usual time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return usual > 0 && !s.listed.IsZero() && time.Since(s.listed) < max(usual, listingWorth*s.took)
}

func (s *shelf) add(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tags[imageKey("tag", tag)] = struct{}{}
}

func (s *shelf) has(tag string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.tags[imageKey("tag", tag)]
	return ok
}

func (s *shelf) isFresh() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh
}

// doubt makes that nothing is taken for absent any more without asking.
func (s *shelf) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = false
}
