package engine_test

import (
	"errors"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// What is damaged between us and the target's storage is ours: it is sent again at once, and when that does not help it
// is called a mismatch and not another's release.
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
	for name, c := range map[string]struct {
		after  error
		writes int
	}{
		"accepted": {nil, 3},
		"noticed":  {fault.Errorf(artifact.TargetMismatch, "the checksum differs"), 3},
		"lost":     {fault.Temporary(errors.New("connection reset"), time.Millisecond), 1},
	} {
		t.Run(name, func(t *testing.T) {
			o, dst := damaged(c.after)
			for range 2 { // the second run looks again and finds the same
				want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "failed target-mismatch"})
				want(t, dst.writes, map[string]int{"pkg:generic/a@1.0 f": c.writes})
			}
			for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
				if err != nil || r.Proof != artifact.NoProof {
					t.Errorf("proof %q of damaged bytes, %v", r.Proof, err)
				}
			}
		})
	}
}

// A sink that shows what it took only after a while: what arrived damaged is sent again, no oftener than where it shows
// at once.
func TestDamageThatShowsLater(t *testing.T) {
	for damaged, expected := range map[int]string{1: "published", 99: "failed target-mismatch"} {
		src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
		dst, looks := newSink(), 0
		dst.after = func(to artifact.Destination, f artifact.File) error {
			dst.mu.Lock()
			defer dst.mu.Unlock()
			if looks = 0; dst.writes[to.PURL()+" "+f.Path] <= damaged {
				dst.held[to][f.Path] = "tExt"
			}
			return nil
		}
		dst.state = func(artifact.Destination) (sinks.State, string) {
			if looks++; looks == 1 {
				return sinks.Pending, ""
			}
			return sinks.Ready, ""
		}
		want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": expected})
		want(t, dst.writes, map[string]int{"pkg:generic/a@1.0 f": min(damaged+1, 3)})
	}
}
