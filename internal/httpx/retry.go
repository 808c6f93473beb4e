// Which failures of a read are worth another attempt: RFC 9110, sections 15.5 and 15.6.

package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"pkgferry/internal/fault"
)

const (
	shortestBackoff = 200 * time.Millisecond
	longestBackoff  = 30 * time.Second
	// patience is how many refusals for going too fast weigh as much as one failure: the host's pause answers them, and
	// many workers share the windows that follow it.
	patience = 4
)

// budget counts the attempts of one read.
type budget struct{ attempts, failures, refusals int }

func (c *Client) budget(ctx context.Context) *budget {
	if flag(ctx, onlyOnce{}) {
		return &budget{attempts: 1}
	}
	return &budget{attempts: c.o.Attempts}
}

// spend takes a failed attempt from the budget, and tells whether another one makes sense and after which back-off. A
// pause of the host is waited for at its gate, not here.
func (b *budget) spend(err error) (time.Duration, bool) {
	switch {
	case !repeatable(err):
		return 0, false
	case statusOf(err) == http.StatusTooManyRequests:
		b.refusals++
		return 0, b.attempts > 1 && b.refusals < patience*b.attempts
	}
	b.failures++
	wait := min(longestBackoff, shortestBackoff<<min(b.failures-1, 16))
	return wait/2 + rand.N(wait/2), b.failures < b.attempts //nolint:gosec // it spreads attempts, nothing secret hangs on it
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// repeatable tells whether the same read can end otherwise.
func repeatable(err error) bool {
	_, spent := fault.IsSpent(err)
	return !spent && !fault.IsStop(err) && Passing(err)
}

// Passing tells whether an error may be over in a while without anybody's doing: no answer came, or one that says that the server
// is in trouble. It looks through fault.Stop, with which a server that can not be reached ends a run.
func Passing(err error) bool {
	var refusal *policyError
	var status *StatusError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &status):
		return repeatableStatus(status.Status) && !status.refusesLogin() && !status.quota
	case errors.As(err, &refusal), untrusted(err), errors.Is(err, ErrChanged):
		return false
	}
	var failed *requestError
	return errors.As(err, &failed)
}

func repeatableStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

func statusOf(err error) int {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Status
	}
	return 0
}

// untrusted tells whether the server is not the one that the address names, or speaks no TLS.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &certificate) || errors.As(err, &authority) || errors.Is(err, http.ErrSchemeMismatch)
}

// unreachable tells whether no connection came about.
func unreachable(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect") {
		return true
	}
	return errors.As(err, &name) || errors.As(err, &alert) || errors.As(err, &record) || untrusted(err)
}

// final marks the error that a read ends with.
func (c *Client) final(err error) error {
	var status *StatusError
	var failed *requestError
	switch {
	case errors.As(err, &status):
		if status.refusesLogin() {
			return fault.Stop(err)
		}
	case errors.As(err, &failed) && !failed.foreign && unreachable(err):
		return fault.Stop(err)
	}
	return err
}

// requestError is a request without an answer, or an answer whose body broke.
type requestError struct {
	text    string
	err     error
	foreign bool // it happened at a host that we were redirected to
}

func (e *requestError) Error() string { return e.text }
func (e *requestError) Unwrap() error { return e.err }

// cause is what befell the request, without saying which request again.
func cause(err error) error {
	if named, ok := err.(*requestError); ok { //nolint:errorlint // what wraps it says more
		return named.err
	}
	return err
}

// failed says which request err befell.
func (c *Client) failed(method string, u *url.URL, err error) error {
	at := u
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
		if hop, parsed := url.Parse(outer.URL); parsed == nil && hop.Host != "" {
			at = hop
		}
	}
	err = cause(err)
	text := c.o.Name + ": " + method + " " + c.mask.url(at) + ": " + c.mask.text(err.Error())
	if untrusted(err) {
		text += " (the address may be wrong, or a CA certificate is missing)"
	}
	return &requestError{text: text, err: err, foreign: !sameOrigin(at, c.o.Base)}
}
