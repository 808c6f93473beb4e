package report

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"pkgferry/checkpoint"
)

// verdictFact is the checkpoint's fact that holds the newest verdict, as JSON.
const verdictFact = "verdict"

// Verdict is what a gate before the cutover decided: GO, or NO-GO for some reasons.
type Verdict struct {
	Go      bool      `json:"go"`
	At      time.Time `json:"at"`
	Reasons []string  `json:"reasons,omitempty"` // of a NO-GO, as sentences
	// Began is when the gate began to list the sources anew, At when it had looked at them for the last time.
	Began time.Time `json:"began"`
	// Against is what the reasons are about; Told is what should be known and stands against nothing.
	Against []Ground `json:"against,omitempty"`
	Told    []Ground `json:"told,omitempty"`
	// Verified counts what the verification found, by what its signs mean, and Proven what is the same at both ends by how
	// that is proven.
	Verified map[string]int64 `json:"verified,omitempty"`
	Proven   map[string]int64 `json:"proven,omitempty"`
}

// Decide notes a verdict in the checkpoint, where reports find it.
func Decide(ctx context.Context, s *checkpoint.Store, v Verdict) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.Remember(ctx, verdictFact, string(text))
}

// Undecide takes the newest verdict away, when a gate begins anew.
func Undecide(ctx context.Context, s *checkpoint.Store) error {
	return s.Remember(ctx, verdictFact, "")
}

// Decided is the newest verdict; nil when there is none.
func Decided(ctx context.Context, s *checkpoint.Store) (*Verdict, error) {
	text, err := s.Fact(ctx, verdictFact)
	if err != nil || text == "" {
		return nil, err
	}
	var v Verdict
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("the checkpoint's verdict can not be read: %w", err)
	}
	return &v, nil
}
