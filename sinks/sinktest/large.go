package sinktest

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/internal/artifact"
)

const (
	gibibyte = 1 << 30
	maxHeap  = 64 << 20
)

// large publishes a package that is far larger than the memory it may take. The digests of its first file are not
// declared, so that it is made once; the sink's are compared with those of the stream.
func large(t *testing.T, c Case) {
	if c.Large == nil {
		return
	}
	size := cmp.Or(c.LargeSize, gibibyte)
	target, s := c.Open(t), c.Large(t, size)
	var sent artifact.Digests
	var moved atomic.Int64
	plain := s.open(nil)
	open := func(ctx context.Context, f artifact.File) (artifact.Stream, error) {
		opened, err := plain(ctx, f)
		if err != nil {
			return nil, err
		}
		noted := noting{Stream: opened, moved: &moved}
		if f.Path == s.Files[0].Path {
			noted.digests = &sent
		}
		return noted, nil
	}
	runtime.GC()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(maxHeap))
	stop := sampleHeap(t)
	defer stop()
	dst := target.destination(s.Package)
	if err := target.Sink.Publish(t.Context(), dst, s.Package, s.Files, open); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	if moved.Load() < size {
		t.Errorf("only %d bytes were read", moved.Load())
	}
	holding := settled(t, target.Sink, dst, s.Package)
	held, ok := holding.Files[s.Files[0].Path]
	if !ok {
		t.Fatalf("state %v (%s), and the file is not held", holding.State, holding.Reason)
	}
	if shown := shownBy(t, held, s.Files[0]); shown.Compare(sent) != artifact.Same {
		t.Errorf("state %v (%s) with %+v, sent was %+v", holding.State, holding.Reason, shown, sent)
	}
}

// noting counts the bytes of a stream, and keeps its digests when it was read to its end.
type noting struct {
	artifact.Stream
	moved   *atomic.Int64
	digests *artifact.Digests // nil: nobody wants them
}

func (n noting) Read(p []byte) (int, error) {
	read, err := n.Stream.Read(p)
	n.moved.Add(int64(read))
	return read, err
}

func (n noting) Close() error {
	if n.digests != nil {
		*n.digests = n.Digests()
	}
	return n.Stream.Close()
}

// sampleHeap watches the heap until the returned function is called, and fails the test when it grew too large.
func sampleHeap(t *testing.T) (stop func()) {
	done := make(chan struct{})
	var peak uint64
	var sampling sync.WaitGroup
	sampling.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var m runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	})
	return func() {
		close(done)
		sampling.Wait()
		t.Logf("peak heap in use: %.1f MiB", float64(peak)/(1<<20))
		if peak > maxHeap {
			t.Errorf("the heap grew to %d bytes, more than %d", peak, int64(maxHeap))
		}
	}
}
