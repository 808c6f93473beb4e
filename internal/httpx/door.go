// One request and its answer: RFC 9110, section 3.

package httpx

import (
	"context"
	"net/http"
	"net/http/httptrace"
)

// door is what every single request goes through, each hop of a redirect too: it waits for the host's turn, sets
// credentials at home, and puts both bodies under guard and bandwidth.
type door struct{ c *Client }

func (d door) RoundTrip(req *http.Request) (*http.Response, error) {
	c, turn := d.c, claimed(req)
	if turn == nil {
		var err error
		if turn, err = c.o.Hosts.of(req.URL).enter(req.Context()); err != nil {
			closeBody(req)
			return nil, err
		}
	}
	if err := c.charge(req); err != nil {
		turn.leave()
		closeBody(req)
		return nil, err
	}
	guard := newGuard(req.Context(), req.URL.Host, c.o.Stall)
	in := &inbound{guard: guard, bandwidth: c.bandwidth, turn: turn}
	in.failed = func(err error) error { return c.failed(req.Method, req.URL, err) }
	resp, err := c.transport.RoundTrip(c.dressed(req, in))
	if err != nil {
		turn.answered(0)
		in.over()
		return nil, guard.explain(err)
	}
	turn.answered(resp.StatusCode)
	guard.answered(resp.StatusCode)
	if !overQuota(req.Context(), resp) {
		turn.observe(resp)
	}
	resp.Request = req
	in.ReadCloser = resp.Body
	resp.Body = in
	if in.ReadCloser == http.NoBody || req.Method == http.MethodHead {
		in.over()
	}
	return resp, nil
}

// dressed is req as it is sent.
func (c *Client) dressed(req *http.Request, in *inbound) *http.Request {
	ctx := in.guard.ctx
	if c.steers(req) {
		ctx = context.WithValue(ctx, steered{}, true)
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		proxy, err := c.transport.Proxy(req)
		in.public = proxy == nil && err == nil && public(got.Conn.RemoteAddr())
		if in.public && sameOrigin(req.URL, c.o.Base) {
			c.public.Store(true)
		}
	}})
	out := req.Clone(ctx)
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "pkgferry")
	}
	if !strayed(c.o.Base, req) {
		c.o.Auth(out)
	}
	c.mask.learn(out.Header)
	if out.Body != nil && out.Body != http.NoBody {
		out.Body = &outbound{ReadCloser: out.Body, guard: in.guard, bandwidth: c.bandwidth, sent: &in.turn.host.sent}
	}
	return out
}

// CloseIdleConnections makes (*http.Client).CloseIdleConnections work.
func (d door) CloseIdleConnections() { d.c.transport.CloseIdleConnections() }

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

type claim struct{}

// claimed is the turn that Send waited for before it opened the content, for the first hop only.
func claimed(req *http.Request) *turn {
	t, _ := req.Context().Value(claim{}).(*turn)
	if t == nil || !t.claim() {
		return nil
	}
	return t
}
