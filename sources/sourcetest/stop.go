// How a listing ends early (sources.Source.Packages): by cancelling its context or by breaking out of its loop, and
// in both cases without a request or a goroutine left behind.

package sourcetest

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"pkgferry/sources"
)

// ownGoroutines are left out of account: the server in the same process, and idle connections of the client. A
// connection whose body was not closed is none of these.
func ownGoroutines() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
		goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	}
}

// cancel cancels at the first item and at the last but one, where only the source itself can notice.
func (s *suite) cancel(t *testing.T) {
	options := ownGoroutines()
	for _, at := range []int{1, len(s.all) - 1} {
		ctx, cancel := context.WithCancel(t.Context())
		items, last := 0, error(nil)
		for _, err := range s.New(t).Packages(ctx, sources.Start{}) {
			if last = s.saw(err); err == nil {
				items++
			}
			if items == at {
				cancel()
			}
		}
		cancel()
		if items >= len(s.all) {
			t.Errorf("cancelled at item %d, the listing went on to all %d", at, items)
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("cancelled at item %d, the listing must not look complete: it ended with %v, want context.Canceled", at, last)
		}
	}
	goleak.VerifyNone(t, options...)
}

func (s *suite) breakOut(t *testing.T) {
	options := ownGoroutines()
	for _, after := range []int{1, len(s.all) / 2, len(s.all)} {
		items := 0
		for _, err := range s.New(t).Packages(t.Context(), sources.Start{}) {
			if err != nil {
				t.Fatal(err)
			}
			if items++; items == after {
				break
			}
		}
	}
	goleak.VerifyNone(t, options...)
}

func (s *suite) cancelContent(t *testing.T) {
	options := ownGoroutines()
	_, f := s.largest(t)
	ctx, cancel := context.WithCancel(t.Context())
	content, err := s.New(t).Open(ctx, f, 0)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	cancel()
	_ = content.Close()
	if content, err = s.New(t).Open(ctx, f, 0); err == nil {
		_ = content.Close()
		t.Error("Open under a cancelled context succeeded")
	}
	if _ = s.saw(err); !errors.Is(err, context.Canceled) {
		t.Errorf("Open under a cancelled context: %v, want context.Canceled", err)
	}
	goleak.VerifyNone(t, options...)
}
