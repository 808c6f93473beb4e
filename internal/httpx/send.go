package httpx

import (
	"context"
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
	// Size >= 0 is sent as Content-Length.
	Size int64
	// Body opens the content; nil: none. It is called once, when the request's turn has come.
	Body func(ctx context.Context) (io.ReadCloser, error)
}

// Send makes one attempt. A 2xx response is returned, any other status is a *StatusError.
func (c *Client) Send(ctx context.Context, r Request) (*http.Response, error) {
	var body io.ReadCloser
	if r.Body != nil {
		opened, err := r.Body(ctx)
		if err != nil {
			return nil, err
		}
		body = opened
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.ContentLength = r.Size
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fault.Temporary(err, 0)
	}
	if resp.StatusCode/100 != 2 && resp.StatusCode != http.StatusNotModified {
		err := c.statusError(req, resp)
		switch {
		case err.Status == http.StatusUnauthorized:
			return nil, fault.Stop(err)
		case err.Status >= 500 || err.Status == http.StatusTooManyRequests || err.Status == http.StatusRequestTimeout:
			return nil, fault.Temporary(err, err.RetryAfter)
		}
		return nil, err
	}
	return resp, nil
}
