package fault

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestMarks(t *testing.T) {
	base := errors.New("503")
	err := fmt.Errorf("publishing: %w", At(Sink, Because("target-failed", Temporary(base, time.Minute))))
	after, temporary := IsTemporary(err)
	if !temporary || after != time.Minute || CodeOf(err) != "target-failed" || SideOf(err) != Sink || IsStop(err) {
		t.Errorf("marks were lost: %v", err)
	}
	if !errors.Is(err, base) || err.Error() != "publishing: 503" {
		t.Errorf("the cause was lost: %v", err)
	}
}

func TestStopForbidsAnotherAttempt(t *testing.T) {
	err := Temporary(Stop(errors.New("401")), 0)
	if _, temporary := IsTemporary(err); temporary || !IsStop(err) {
		t.Error("a stop was softened")
	}
}

func TestTheInnermostSideWins(t *testing.T) {
	if got := SideOf(At(Sink, fmt.Errorf("upload: %w", At(Source, errors.New("reset"))))); got != Source {
		t.Errorf("got %s", got)
	}
}

func TestMarksInsideJoinedErrors(t *testing.T) {
	err := errors.Join(errors.New("close"), Stop(errors.New("401")))
	if !IsStop(err) {
		t.Error("a joined mark was lost")
	}
}

func TestNilStaysNil(t *testing.T) {
	if Temporary(nil, 0) != nil || Stop(nil) != nil || Because("x", nil) != nil || At(Sink, nil) != nil {
		t.Error("nil was marked")
	}
	if _, temporary := IsTemporary(errors.New("plain")); temporary || IsStop(nil) || CodeOf(nil) != "" || SideOf(nil) != "" {
		t.Error("an unmarked error has marks")
	}
}

func TestSpent(t *testing.T) {
	until := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	err := fmt.Errorf("pulling: %w", At(Source, Spent(errors.New("no pulls are left"), until)))
	if got, ok := IsSpent(err); !ok || !got.Equal(until) {
		t.Errorf("spent until %v, %v", got, ok)
	}
	if _, ok := IsSpent(Temporary(errors.New("busy"), time.Second)); ok {
		t.Error("what is only busy is not spent")
	}
	if IsStop(err) {
		t.Error("a quota that is spent does not end the run")
	}
}
