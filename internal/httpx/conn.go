// Connections: TLS 1.2 and 1.3 (RFC 5246, RFC 8446), proxies from the environment, and answers that come before the whole
// request was read (RFC 9112, section 9.5).

package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

const maxCAFile = 8 << 20

func newTransport(o Options) (*http.Transport, error) {
	roots, err := trusted(o)
	if err != nil {
		return nil, err
	}
	connections := o.Limits.Connections
	if connections == 0 {
		connections = defaultConnections
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    20 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        20 * time.Second, // shorter than servers': a write on a connection they closed is lost
		ExpectContinueTimeout:  2 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		ReadBufferSize:         64 << 10,
		WriteBufferSize:        32 << 10,
	}, nil
}

// trusted is nil, the system's certificates, or those and the ones in CAFile.
func trusted(o Options) (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	file, err := os.Open(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%s: CA certificates: %w", o.Name, err)
	}
	defer func() { _ = file.Close() }()
	pem, err := io.ReadAll(io.LimitReader(file, maxCAFile))
	if err != nil {
		return nil, fmt.Errorf("%s: CA certificates: %w", o.Name, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no PEM certificate", o.Name, o.CAFile)
	}
	return pool, nil
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if flag(ctx, steered{}) {
		d.ControlContext = refusePrivate
	}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &heldConn{Conn: conn, closed: make(chan struct{})}, nil
}

// heldConn holds a failed write back until the connection is closed. A server may answer and close before it has read
// the whole body; net/http drops such an answer as soon as a write fails, and the answer is what says why.
type heldConn struct {
	net.Conn
	close  sync.Once
	closed chan struct{}
}

const heldFor = 5 * time.Second

func (c *heldConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	cut := errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrClosedPipe)
	if !cut {
		return n, err
	}
	timer := time.NewTimer(heldFor)
	defer timer.Stop()
	select {
	case <-c.closed:
	case <-timer.C:
	}
	return n, err
}

func (c *heldConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
