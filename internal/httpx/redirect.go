// Redirects: RFC 9110, section 15.4; the origin of a request: RFC 6454, section 4.

package httpx

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 10

// policyError is a refusal of our own: repeating the request can not help.
type policyError struct{ text string }

func (e *policyError) Error() string { return e.text }

// redirect decides about one redirect: see the package's promises.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case flag(req.Context(), noFollow{}), last.Method != req.Method:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return &policyError{fmt.Sprintf("more than %d redirects", maxRedirects)}
	case req.URL.Scheme != "https" && req.URL.Scheme != "http":
		return &policyError{fmt.Sprintf("a redirect leads to the scheme %q", req.URL.Scheme)}
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return &policyError{"a redirect leads from https to http, to " + req.URL.Host}
	}
	req.URL.User = nil
	if strayed(via[0].URL, req) {
		keepHarmless(req.Header)
	}
	return nil
}

// strayed tells whether req, or a request that was redirected to it, is outside of home's scheme, host and port. Once
// outside, a request stays outside: a foreign server does not choose what is asked with our credentials.
func strayed(home *url.URL, req *http.Request) bool {
	for ; req != nil; req = req.Response.Request {
		if !sameOrigin(home, req.URL) {
			return true
		}
		if req.Response == nil {
			return false
		}
	}
	return false
}

// keepHarmless drops every header that could be a credential or tell where we come from: all but the known ones.
func keepHarmless(header http.Header) {
	for name := range header {
		switch {
		case strings.HasPrefix(name, "Accept"), strings.HasPrefix(name, "If-"), strings.HasPrefix(name, "Content-"):
		case name == "Range", name == "User-Agent", name == "Expect", name == "Cache-Control":
		default:
			delete(header, name)
		}
	}
}

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && hostPort(a) == hostPort(b)
}

// hostPort is the lower-case host with its port, also where the port is the scheme's own.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if strings.EqualFold(u.Scheme, "https") {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
