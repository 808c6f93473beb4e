// Requests that change something: RFC 9110, section 9.3; asking before sending: section 10.1.1 (Expect).

package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"pkgferry/internal/fault"
)

// Request is one request that may change something.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	// Size >= 0 is sent as Content-Length; less means unknown, and is sent in chunks.
	Size int64
	// Body opens the content; nil: none. It is called once, when the request's turn has come.
	Body func(ctx context.Context) (io.ReadCloser, error)
}

// expectFrom is the size from which on the server is asked before the content is sent: a refusal then costs no bytes.
const expectFrom = 1 << 20

// Send makes one attempt. A 2xx response is returned, any other status is a *StatusError. It waits for the host's turn
// before it opens the body, and returns after it closed it. Redirects are followed for GET and HEAD only.
//
// Network errors, 408, 425, 429 and 5xx without 501 and 505 are fault.Temporary, with the wait that the server asked
// for; 401 is fault.Stop; other statuses are unmarked, since their meaning depends on what was asked. When the content
// could not be read, the error is the content's own, with its own marks.
func (c *Client) Send(ctx context.Context, r Request) (*http.Response, error) {
	turn, err := c.o.Hosts.of(r.URL).enter(ctx)
	if err != nil {
		return nil, c.failed(r.Method, r.URL, err)
	}
	body, err := open(ctx, r)
	if err != nil {
		turn.leave()
		return nil, err
	}
	inner := context.WithValue(ctx, claim{}, turn)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		inner = NoFollow(inner)
	}
	req, err := c.request(inner, r, body)
	if err != nil {
		turn.leave()
		return nil, err
	}
	resp, err := c.once.Do(req)
	if err != nil {
		turn.leave()
		return nil, c.unsent(ctx, r, body, err)
	}
	resp, err = c.settle(resp, r, body)
	if body == nil {
		return resp, err
	}
	body.released(ctx)
	if own := body.failure(); own != nil && statusOf(err) == 0 { // known only after the answer: there is more than was promised
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, c.unread(r, own)
	}
	return resp, err
}

func open(ctx context.Context, r Request) (*content, error) {
	if r.Body == nil {
		return nil, nil
	}
	opened, err := r.Body(ctx)
	if err != nil {
		return nil, err
	}
	return &content{ReadCloser: opened, size: r.Size, gone: make(chan struct{})}, nil
}

func (c *Client) request(ctx context.Context, r Request, body *content) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, "", nil)
	if err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, c.failed(r.Method, r.URL, err)
	}
	req.URL, req.Host = bare(r.URL), r.URL.Host
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	switch {
	case body == nil:
	case r.Size == 0:
		// net/http sends Content-Length: 0 only without a body; reading it to its end is what checks it.
		_, err := io.Copy(io.Discard, body)
		_ = body.Close()
		if err != nil {
			return nil, err
		}
		req.Body = http.NoBody
	default:
		req.Body, req.ContentLength = body, max(r.Size, -1)
		if (r.Size < 0 || r.Size >= expectFrom) && !c.noExpect.Load() {
			req.Header.Set("Expect", "100-continue")
		}
	}
	return req, nil
}

// unread is the error of a request whose content failed; it keeps the marks of own.
func (c *Client) unread(r Request, own error) error {
	return fmt.Errorf("%s: %s %s: the content: %w", c.o.Name, r.Method, c.mask.url(r.URL), own)
}

// unsent is the error of a request that got no answer.
func (c *Client) unsent(ctx context.Context, r Request, body *content, err error) error {
	if body != nil && ctx.Err() == nil {
		if own := body.failure(); own != nil {
			return c.unread(r, own)
		}
	}
	failed := c.failed(r.Method, r.URL, err)
	var refusal *policyError
	switch {
	case ctx.Err() != nil, errors.As(err, &refusal):
		return failed
	case untrusted(err):
		return fault.Stop(failed)
	}
	return fault.Temporary(failed, 0)
}

// settle judges the answer.
func (c *Client) settle(resp *http.Response, r Request, body *content) (*http.Response, error) {
	if resp.StatusCode/100 == 2 {
		if body == nil || r.Size == 0 || body.complete() {
			return resp, nil
		}
		_ = resp.Body.Close()
		return nil, fault.Temporary(c.failed(r.Method, r.URL, fmt.Errorf("%d before the server had the whole content", resp.StatusCode)), 0)
	}
	err := c.statusError(resp)
	switch {
	case err.refusesLogin():
		return nil, fault.Stop(err)
	case err.Status == http.StatusExpectationFailed && !c.noExpect.Swap(true):
		return nil, fault.Temporary(err, 0)
	case repeatableStatus(err.Status):
		return nil, fault.Temporary(err, err.RetryAfter)
	}
	return nil, err
}
