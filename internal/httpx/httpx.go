// Package httpx is the one HTTP client: HTTP/1.1 and HTTP/2 as RFC 9110, RFC 9112 and RFC 9113 describe them.
package httpx

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits are what the operator allows; what the server asks for is kept in any case.
type Limits struct {
	RequestsPerSecond float64 // 0: no limit of our own, only the server's signals
	Bandwidth         int64   // bytes per second, of both directions together; 0: no limit
	Connections       int     // at most so many at once per host; 0: 64
}

// Options describe one server.
type Options struct {
	Name     string        // whose side and which one, for errors: "source nexus", "target gitlab"
	Base     *url.URL      // where the server is; credentials go nowhere else
	Auth     Auth          // nil: Anonymous
	Limits   Limits        //
	CAFile   string        // extra CA certificates (PEM), next to the system's
	Stall    time.Duration // a read or write that moves no byte for so long fails; 0: 60 s. There is no total timeout.
	Attempts int           // of a read; 0: 5
	Hosts    *Hosts        // the limiters shared by all clients of the process; nil: own ones
	Secrets  []string      // texts that never appear in errors: tokens, passwords
}

// Client speaks to one server, and follows where that server redirects to.
type Client struct {
	o    Options
	http *http.Client
}

// New prepares a client; it sends nothing.
func New(o Options) (*Client, error) {
	if o.Base == nil || o.Base.Host == "" || (o.Base.Scheme != "http" && o.Base.Scheme != "https") {
		return nil, errors.New(o.Name + ": the address must be an absolute http or https URL")
	}
	if o.Auth == nil {
		o.Auth = Anonymous()
	}
	if o.Hosts == nil {
		o.Hosts = NewHosts()
	}
	c := &Client{o: o}
	c.http = &http.Client{Transport: authorized{o}}
	return c, nil
}

type authorized struct{ o Options }

func (a authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == a.o.Base.Scheme && req.URL.Host == a.o.Base.Host {
		req = req.Clone(req.Context())
		a.o.Auth(req)
	}
	return http.DefaultTransport.RoundTrip(req)
}

// URL joins path, already escaped, to the base: an escaped slash (%2F) stays one.
func (c *Client) URL(path string, query url.Values) *url.URL {
	u := *c.o.Base
	raw := strings.TrimSuffix(u.EscapedPath(), "/") + "/" + strings.TrimPrefix(path, "/")
	u.Path, u.RawPath = raw, ""
	if plain, err := url.PathUnescape(raw); err == nil {
		u.Path, u.RawPath = plain, raw
	}
	u.RawQuery, u.Fragment, u.RawFragment, u.User = query.Encode(), "", "", nil
	return &u
}

// HTTP is for libraries that bring their own calls: same limiter, credentials, redirects and TLS. Nothing is retried.
func (c *Client) HTTP() *http.Client { return c.http }

// NoFollow makes a redirect a returned response instead of a followed one.
func NoFollow(ctx context.Context) context.Context { return context.WithValue(ctx, noFollow{}, true) }

type noFollow struct{}
