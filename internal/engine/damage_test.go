package engine_test

import (
	"errors"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
)

// What is damaged between us and the target's storage is ours: it is called a mismatch, not another's release, and it
// is not sent again.
func TestDamageOnTheWayToTheTarget(t *testing.T) {
	damaged := func(after error) (engine.Options, *sink) {
		src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
		dst := newSink()
		dst.after = func(to artifact.Destination, f artifact.File) error {
			dst.mu.Lock()
			defer dst.mu.Unlock()
			dst.held[to][f.Path] = "tExt"
			return after
		}
		return migration(t, src, dst), dst
	}
	for name, after := range map[string]error{
		"accepted": nil, "doubted": fault.Temporary(errors.New("the checksum differs"), time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			o, dst := damaged(after)
			for range 2 { // the second run looks again and finds the same
				want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "failed target-mismatch"})
				want(t, dst.writes, map[string]int{"pkg:generic/a@1.0 f": 1})
			}
			for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
				if err != nil || r.Proof != artifact.NoProof {
					t.Errorf("proof %q of damaged bytes, %v", r.Proof, err)
				}
			}
		})
	}
}
