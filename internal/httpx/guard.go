// Timeouts of transfers that stand still. HTTP has none; RFC 9112, section 9.5 leaves them to each side.

package httpx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// guard ends a request whose transfer stands still. It is armed only while the other side is to act: not while we wait
// for our own bandwidth, nor while the content to send is being read.
type guard struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration

	mu     sync.Mutex
	status int // of the answer; 0 until it is there
}

func newGuard(parent context.Context, host string, stall time.Duration) *guard {
	g := &guard{stall: stall}
	g.ctx, g.cancel = context.WithCancelCause(parent)
	g.timer = time.AfterFunc(stall, func() { g.cancel(&stallError{host: host, after: stall}) })
	return g
}

func (g *guard) arm()  { g.timer.Reset(g.stall) }
func (g *guard) rest() { g.timer.Stop() }

// armAnswer waits for the server to take what was sent, or to answer; an answer that is there already needs no waiting.
func (g *guard) armAnswer(patience time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.status == 0 {
		g.timer.Reset(patience)
	}
}

// answered notes the answer; from here on the timer belongs to the reading of its body.
func (g *guard) answered(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
	g.timer.Stop()
}

// refused tells whether the answer is there and makes the rest of the content pointless.
func (g *guard) refused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.status >= 300
}

// never is how long the server may take while it is our turn.
const never = 1<<63 - 1

// end frees what the guard holds; the request is over.
func (g *guard) end() {
	g.timer.Stop()
	g.cancel(context.Canceled)
}

// explain puts the reason of an end by the guard, or by the caller's context, in place of what it caused.
func (g *guard) explain(err error) error {
	var stalled *stallError
	if cause := context.Cause(g.ctx); cause != nil && errors.As(cause, &stalled) {
		return stalled
	}
	return err
}

// stallError is a transfer that stood still.
type stallError struct {
	host  string
	after time.Duration
}

func (e *stallError) Error() string {
	return fmt.Sprintf("%s moved no byte for %s", e.host, e.after)
}
func (e *stallError) Timeout() bool { return true }
func (e *stallError) Unwrap() error { return os.ErrDeadlineExceeded }
