package httpx

import "time"

// Hosts holds one limiter per host, shared by all clients and workers of a process.
type Hosts struct{}

// HostStatus is what a limiter is doing, for people who look at a running migration.
type HostStatus struct {
	Host     string    // host and port
	Requests int64     // sent so far
	Waiting  int       // requests that wait for their turn
	Until    time.Time // no request goes out before; zero when the host is not paused
	Why      string    // what the server said that led to the pause
}

// NewHosts makes an empty set.
func NewHosts() *Hosts { return &Hosts{} }

// Status lists the hosts by name.
func (h *Hosts) Status() []HostStatus { return nil }
