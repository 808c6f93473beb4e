package httpx

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Get reads u, retrying. A 2xx or 304 response is returned, any other status is a *StatusError.
func (c *Client) Get(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	return c.read(ctx, http.MethodGet, u, header)
}

// Head is Get without a body.
func (c *Client) Head(ctx context.Context, u *url.URL, header http.Header) (*http.Response, error) {
	return c.read(ctx, http.MethodHead, u, header)
}

func (c *Client) read(ctx context.Context, method string, u *url.URL, header http.Header) (*http.Response, error) {
	return c.Send(ctx, Request{Method: method, URL: u, Header: header})
}

// GetJSON decodes a JSON body of at most limit bytes.
func (c *Client) GetJSON(ctx context.Context, u *url.URL, header http.Header, limit int64, into any) (http.Header, error) {
	resp, err := c.Get(ctx, u, header)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", c.o.Name, limit)
	}
	return resp.Header, json.Unmarshal(body, into)
}

// Open streams a download from offset on.
func (c *Client) Open(ctx context.Context, u *url.URL, offset int64, header http.Header) (*http.Response, error) {
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if offset > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	return c.Get(ctx, u, h)
}

// Whole is the size of the whole file of an Open response; -1 when the server does not say.
func Whole(resp *http.Response) int64 {
	if resp.StatusCode != http.StatusPartialContent {
		return resp.ContentLength
	}
	var from, to, size int64
	if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); err != nil {
		return -1
	}
	return size
}
