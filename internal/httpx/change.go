// What the operator allows may change while requests are under way.

package httpx

import (
	"net/url"
	"slices"

	"golang.org/x/time/rate"
)

// server is what clients of one name (Options.Name) share: the hosts that they are at, and what was set for them.
type server struct {
	hosts     []*host
	rate      *float64
	bandwidth *int64
}

// Changed is a limit of one host that was replaced. 0 is no limit.
type Changed struct {
	Host    string // host and port
	Was, Is float64
}

// SetRate replaces the requests per second that the operator allows every host where a client of that name (Options.Name)
// has its base; 0: any number. Hosts that join the name later are allowed the same. What a host itself asks for is kept in
// any case. Where clients of another name speak to the same host, it holds for them, too. A name that no client has changes
// nothing.
func (h *Hosts) SetRate(name string, perSecond float64) []Changed {
	return h.change(name, perSecond, func(s *server) { s.rate = &perSecond }, func(one *host) float64 {
		was := perSecondOf(one.own)
		one.own.SetLimit(limitOf(perSecond))
		return was
	})
}

// SetBandwidth is SetRate for the bytes of bodies per second, both directions together.
func (h *Hosts) SetBandwidth(name string, bytes int64) []Changed {
	return h.change(name, float64(bytes), func(s *server) { s.bandwidth = &bytes }, func(one *host) float64 {
		was := one.bandwidth.bytes()
		one.bandwidth.set(bytes)
		return float64(was)
	})
}

func (h *Hosts) change(name string, is float64, note func(*server), set func(*host) (was float64)) []Changed {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.servers[name]
	if s == nil {
		return nil
	}
	note(s)
	var all []Changed
	for _, one := range s.hosts {
		one.mu.Lock()
		was := set(one)
		one.mu.Unlock()
		one.wake()
		all = append(all, Changed{one.name, was, is})
	}
	return all
}

// tighten applies the limits of a client to its base's host where they are stricter than what holds there already, and
// returns the host's bandwidth. What was set for clients of that name stands in place of their limits.
func (h *Hosts) tighten(name string, base *url.URL, limits Limits) *throttle {
	one := h.of(base)
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.servers[name]
	if s == nil {
		s = &server{}
		h.servers[name] = s
	}
	if !slices.Contains(s.hosts, one) {
		s.hosts = append(s.hosts, one)
	}
	if s.rate != nil {
		limits.RequestsPerSecond = *s.rate
	}
	if s.bandwidth != nil {
		limits.Bandwidth = *s.bandwidth
	}
	one.tighten(limits)
	return &one.bandwidth
}

func (h *host) tighten(limits Limits) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := limits.Connections; n > 0 && (!h.limited || n < h.connections) {
		h.connections, h.limited = n, true
	}
	if r := limitOf(limits.RequestsPerSecond); r < h.own.Limit() {
		h.own.SetLimit(r)
	}
	h.pace.least = max(h.pace.least, limits.Pause)
	if b, now := limits.Bandwidth, h.bandwidth.bytes(); b > 0 && (now == 0 || b < now) {
		h.bandwidth.set(b)
	}
}

func limitOf(perSecond float64) rate.Limit {
	if perSecond == 0 {
		return rate.Inf
	}
	return rate.Limit(perSecond)
}

// At lists the hosts where clients of a name (Options.Name) have their bases.
func (h *Hosts) At(name string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	if s := h.servers[name]; s != nil {
		for _, one := range s.hosts {
			all = append(all, one.name)
		}
	}
	return all
}
