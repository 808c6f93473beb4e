// The body of a download, which goes on after a drop: RFC 9110, sections 8.8 (what tells contents apart), 14.4 and 15.3.7.

package httpx

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// enough is the progress after which the attempts begin anew.
const enough = 1 << 20

// identity is what a server tells one content from another by.
type identity struct {
	etag, modified string
	strong         string // what If-Range takes: a strong ETag, else Last-Modified
}

func identityOf(header http.Header) identity {
	id := identity{etag: header.Get("ETag"), modified: header.Get("Last-Modified")}
	if id.strong = id.modified; id.etag != "" {
		id.strong = id.etag
		if strings.HasPrefix(id.etag, "W/") {
			id.strong = ""
		}
	}
	return id
}

// differs tells whether two answers speak of two contents; what only one of them says proves nothing.
func (id identity) differs(other identity) bool {
	return id.etag != "" && other.etag != "" && id.etag != other.etag ||
		id.modified != "" && other.modified != "" && id.modified != other.modified
}

// download is the body of Open.
type download struct {
	c      *Client
	ctx    context.Context
	cancel context.CancelFunc
	u      *url.URL
	header http.Header
	start  int64 // the offset that was asked for

	seen   identity
	size   int64 // of the whole content; -1 unknown
	began  bool  // the first answer is there: later ones must speak of the same content
	at     int64 // the position of the next byte to give out
	hash   maphash.Hash
	budget *budget
	last   int64 // the position at the latest reopening
	done   error // how it ended

	mu     sync.Mutex // guards body and closed: Close may come during a Read
	body   io.ReadCloser
	closed bool
}

// Read gives out the next bytes, reopening when the body breaks.
func (d *download) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.done == nil {
		var n int
		var err error
		if body := d.current(); body == nil {
			err = d.reopen()
		} else {
			n, err = body.Read(p)
			_, _ = d.hash.Write(p[:n])
			d.at += int64(n)
			if atEnd(err) && d.size >= 0 && d.at < d.size {
				err = io.ErrUnexpectedEOF
			}
			if err != nil && !atEnd(err) {
				err = d.c.failed(http.MethodGet, d.u, d.early(err))
			}
		}
		if err != nil {
			d.broke(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, d.done
}

// broke decides what follows an error: the end, or another attempt after a back-off.
func (d *download) broke(err error) {
	d.set(nil)
	if atEnd(err) {
		d.done = io.EOF
		return
	}
	if whole, ok := endOf(err); ok && d.size < 0 && whole == d.at {
		d.done = io.EOF // the size was not said, and there is nothing left
		return
	}
	if d.budget == nil || d.at-d.last >= enough {
		d.budget = d.c.budget(d.ctx)
	}
	d.last = d.at
	wait, again := d.budget.spend(err)
	if !again || sleep(d.ctx, wait) != nil {
		d.done = d.c.final(err)
	}
}

// reopen asks for the rest, and checks that it is the rest of the same content.
func (d *download) reopen() error {
	// Without anything to recognise the content by, a range could belong to another one: read all and compare.
	resp, err := d.ask(d.at > 0 && d.seen.strong != "")
	if err != nil {
		return err
	}
	return d.accept(resp)
}

// accept takes an answer's body, from d.at on.
func (d *download) accept(resp *http.Response) error {
	from, err := d.same(resp)
	if err == nil && from > d.at {
		err = &policyError{fmt.Sprintf("the server sent bytes from %d on instead of %d", from, d.at)}
	}
	if err != nil {
		_ = resp.Body.Close()
		return d.c.failed(http.MethodGet, d.u, err)
	}
	d.set(resp.Body)
	if err := d.skip(resp.Body, from); err != nil {
		d.set(nil)
		return d.c.failed(http.MethodGet, d.u, err)
	}
	return nil
}

// same checks the answer's identity and size against those of the first one, and returns where its body starts.
func (d *download) same(resp *http.Response) (from int64, err error) {
	whole := resp.ContentLength
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if from, whole, err = contentRange(resp.Header); err != nil {
			return 0, &policyError{err.Error()}
		}
	case http.StatusOK:
	default:
		return 0, &policyError{fmt.Sprintf("unexpected status %s", resp.Status)}
	}
	id := identityOf(resp.Header)
	if d.began && (d.seen.differs(id) || d.size >= 0 && whole >= 0 && whole != d.size) {
		return 0, ErrChanged
	}
	if !d.began {
		d.seen, d.size, d.began = id, whole, true
	}
	return from, nil
}

// skip reads what was given out before, and compares it.
func (d *download) skip(body io.Reader, from int64) error {
	if from < d.start {
		if d.size >= 0 && d.size < d.start {
			return &policyError{fmt.Sprintf("the content has %d bytes, less than the offset %d", d.size, d.start)}
		}
		if _, err := io.CopyN(io.Discard, body, d.start-from); err != nil {
			return d.early(err)
		}
		from = d.start
	}
	if from == d.at {
		return nil
	}
	if from != d.start {
		return &policyError{fmt.Sprintf("the server sent bytes from %d on instead of %d", from, d.at)}
	}
	var again maphash.Hash
	again.SetSeed(d.hash.Seed())
	if _, err := io.CopyN(&again, body, d.at-from); err != nil {
		return d.early(err)
	}
	if again.Sum64() != d.hash.Sum64() {
		return ErrChanged
	}
	return nil
}

// early says how far the download came before err; an end before its time is io.ErrUnexpectedEOF.
func (d *download) early(err error) error {
	if atEnd(err) {
		err = io.ErrUnexpectedEOF
	}
	whole := ""
	if d.size >= 0 {
		whole = fmt.Sprintf(" of %d", d.size)
	}
	return fmt.Errorf("cut off after %d%s bytes: %w", d.at, whole, cause(err))
}

func (d *download) current() io.ReadCloser {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.body
}

// set replaces the body, closing the one before, and the new one when all is closed already.
func (d *download) set(body io.ReadCloser) {
	d.mu.Lock()
	before := d.body
	d.body = body
	if d.closed && body != nil {
		before, d.body = body, nil
	}
	d.mu.Unlock()
	if before != nil {
		_ = before.Close()
	}
}

// Close ends the download, also one that waits in Read.
func (d *download) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.cancel()
	d.set(nil)
	return nil
}
