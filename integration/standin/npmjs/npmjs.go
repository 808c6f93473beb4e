// Package npmjs is a stand-in for an npm registry: npm's public one as github.com/npm/registry docs/REGISTRY-API.md,
// docs/responses/package-metadata.md and npm/cli's own client code describe it, or, with the mode flavour=verdaccio,
// Verdaccio 6 (github.com/verdaccio/verdaccio packages/api and packages/web). The npm client installs from it and
// publishes to it. Modes, KEY=VALUE:
//
//	flavour=npmjs|verdaccio     which of the two
//	org=ok|401|403              what a valid token may do at the organisation's lists
//	permissions=read-write|write  the two vocabularies of those lists
//	private=yes                 @acme is private: without a token 404 (Verdaccio: 401)
//	web=hidden|ok|off           Verdaccio's web list: 404 to valid tokens, answered, or no web interface
//	all=ok|off                  Verdaccio's /-/all
//	gzip=truncated              the first compressed read of each document ends in the middle, with a right Content-Length
//	tarball=redirect            tarballs are redirected to a second host, which counts credentials as foreign
//	host=old                    documents name tarballs at http:// and another host
//	packument=50MB              one more package, whose document is so large
//	size=BYTES                  how much filling each tarball has
//	quirks=yes                  also packages with the oddities of a registry's history, see seed.go
//
// The fault 429@list answers as the network in front of npm's public registry does: an HTML page and Retry-After: 0.
//
// POST /_standin/mutate takes {"publish":{"name","version","tag"}}, {"tag":{"name","version","tag"}},
// {"deprecate":{"name","version","message"}} or {"unpublish":{"name","version"}} (without version: all of it).
package npmjs

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin"
)

// The one account.
const (
	Username = "standin"
	Password = "standin-password"
	Token    = "standin-npm-token"
)

// Server is an npm registry. It is safe for concurrent use.
type Server struct {
	catalog
	// Faults can be changed while it serves.
	Faults *standin.Faults

	o         standin.Options
	verdaccio bool
	stats     standin.Stats
	handler   http.Handler
	dir       string
	remove    func() error
	foreign   *http.Server // the second host; nil without tarball=redirect
	foreignAt string
	serving   sync.WaitGroup

	once struct {
		sync.Mutex
		truncated map[string]bool
	}
}

var _ standin.Server = (*Server)(nil)

// New returns a registry with a few packages, or with as many versions as the seed says.
func New(o standin.Options) (*Server, error) {
	if err := o.CheckModes("flavour", "org", "permissions", "private", "web", "all", "gzip", "tarball", "host", "packument", "size", "quirks"); err != nil {
		return nil, err
	}
	s := &Server{o: o, verdaccio: o.Mode("flavour", "npmjs") == "verdaccio", Faults: standin.NewFaults(o.Faults, o.Random)}
	s.once.truncated = map[string]bool{}
	s.Faults.Refuse = refuse
	if err := s.fill(); err != nil {
		return nil, err
	}
	var err error
	if s.dir, s.remove, err = o.DataDir(); err != nil {
		return nil, err
	}
	if o.Mode("tarball", "") == "redirect" {
		if err := s.openForeign(); err != nil {
			return nil, errors.Join(err, s.remove())
		}
	}
	s.handler = s.stats.Measure(http.HandlerFunc(s.route))
	return s, nil
}

// fill makes the packages that seed and modes ask for.
func (s *Server) fill() error {
	size, err := strconv.Atoi(s.o.Mode("size", "0"))
	if err != nil {
		return fmt.Errorf("mode size: %w", err)
	}
	count, err := s.o.SeedCount(-1)
	if err != nil {
		return err
	}
	s.catalog = catalog{packs: map[string]*pack{}, bulk: max(count, 0), filling: size}
	if count < 0 {
		s.seedSmall()
	}
	if s.o.Mode("quirks", "") == "yes" {
		s.seedQuirks()
	}
	if text := s.o.Mode("packument", ""); text != "" {
		megabytes, err := strconv.Atoi(strings.TrimSuffix(text, "MB"))
		if err != nil {
			return fmt.Errorf("mode packument: %w", err)
		}
		s.seedLarge(megabytes)
	}
	return nil
}

// Ready tells how to reach the stand-in at url.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{Kind: "npmjs", URL: url, Username: Username, Password: Password, Token: Token}
}

// Stats are the counts so far.
func (s *Server) Stats() standin.Counts { return s.stats.Counts() }

// Close ends the second host and removes temporary bodies.
func (s *Server) Close() error {
	var err error
	if s.foreign != nil {
		err = s.foreign.Close()
		s.serving.Wait()
	}
	return errors.Join(err, s.remove())
}

// openForeign starts the second host: it serves every tarball to everybody, and credentials do not belong there.
func (s *Server) openForeign() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.foreignAt = "http://" + listener.Addr().String()
	s.foreign = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			s.stats.Foreign()
		}
		s.stats.Request(r.Method, "second host")
		name, rest := splitPath(r.URL.EscapedPath())
		if len(rest) == 2 && rest[0] == "-" {
			s.sendTarball(w, r, name, rest[1])
			return
		}
		http.NotFound(w, r)
	})}
	s.serving.Go(func() { _ = s.foreign.Serve(listener) })
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
