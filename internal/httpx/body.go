// The two bodies of an exchange on their way: RFC 9110, section 6.4.

package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// atEnd tells the end of a reader from its failures. A wrapped io.EOF is one of those.
func atEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // io.Reader: the end is io.EOF itself
}

// inbound is a response's body: guarded, within the bandwidth, and giving its turn back at its end.
type inbound struct {
	io.ReadCloser
	guard     *guard
	bandwidth *throttle
	turn      *turn
	failed    func(error) error // says which request it befell
	public    bool              // it comes from a public address, not through a proxy
}

func (b *inbound) Read(p []byte) (int, error) {
	b.guard.arm()
	flow, n, err := b.bandwidth.read(b.ReadCloser, p)
	b.guard.rest()
	b.turn.host.received.Add(int64(n))
	if late := flow.wait(b.guard.ctx, n); late != nil && err == nil {
		err = late
	}
	if err == nil {
		return n, nil
	}
	if !atEnd(err) {
		err = b.failed(b.guard.explain(err))
	}
	b.over()
	return n, err
}

func (b *inbound) Close() error {
	err := b.ReadCloser.Close()
	b.over()
	return err
}

func (b *inbound) over() {
	b.guard.end()
	b.turn.leave()
}

// content is what Send was given to send. It remembers its own failure, so that it is not taken for the server's.
type content struct {
	io.ReadCloser
	size int64 // -1: unknown

	mu     sync.Mutex
	read   int64
	err    error // what went wrong, io.EOF at the end
	closed bool
	gone   chan struct{} // closed after Close
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read += int64(n)
	switch {
	case c.size >= 0 && c.read > c.size:
		err = fmt.Errorf("the content is longer than its %d bytes", c.size)
	case atEnd(err) && c.size >= 0 && c.read < c.size:
		err = fmt.Errorf("the content ended after %d of %d bytes: %w", c.read, c.size, io.ErrUnexpectedEOF)
	}
	if err != nil && !c.closed && c.err == nil {
		c.err = err
	}
	return n, err
}

func (c *content) Close() error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if again {
		return nil
	}
	defer close(c.gone)
	return c.ReadCloser.Close()
}

// released waits until nobody reads the content any more: the transport may do so for a moment after an early answer.
func (c *content) released(ctx context.Context) {
	select {
	case <-c.gone:
	case <-ctx.Done():
	}
}

// failure is the content's own error, nil while it is fine.
func (c *content) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if atEnd(c.err) {
		return nil
	}
	return c.err
}

// complete tells whether all of the content was read.
func (c *content) complete() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read == c.size || c.size < 0 && atEnd(c.err)
}

// outbound is a request's body on its way: the guard is armed from one read to the next, while the server is to take
// what was read before.
type outbound struct {
	io.ReadCloser
	guard     *guard
	bandwidth *throttle
	sent      *atomic.Int64 // bytes, counted as they go
}

var errAnswered = errors.New("the server answered before it had the whole content")

func (b *outbound) Read(p []byte) (int, error) {
	if b.guard.refused() {
		return 0, errAnswered
	}
	b.guard.armAnswer(never)
	flow, n, err := b.bandwidth.read(b.ReadCloser, p)
	b.sent.Add(int64(n))
	if late := flow.wait(b.guard.ctx, n); late != nil && err == nil {
		err = late
	}
	if err != nil {
		b.guard.armAnswer(storing * b.guard.stall)
	} else {
		b.guard.armAnswer(b.guard.stall)
	}
	return n, err
}
