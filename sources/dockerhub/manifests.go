package dockerhub

import (
	"container/list"
	"context"
	"sync"
)

// maxHeld is how many bytes of manifests are kept: some thousand of the usual size.
const maxHeld = 16 << 20

// manifests keeps the newest manifests that were read, by digest: two tags of one image, and an image that is tried again,
// cost one pull. The zero value is empty.
type manifests struct {
	mu    sync.Mutex
	known map[string]*list.Element // of *manifest
	order list.List                // the newest first; those on their way are not in it
	size  int
	going map[string]chan struct{} // closed when who reads a digest has ended
}

type manifest struct {
	digest string
	body   []byte
}

// get returns the manifest with a digest. Of those that want the same one at once, one reads it, and the others wait; when
// it could not, the next one tries. read tells whether the bytes are the digest's, so that others may have them.
func (m *manifests) get(ctx context.Context, digest string, read func(context.Context) (body []byte, right bool, err error)) ([]byte, error) {
	for {
		body, wait := m.begin(digest)
		if body != nil {
			return body, nil
		}
		if wait == nil {
			break
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var keep []byte
	defer func() { m.end(digest, keep) }() // also when read panics
	body, right, err := read(ctx)
	if right && err == nil {
		keep = body
	}
	return body, err
}

// begin finds a manifest, or whom to wait for; with neither it is the caller's to read.
func (m *manifests) begin(digest string) ([]byte, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if found := m.known[digest]; found != nil {
		m.order.MoveToFront(found)
		return found.Value.(*manifest).body, nil //nolint:forcetypeassert // order holds nothing else
	}
	if wait := m.going[digest]; wait != nil {
		return nil, wait
	}
	if m.going == nil {
		m.known, m.going = map[string]*list.Element{}, map[string]chan struct{}{}
	}
	m.going[digest] = make(chan struct{})
	return nil, nil
}

func (m *manifests) end(digest string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.going[digest])
	delete(m.going, digest)
	if len(body) == 0 || len(body) > maxHeld {
		return
	}
	m.known[digest] = m.order.PushFront(&manifest{digest, body})
	for m.size += len(body); m.size > maxHeld; {
		oldest := m.order.Remove(m.order.Back()).(*manifest) //nolint:forcetypeassert // order holds nothing else
		delete(m.known, oldest.digest)
		m.size -= len(oldest.body)
	}
}
