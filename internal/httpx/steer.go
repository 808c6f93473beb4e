// Addresses that a public server may not lead to: RFC 1918, RFC 3927, RFC 4193, RFC 6890.

package httpx

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
)

// A server on a public address must not steer this process into the network it runs in: a redirect from there, or an
// address out of its listings, that leads to a loopback, private or link-local address is refused, whatever name the
// address hides behind, unless it is a configured server. A server that is itself reached at a private address (a
// self-managed GitLab with its object store) or through a proxy may.

type steered struct{}

// steers tells whether a public server leads req to a host that nobody configured.
func (c *Client) steers(req *http.Request) bool {
	if c.o.Hosts.configured(req.URL) {
		return false
	}
	if req.Response == nil {
		return c.reachedPublicly()
	}
	from, ok := req.Response.Body.(*inbound)
	return c.reachedPublicly() || ok && from.public
}

// reachedPublicly tells whether the server, or the one that named it, was reached at a public address.
func (c *Client) reachedPublicly() bool {
	return c.public.Load() || c.by != nil && c.by.reachedPublicly()
}

func public(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && !private(tcp.AddrPort().Addr())
}

func private(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast()
}

// refusePrivate is called with the address that the name was resolved to.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if private(at.Addr()) {
		return &policyError{fmt.Sprintf("a public server leads to the private address %s", at.Addr())}
	}
	return nil
}
