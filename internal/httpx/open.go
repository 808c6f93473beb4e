// Downloads: ranges and If-Range as in RFC 9110, sections 13.1.5 and 14.

package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ErrChanged is why a download can not go on: the server now has other content than it began with.
var ErrChanged = errors.New("the content changed while it was read")

// Open streams the content at u from offset on. When the connection drops, the body goes on where it stopped: by Range
// and If-Range, or, where the server has no ranges or nothing to recognise its content by, by reading it again from the
// start, which is compared with what was read before. Content that changed in between is ErrChanged. A body that stays
// shorter than its Content-Length is io.ErrUnexpectedEOF once the attempts are used up; they begin anew with every
// MiB of progress.
//
// The bytes are those of the server, without any transfer compression. The response reads as if the server had ranges;
// Whole tells the size. An offset equal to the size gives an empty body.
func (c *Client) Open(ctx context.Context, u *url.URL, offset int64, header http.Header) (*http.Response, error) {
	if header = header.Clone(); header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Encoding", "identity")
	d := &download{c: c, ctx: ctx, u: u, header: header, start: offset, at: offset, size: -1}
	d.ctx, d.cancel = context.WithCancel(ctx)
	resp, err := d.first()
	if err != nil {
		d.cancel()
		return nil, err
	}
	return resp, nil
}

// Whole is the size of the whole content of an Open response, wherever its body starts; -1 when the server does not say.
func Whole(resp *http.Response) int64 {
	if d, ok := resp.Body.(*download); ok {
		return d.size
	}
	if resp.StatusCode == http.StatusPartialContent {
		_, whole, _ := contentRange(resp.Header)
		return whole
	}
	return resp.ContentLength
}

// first makes the request that decides what is being read.
func (d *download) first() (*http.Response, error) {
	var resp *http.Response
	err := d.c.repeat(d.ctx, func() error {
		got, err := d.ask(d.start > 0)
		if err != nil {
			return err
		}
		resp = got
		return d.accept(got)
	})
	if err != nil {
		if whole, ok := endOf(err); ok && whole == d.start {
			return d.empty(err), nil
		}
		return nil, err
	}
	resp.Body = d
	if d.size >= 0 && d.start > 0 && resp.StatusCode == http.StatusOK {
		resp.StatusCode, resp.Status = http.StatusPartialContent, "206 Partial Content"
		resp.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", d.start, d.size-1, d.size))
		resp.ContentLength = d.size - d.start
	}
	return resp, nil
}

// ask sends one request for the rest, or for everything.
func (d *download) ask(rest bool) (*http.Response, error) {
	header := d.header.Clone()
	if rest {
		header.Set("Range", "bytes="+strconv.FormatInt(d.at, 10)+"-")
		if d.seen.strong != "" {
			header.Set("If-Range", d.seen.strong)
		}
	}
	return d.c.attempt(d.ctx, http.MethodGet, d.u, header, "")
}

// empty is the response to an offset at the very end.
func (d *download) empty(err error) *http.Response {
	var status *StatusError
	errors.As(err, &status)
	d.size, d.done = d.start, io.EOF
	return &http.Response{
		Status: "206 Partial Content", StatusCode: http.StatusPartialContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: status.Header, Body: d,
	}
}

// endOf is the size that a 416 names.
func endOf(err error) (int64, bool) {
	var status *StatusError
	if !errors.As(err, &status) || status.Status != http.StatusRequestedRangeNotSatisfiable {
		return 0, false
	}
	text, ok := strings.CutPrefix(status.Header.Get("Content-Range"), "bytes */")
	size, good := number(text)
	return size, ok && good
}

// contentRange reads "bytes from-to/whole"; whole is -1 for "*".
func contentRange(header http.Header) (from, whole int64, err error) {
	text := header.Get("Content-Range")
	spans, size, ok := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	begin, end, dash := strings.Cut(spans, "-")
	from, good := number(begin)
	to, fine := number(end)
	if !ok || !dash || !good || !fine || to < from {
		return 0, -1, fmt.Errorf("unreadable Content-Range %q", text)
	}
	if size == "*" {
		return from, -1, nil
	}
	if whole, good = number(size); !good || whole <= to {
		return 0, -1, fmt.Errorf("unreadable Content-Range %q", text)
	}
	return from, whole, nil
}
