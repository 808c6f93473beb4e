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
