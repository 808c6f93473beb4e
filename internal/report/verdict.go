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
}

// Decide notes a verdict in the checkpoint, where reports find it.
func Decide(ctx context.Context, s *checkpoint.Store, v Verdict) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.Remember(ctx, verdictFact, string(text))
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
