// Safe methods, which may be repeated: RFC 9110, section 9.2.

package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Get reads u, again and again as far as that makes sense: after network errors, 408, 425, 429 and 5xx without 501 and
// 505. A 2xx or 304 response is returned (under NoFollow a 3xx, too), any other status is a *StatusError. Errors are
// unmarked, but 401 and a server that can not be reached are fault.Stop. The body may still fail; Open mends that. Until
// it is read to its end or closed, it holds one of the connections that the host is allowed.
func (c *Client) Get(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	return c.read(ctx, http.MethodGet, u, header)
}

// Head is Get without a body.
func (c *Client) Head(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	return c.read(ctx, http.MethodHead, u, header)
}

func (c *Client) read(ctx context.Context, method string, u *url.URL, header http.Header) (resp *http.Response, err error) {
	err = c.repeat(ctx, func() error {
		resp, err = c.attempt(ctx, method, u, header, "") //nolint:bodyclose // it is returned to who closes it
		return err
	})
	return resp, err
}

// repeat runs one until it succeeds or its budget is spent.
func (c *Client) repeat(ctx context.Context, one func() error) error {
	budget := c.budget(ctx)
	for {
		err := one()
		if err == nil {
			return nil
		}
		wait, again := budget.spend(err)
		if !again || sleep(ctx, wait) != nil {
			return c.final(err)
		}
	}
}

// attempt sends one read, and returns an acceptable response or an error. A read by POST has a question.
func (c *Client) attempt(ctx context.Context, method string, u *url.URL, header http.Header, question string) (*http.Response, error) {
	var body io.Reader
	if question != "" {
		body = strings.NewReader(question)
	}
	req, err := http.NewRequestWithContext(ctx, method, "", body)
	if err != nil {
		return nil, c.failed(method, u, err)
	}
	req.URL, req.Host = bare(u), u.Host
	if header != nil {
		req.Header = header.Clone()
	}
	resp, err := c.once.Do(req)
	switch {
	case err != nil:
		return nil, c.failed(method, u, err)
	case resp.StatusCode/100 == 2, resp.StatusCode == http.StatusNotModified:
		return resp, nil
	case resp.StatusCode/100 == 3 && flag(ctx, noFollow{}):
		return resp, nil
	}
	return nil, c.statusError(resp)
}

// Query is a read by POST, for searches whose question is no part of the address and whose server promises that they change
// nothing: it is repeated like Get. The question is sent as it is, with header's Content-Type. take reads the answer and is
// called again, from the beginning, when an answer breaks off: an error of take that is io.ErrUnexpectedEOF, or that of a
// body which fails, costs an attempt; any other one ends the read. A redirect is a *StatusError.
func (c *Client) Query(ctx context.Context, u *url.URL, header http.Header, question string, take func(*http.Response) error) error {
	return c.repeat(ctx, func() error {
		resp, err := c.attempt(NoFollow(ctx), http.MethodPost, u, header, question)
		if err != nil {
			return err
		}
		if resp.StatusCode/100 == 3 {
			return c.statusError(resp)
		}
		defer resp.Body.Close()
		err = take(resp)
		var failed *requestError
		if errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &failed) {
			return c.failed(http.MethodPost, u, err)
		}
		return err
	})
}

// bare is u without a user and password: credentials come from Options.Auth alone.
func bare(u *url.URL) *url.URL {
	without := *u
	without.User = nil
	return &without
}

// GetJSON decodes a JSON body of at most limit bytes. A body that breaks off, also one that does so without the
// transport noticing, is read again as a whole. A 304, which header may ask for, is a *StatusError.
func (c *Client) GetJSON(ctx context.Context, u *url.URL, header http.Header, limit int64, into any) (http.Header, error) {
	if header = header.Clone(); header == nil {
		header = http.Header{}
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	var got http.Header
	err := c.repeat(ctx, func() error {
		resp, err := c.attempt(ctx, http.MethodGet, u, header, "")
		if err != nil {
			return err
		}
		got = resp.Header
		return c.decode(resp, limit, into)
	})
	return got, err
}

func (c *Client) decode(resp *http.Response, limit int64, into any) error {
	if resp.StatusCode/100 == 3 {
		return c.statusError(resp)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	at := resp.Request.URL
	if _, err := body.ReadFrom(io.LimitReader(resp.Body, limit+1)); err != nil {
		return c.failed(http.MethodGet, at, err)
	}
	if int64(body.Len()) > limit {
		return c.failed(http.MethodGet, at, &policyError{fmt.Sprintf("the answer is longer than %d bytes", limit)})
	}
	err := json.Unmarshal(body.Bytes(), into)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && syntax.Offset >= int64(body.Len()):
		return c.failed(http.MethodGet, at, fmt.Errorf("the JSON breaks off after %d bytes: %w", body.Len(), io.ErrUnexpectedEOF))
	case errors.As(err, &syntax):
		return c.failed(http.MethodGet, at, &policyError{fmt.Sprintf("the answer (%s) is no JSON: %v: %s",
			resp.Header.Get("Content-Type"), err, plain(clip(body.Bytes(), 200)))})
	}
	return c.failed(http.MethodGet, at, &policyError{fmt.Sprintf("the JSON is not what was expected: %v", err)})
}

// repeating is the transport for libraries: reads are repeated, and whatever comes last is the library's.
type repeating struct{ c *Client }

func (r repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	one := door(r)
	if req.Method != http.MethodGet && req.Method != http.MethodHead || req.Body != nil && req.Body != http.NoBody {
		return one.RoundTrip(req)
	}
	budget := r.c.budget(req.Context())
	for {
		resp, err := one.RoundTrip(req)
		failure := err
		if err != nil {
			failure = &requestError{text: r.c.mask.text(err.Error()), err: err}
			err = failure
		} else if repeatableStatus(resp.StatusCode) {
			failure = &StatusError{Status: resp.StatusCode}
		}
		if failure == nil {
			return resp, nil
		}
		wait, again := budget.spend(failure)
		if !again {
			return resp, err
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, maxErrorBody) // so that the connection can be used again
			_ = resp.Body.Close()
		}
		if late := sleep(req.Context(), wait); late != nil {
			return nil, late
		}
	}
}

// CloseIdleConnections makes (*http.Client).CloseIdleConnections work.
func (r repeating) CloseIdleConnections() { r.c.transport.CloseIdleConnections() }
