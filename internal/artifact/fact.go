package artifact

import "time"

// Fact is what a check found out about one end of a migration, for the people who approve a plan. It holds no credential.
type Fact struct {
	// About is what it says something of, as in "server", "token", "project acme/node-packages".
	About string `json:"about"`
	Text  string `json:"text"`
	// Quota is the amount that the fact is about; nil when it is about none.
	Quota *Quota `json:"quota,omitempty"`
}

// Quota is how much a server gives in a window of time, and what is left of it.
type Quota struct {
	// What is counted: "pulls", "requests", or StoredBytes.
	What  string `json:"what"`
	Limit int64  `json:"limit"`
	Left  int64  `json:"left"`
	// Window is after what time the limit is left again; 0: never.
	Window time.Duration `json:"window_ns"`
}

// StoredBytes is what a quota of storage counts.
const StoredBytes = "stored bytes"
