// Package control is how a second shell reaches a run that is at work: HTTP/1.1 with JSON over a Unix socket that lies beside
// the checkpoint and that only its owner can open.
//
//	GET  /status            Status
//	POST /set               {"settings": ["workers=32", "rate=1200/min"]} → SetAnswer; all of them or none
//
// An answer that is no success has a body {"error": "…"} and a status of RFC 9110: 400 for settings that make no sense, which
// changed nothing. Answers hold no credential. What they say of names comes from foreign servers: it is data, to be shown
// with care.
package control

import "time"

// Status is what a run says of itself.
type Status struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"` // run or sync
	Version string    `json:"version"`
	Metrics string    `json:"metrics,omitempty"` // where Prometheus finds them
	Started time.Time `json:"started"`
	Workers Workers   `json:"workers"`
	// Packages are the numbers of the checkpoint: Listed is the sum of the others.
	Packages Packages `json:"packages"`
	Copied   int64    `json:"copied_bytes"` // by this process
	Rates    []Rate   `json:"rates"`        // over the last minutes, the shortest time first
	// ETA is how long what is unsettled will take at the present rate, in seconds; 0 while that would be a guess.
	ETA   float64 `json:"eta_seconds,omitempty"`
	Hand  []Item  `json:"in_hand"` // the oldest first
	Stuck []Stuck `json:"stuck"`   // those with the most attempts first, a few
	Hosts []Host  `json:"hosts"`
}

// Workers are who settles packages.
type Workers struct {
	Size int `json:"size"`
	Busy int `json:"busy"`
}

// Packages are counts by outcome.
type Packages struct {
	Listed          int64 `json:"listed"`
	Published       int64 `json:"published"`
	Present         int64 `json:"present"`
	Skipped         int64 `json:"skipped"`
	Failed          int64 `json:"failed"`
	Conflict        int64 `json:"conflict"`
	Unsettled       int64 `json:"unsettled"`
	Unlisted        int64 `json:"unlisted"` // things that could not be listed
	ListingComplete bool  `json:"listing_complete"`
}

// Rate is how fast packages got their outcome, and bytes were read from the sources, lately.
type Rate struct {
	Seconds  float64 `json:"seconds"` // over so long
	Packages float64 `json:"packages_per_second"`
	Bytes    float64 `json:"bytes_per_second"`
}

// Item is a package that a worker has in hand.
type Item struct {
	PURL    string  `json:"purl"`
	Source  string  `json:"source"`
	Project string  `json:"project"`
	Seconds float64 `json:"seconds"`    // since it was taken up
	Copied  int64   `json:"copied"`     // bytes read from its source since then
	Size    int64   `json:"size_bytes"` // of its files as they are listed, those of unknown size left out
}

// Stuck is an unsettled package that took more than one attempt.
type Stuck struct {
	PURL     string  `json:"purl"`
	Attempts int     `json:"attempts"`
	Seconds  float64 `json:"seconds,omitempty"` // since this process first gave up an attempt; 0 when it did not
	Error    string  `json:"error"`             // of the last attempt
}

// Host is a server's host, what may go there, and what it asks for. A limit of 0 is none.
type Host struct {
	Host        string     `json:"host"`            // and port
	Servers     []string   `json:"servers"`         // which of the configuration are there: target, or a source's name
	Rate        float64    `json:"rate_per_second"` // requests that the operator allows
	Speed       float64    `json:"host_per_second"` // requests that the host's own answers allow
	Bandwidth   int64      `json:"bandwidth"`       // bytes per second that the operator allows
	Requests    int64      `json:"requests"`        // sent
	Refused     int64      `json:"refused"`         // answers with 4xx
	Broken      int64      `json:"broken"`          // answers with 5xx, and requests without an answer
	Sent        int64      `json:"sent_bytes"`      // of bodies
	Received    int64      `json:"received_bytes"`  // of bodies
	Active      int        `json:"active"`          // requests under way
	Waiting     int        `json:"waiting"`         // requests that wait for their turn
	Left        *int64     `json:"left,omitempty"`  // requests left in the host's window, where it said so
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	Pauses      int64      `json:"pauses"`
	Paused      float64    `json:"paused_seconds"`
	LastPause   *Pause     `json:"last_pause,omitempty"`
}

// Pause is a time in which nothing went to a host because it asked for that.
type Pause struct {
	Since   time.Time `json:"since"`
	Seconds float64   `json:"seconds"`
	Cause   string    `json:"cause"` // refused, unavailable or used-up
	Why     string    `json:"why"`   // what the host said: "429, Retry-After 90"
}

// Change is one thing that was set.
type Change struct {
	Setting string `json:"setting"`        // as in Setting.Key
	Host    string `json:"host,omitempty"` // whose limit it is
	Was     string `json:"was"`
	Is      string `json:"is"`
}

// SetAnswer is what came of settings.
type SetAnswer struct {
	PID     int      `json:"pid"`
	Changes []Change `json:"changes"`
}

type setQuestion struct {
	Settings []string `json:"settings"`
}

type refusal struct {
	Error string `json:"error"`
}
