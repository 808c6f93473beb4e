// Package httpx is the one HTTP client: HTTP/1.1 and HTTP/2 as RFC 9110, RFC 9112 and RFC 9113 describe them, with the
// rate limit headers of RFC 6585, of GitLab (doc/administration/settings/user_and_ip_rate_limits.md) and of
// draft-ietf-httpapi-ratelimit-headers. What it promises:
//
//   - Load. All clients that share a Hosts share one limiter per host. It never exceeds the configured requests per
//     second, connections and bandwidth; it pauses the whole host when the server asks for it (429, or 503 with
//     Retry-After; RateLimit-Remaining 0), and spreads what a server's window has left over the rest of the window.
//   - Retries. Reads are repeated here and nowhere else; Send makes one attempt and says by package fault whether
//     another one makes sense. A download that drops goes on where it stopped, and never joins bytes of two contents.
//   - Time. There is no total timeout: a transfer may take days. A transfer that moves no byte for Options.Stall fails.
//   - Credentials go to Options.Base and nowhere else, not even where a redirect points to. TLS is always verified, and
//     a redirect never leads from https to http, nor from a public server into a private network.
//   - Errors name the side, the request and the server's own reason. They hold at most 2 KiB of what the server said,
//     and no credential.
//   - Memory. Bodies are streamed; GetJSON is the exception and takes a limit.
//
// Every call ends when its context does, and leaves no goroutine behind.
package httpx

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Limits are what the operator allows; what the server asks for is kept in any case. Where several clients of one Hosts
// speak to one host, the strictest value counts for all of them.
type Limits struct {
	RequestsPerSecond float64 // 0: no limit of our own, only the server's signals
	Bandwidth         int64   // bytes per second of bodies, both directions together; 0: no limit
	Connections       int     // at most so many requests at once per host; 0: 64
	// Pause is the least that a host is left alone after it refused (429) without saying for how long; 0: 2 s.
	Pause time.Duration
}

// Options describe one server.
type Options struct {
	Name     string        // whose side and which one, for errors: "source nexus", "target gitlab"
	Base     *url.URL      // where the server is; credentials go nowhere else
	Auth     Auth          // nil: Anonymous
	Limits   Limits        // of Base's host
	Daily    *Daily        // how many requests to Base a day allows; nil: any number
	CAFile   string        // extra CA certificates (PEM), next to the system's
	Stall    time.Duration // a read or write that moves no byte for so long fails; 0: 60 s. There is no total timeout.
	Attempts int           // of a read; 0: 5
	Hosts    *Hosts        // the limiters shared by all clients of the process; nil: own ones
	Secrets  []string      // texts that never appear in errors: tokens, passwords
}

const (
	defaultStall    = 60 * time.Second
	defaultAttempts = 5
	// storing is how many times Stall a server may take to answer once it has the whole body of a request: it may still
	// be hashing it, or copying it to an object store.
	storing = 5
)

// Client speaks to one server, and follows where that server redirects to. It is safe for concurrent use.
type Client struct {
	o         Options
	mask      *mask
	transport *http.Transport
	bandwidth *throttle
	once      *http.Client // makes one attempt
	library   *http.Client // repeats reads
	noExpect  atomic.Bool  // the server answered 417 to Expect: 100-continue
	public    atomic.Bool  // the server was reached at a public address
	by        *Client      // whose server named Base; nil when the operator did
}

// New prepares a client; it sends nothing.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Auth == nil {
		o.Auth = Anonymous()
	}
	if o.Hosts == nil {
		o.Hosts = NewHosts()
	}
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	transport, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	o.Hosts.configure(o.Base)
	return newClient(o, transport), nil
}

func newClient(o Options, transport *http.Transport) *Client {
	c := &Client{o: o, mask: newMask(o.Secrets), transport: transport}
	c.bandwidth = o.Hosts.tighten(o.Name, o.Base, o.Limits)
	c.once = &http.Client{Transport: door{c}, CheckRedirect: c.redirect}
	c.library = &http.Client{Transport: repeating{c}, CheckRedirect: c.redirect}
	return c
}

// Beside makes a client for an address that c's server named as another of its own, such as the container registry of a
// GitLab. It shares connections, limiters, limits, CA certificates, secrets and name with c, and has credentials of its
// own. A server that was reached at a public address can not name a private one in this way either.
func (c *Client) Beside(base *url.URL, auth Auth) (*Client, error) {
	o := c.o
	o.Base, o.Auth = base, auth
	if err := o.check(); err != nil {
		return nil, err
	}
	if auth == nil {
		o.Auth = Anonymous()
	}
	beside := newClient(o, c.transport)
	beside.by = c
	return beside, nil
}

func (o *Options) check() error {
	switch {
	case o.Base == nil:
		return fmt.Errorf("%s: the address is missing", o.Name)
	case o.Base.Scheme != "http" && o.Base.Scheme != "https", o.Base.Host == "":
		return fmt.Errorf("%s: the address %q is not an absolute http or https URL", o.Name, o.Base.Redacted())
	case o.Base.User != nil:
		return fmt.Errorf("%s: the address %q must not hold a user name or a password", o.Name, o.Base.Redacted())
	case o.Limits.RequestsPerSecond < 0, o.Limits.Bandwidth < 0, o.Limits.Connections < 0, o.Limits.Pause < 0:
		return fmt.Errorf("%s: a limit is negative", o.Name)
	}
	return nil
}

// URL joins path, already escaped, to the base: an escaped slash (%2F) stays one. A query in Base is dropped.
func (c *Client) URL(path string, query url.Values) *url.URL {
	raw := strings.TrimSuffix(c.o.Base.EscapedPath(), "/") + "/" + escapeRest(strings.TrimPrefix(path, "/"))
	plain, _ := url.PathUnescape(raw) // what escapeRest returns is well-formed
	return &url.URL{Scheme: c.o.Base.Scheme, Host: c.o.Base.Host, Path: plain, RawPath: raw, RawQuery: query.Encode()}
}

// escapeRest escapes what can not stand in a path and leaves all else, so that the path is sent exactly as it is.
func escapeRest(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]),
			'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// HTTP is for libraries that make their own requests: the same limiter, credentials, redirects and TLS. GET and HEAD are
// repeated as in Get, though every status is a response; nothing else is repeated, so the library's own retries must be
// off. A redirect that would turn another method into a GET is a response, too.
func (c *Client) HTTP() *http.Client { return c.library }

// NoFollow makes a redirect a returned response instead of a followed one.
func NoFollow(ctx context.Context) context.Context { return context.WithValue(ctx, noFollow{}, true) }

// Once makes a read one attempt, for a check that a person waits for.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onlyOnce{}, true) }

// Quota tells refusals (429) for a quota that is used up from those for going too fast: where is says so of an answer's
// headers, the read ends at once, and the host is not paused.
func Quota(ctx context.Context, is func(http.Header) bool) context.Context {
	return context.WithValue(ctx, quota{}, is)
}

// overQuota tells whether an answer says that a quota is used up.
func overQuota(ctx context.Context, resp *http.Response) bool {
	is, ok := ctx.Value(quota{}).(func(http.Header) bool)
	return ok && resp.StatusCode == http.StatusTooManyRequests && is(resp.Header)
}

type (
	noFollow struct{}
	onlyOnce struct{}
	quota    struct{}
)

func flag(ctx context.Context, key any) bool {
	on, _ := ctx.Value(key).(bool)
	return on
}
