// Package fault says what an error costs. An unmarked error fails one package and the run goes on; Temporary asks for
// another attempt; Spent leaves what one source still owes until its quota refills; Stop ends the run. An error is marked once, at the edge, by the adapter that knows its server, and
// may carry the reason code that the report shows.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Side is the end of the migration that failed.
type Side string

// The sides.
const (
	Source Side = "source"
	Sink   Side = "sink"
)

type marked struct {
	error
	temporary bool
	after     time.Duration
	stop      bool
	until     time.Time // when what is spent comes back
	code      string
	side      Side
}

func (m *marked) Unwrap() error { return m.error }

// Temporary marks err as worth another attempt, not before after has passed (0: the caller's own back-off).
func Temporary(err error, after time.Duration) error {
	return mark(err, &marked{temporary: true, after: after})
}

// Stop marks err as the end of the run: wrong credentials, a checkpoint that can not be written.
func Stop(err error) error { return mark(err, &marked{stop: true}) }

// Spent marks err as a quota of a source that is used up until a time: nothing has failed, and what needs the quota is
// left until then.
func Spent(err error, until time.Time) error { return mark(err, &marked{until: until}) }

// Because gives err the reason code that the report shows (an artifact.Reason).
func Because[Code ~string](code Code, err error) error { return mark(err, &marked{code: string(code)}) }

// At says whose side failed. The innermost mark wins, since the adapter knows best.
func At(side Side, err error) error {
	if SideOf(err) != "" {
		return err
	}
	return mark(err, &marked{side: side})
}

// Errorf is fmt.Errorf with a reason code.
func Errorf[Code ~string](code Code, format string, args ...any) error {
	return Because(code, fmt.Errorf(format, args...))
}

func mark(err error, m *marked) error {
	if err == nil {
		return nil
	}
	m.error = err
	return m
}

// IsTemporary tells whether another attempt makes sense, and how long to wait before it. A Stop anywhere in the chain
// forbids it.
func IsTemporary(err error) (after time.Duration, ok bool) {
	if IsStop(err) {
		return 0, false
	}
	walk(err, func(m *marked) bool {
		if m.temporary {
			after, ok = m.after, true
		}
		return ok
	})
	return after, ok
}

// IsStop tells whether the run ends.
func IsStop(err error) bool {
	stop := false
	walk(err, func(m *marked) bool { stop = m.stop; return stop })
	return stop
}

// IsSpent tells whether a quota is used up, and until when.
func IsSpent(err error) (until time.Time, ok bool) {
	walk(err, func(m *marked) bool { until = m.until; return !until.IsZero() })
	return until, !until.IsZero()
}

// CodeOf returns the outermost reason code; "" when there is none.
func CodeOf(err error) string {
	code := ""
	walk(err, func(m *marked) bool { code = m.code; return code != "" })
	return code
}

// SideOf returns whose side failed; "" when nobody said.
func SideOf(err error) Side {
	side := Side("")
	walk(err, func(m *marked) bool { side = m.side; return side != "" })
	return side
}

// walk visits the marks in err's chain, outermost first, until visit says it has found what it wants.
func walk(err error, visit func(*marked) bool) {
	for err != nil {
		var m *marked
		if !errors.As(err, &m) || visit(m) {
			return
		}
		err = m.error
	}
}
