// The bytes per second that the operator allows a host. HTTP has no word for it.

package httpx

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// throttle is the bandwidth of one host, both directions together. It may change while bodies wait for it.
type throttle struct{ current atomic.Pointer[flow] }

// flow is a bandwidth until it changes. A nil flow sets no limit.
type flow struct {
	limiter *rate.Limiter
	over    chan struct{} // closed when another one has taken its place
}

// set allows so many bytes per second from now on; 0: any number. Who waits goes on at once. The caller serializes it.
func (t *throttle) set(bytes int64) {
	var next *flow
	if bytes > 0 {
		burst := int(min(max(bytes/10, 4<<10), 256<<10))
		next = &flow{limiter: rate.NewLimiter(rate.Limit(bytes), burst), over: make(chan struct{})}
	}
	if before := t.current.Swap(next); before != nil {
		close(before.over)
	}
}

// bytes are the bytes per second; 0: any number.
func (t *throttle) bytes() int64 {
	if f := t.current.Load(); f != nil {
		return int64(f.limiter.Limit())
	}
	return 0
}

// read reads no more at once than may pass, and tells whom to wait for.
func (t *throttle) read(from io.Reader, p []byte) (*flow, int, error) {
	f := t.current.Load()
	if f != nil && len(p) > f.limiter.Burst() {
		p = p[:f.limiter.Burst()]
	}
	n, err := from.Read(p)
	return f, n, err
}

// wait waits until n bytes, no more than one read gave, may have passed.
func (f *flow) wait(ctx context.Context, n int) error {
	if f == nil || n == 0 {
		return nil
	}
	reserved := f.limiter.ReserveN(time.Now(), n)
	timer := time.NewTimer(reserved.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.over:
	case <-ctx.Done():
		reserved.Cancel()
		return ctx.Err()
	}
	return nil
}
