package integration

// A self-managed GitLab as companies run it: GitLab, its container registry, the host that takes uploads and the object
// store each at an address of their own, all private, on ports of their own, with certificates of the company's own CA.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	bignum "math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"pkgferry/integration/shelf"
	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

func TestPrivateAddresses(t *testing.T) {
	authority := newAuthority(t)
	fronts := map[string]net.Listener{}
	for name, host := range map[string]string{"gitlab": "127.0.0.1", "registry": "127.0.0.2", "uploads": "127.0.0.3", "store": "127.0.0.4"} {
		listener, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Fatal(err)
		}
		fronts[name] = listener
	}
	at := func(name string) string { return fronts[name].Addr().String() }
	to := startStandin(t, "gitlab", "--mode", "external_url=https://"+at("gitlab"), "--mode", "registry.host="+at("registry"),
		"--mode", "registry.upload.host="+at("uploads"), "--mode", "registry.store=https://"+at("store"), "--mode", "store=https://"+at("store"))
	behind, asked := *to, map[string]*atomic.Int64{}
	for name, listener := range fronts {
		asked[name] = authority.serve(t, listener, to.URL)
	}
	to.URL = "https://" + at("gitlab")

	from := shelf.New()
	image, err := random.Image(4<<10, 3)
	if err == nil {
		err = from.PutImage("team/app", "v1", image)
	}
	if err == nil {
		err = from.Put(artifact.Package{Repository: "r", Format: artifact.Generic, Name: "tool", Version: "1.0"}, map[string]shelf.Bytes{
			"tool.txt": shelf.Text([]byte("a tool")),
		})
	}
	p := artifact.Package{Repository: "r", Format: artifact.NPM, Name: "left", Version: "1.0.0"}
	if err == nil {
		tarball := tarred("package/package.json", []byte(`{"name":"left","version":"1.0.0"}`))
		err = from.Put(p, map[string]shelf.Bytes{"left-1.0.0.tgz": shelf.Text(tarball)})
	}
	if err != nil {
		t.Fatal(err)
	}
	o := ferry(t, from, to)
	o.Sink = sinks.Verify(gitlabSink(t, to, authority.file), func(artifact.Destination, artifact.Package) bool { return true })
	for purl, r := range arrivals(t, o) {
		if r.Outcome != artifact.Published || r.Proof < artifact.ReadBack {
			t.Errorf("%s: %s %s %q: %s", purl, r.Outcome, r.Reason, r.Proof, r.Error)
		}
	}
	if foreign := behind.stats(t).ForeignCredentials; foreign != 0 {
		t.Errorf("%d credentials arrived where none belong", foreign)
	}
	for name, n := range asked {
		if n.Load() == 0 {
			t.Errorf("nothing was asked of the %s at %s", name, at(name))
		}
	}
}

// authority is a company's own CA.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	file        string // its certificate as PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: bignum.NewInt(1), Subject: pkix.Name{CommonName: "a company's CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &authority{key, certificate, file}
}

// serve forwards what comes in over TLS to a stand-in, under the name that the client used, and counts it.
func (a *authority) serve(t *testing.T, listener net.Listener, to string) *atomic.Int64 {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	ip := listener.Addr().(*net.TCPAddr).IP
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: bignum.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{ip}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	forward := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		asked.Add(1)
		p.SetURL(target)
		p.Out.Host = p.In.Host
		p.Out.Header.Set("X-Forwarded-Proto", "https")
	}}
	server := &http.Server{Handler: &forward, ReadHeaderTimeout: time.Minute}
	secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	go func() { _ = server.Serve(secure) }()
	t.Cleanup(func() { _ = server.Close() })
	return &asked
}
