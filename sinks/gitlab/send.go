package gitlab

// Publishing one file: a PUT (RFC 9110) whose body is pulled from the source while it is sent.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// body is what a request makes of a file: how long it becomes, and how it reads.
type body struct {
	size func(size int64) int64
	wrap func(artifact.Stream) io.ReadCloser
}

// raw sends the file as it is.
var raw = body{
	size: func(size int64) int64 { return size },
	wrap: func(s artifact.Stream) io.ReadCloser { return s },
}

// put sends f by one PUT to GitLab's API and decodes the answer into answer, unless that is nil.
func (a *api) put(ctx context.Context, u *url.URL, header http.Header, f artifact.File, open artifact.Opener, b body, answer any) (artifact.Digests, error) {
	return delivery{a.http, u, header, b, answer, meaning}.send(ctx, f, open)
}

// delivery is a PUT of one file.
type delivery struct {
	client  *httpx.Client
	url     *url.URL
	header  http.Header
	body    body
	answer  any               // what the answer is decoded into; nil for nothing
	meaning func(error) error // what a refusal costs
}

// send makes one request. The file is opened when the request's turn has come; only a file whose size the source did not
// tell is opened before, since Content-Length needs it. An error of the file itself is returned as it is: it is the
// source's. When send returns, nothing reads the file any more.
func (d delivery) send(ctx context.Context, f artifact.File, open artifact.Opener) (artifact.Digests, error) {
	s := &sending{file: f, opener: open, body: d.body, ended: make(chan struct{})}
	defer s.stop()
	if f.Size < 0 {
		if err := s.open(ctx); err != nil {
			return artifact.Digests{}, err
		}
		s.file.Size = s.stream.Size()
	}
	request := httpx.Request{Method: http.MethodPut, URL: d.url, Header: d.header, Size: d.body.size(s.file.Size), Body: s.take}
	resp, err := d.client.Send(ctx, request)
	if err == nil {
		err = decode(resp, d.answer)
	}
	if broken := s.failed(); broken != nil && statusOf(err) == 0 {
		return artifact.Digests{}, broken
	}
	if err != nil {
		return artifact.Digests{}, d.meaning(err)
	}
	return s.sent(ctx)
}

// sending is a file on its way. It keeps what the stream failed with, whatever the HTTP client makes of it.
type sending struct {
	file   artifact.File
	opener artifact.Opener
	body   body

	stream artifact.Stream
	io.ReadCloser
	cancel context.CancelFunc
	taken  bool // by the HTTP client

	mu      sync.Mutex
	err     error
	digests artifact.Digests
	once    sync.Once
	ended   chan struct{} // closed when nothing reads the stream any more, or all of it was read
	closing sync.Once
	closed  chan struct{} // nil until the stream is open
}

// take gives the stream to the HTTP client, which closes it.
func (s *sending) take(ctx context.Context) (io.ReadCloser, error) {
	if s.stream == nil {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
	}
	s.taken = true
	return s, nil
}

func (s *sending) open(ctx context.Context) error {
	ctx, s.cancel = context.WithCancel(ctx)
	stream, err := s.opener(ctx, s.file)
	if err != nil {
		return s.fail(err)
	}
	if s.file.Size >= 0 && stream.Size() != s.file.Size {
		_ = stream.Close()
		return s.fail(fmt.Errorf("%s: the stream has %d bytes, %d were listed", s.file.Path, stream.Size(), s.file.Size))
	}
	s.stream, s.ReadCloser, s.closed = stream, s.body.wrap(stream), make(chan struct{})
	return nil
}

func (s *sending) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		s.mu.Lock()
		s.digests = s.stream.Digests()
		s.mu.Unlock()
		s.end()
	case err != nil:
		return n, s.fail(err)
	}
	return n, err
}

func (s *sending) Close() error {
	var err error
	s.closing.Do(func() {
		err = s.ReadCloser.Close()
		s.end()
		close(s.closed)
	})
	return err
}

func (s *sending) end() { s.once.Do(func() { close(s.ended) }) }

func (s *sending) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	return err
}

func (s *sending) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// sent is what a file that GitLab took amounts to. GitLab may answer before the last read tells that the file is whole.
func (s *sending) sent(ctx context.Context) (artifact.Digests, error) {
	select {
	case <-s.ended:
	case <-ctx.Done():
		return artifact.Digests{}, context.Cause(ctx)
	}
	if err := s.failed(); err != nil {
		return artifact.Digests{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.digests == (artifact.Digests{}) {
		err := fault.Because(artifact.TargetFailed, errors.New("GitLab answered before it had the whole file"))
		return artifact.Digests{}, fault.At(fault.Sink, fault.Temporary(err, 0))
	}
	return s.digests, nil
}

// stop waits until the HTTP client has let go of the stream, as it promises to: a file is opened one at a time.
func (s *sending) stop() {
	if s.cancel != nil {
		s.cancel()
	}
	switch {
	case s.closed == nil: // never opened
	case s.taken:
		<-s.closed
	default:
		_ = s.Close()
	}
}
