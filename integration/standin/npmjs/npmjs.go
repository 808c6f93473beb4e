// Package npmjs is a stand-in for an npm registry: npm's public one as github.com/npm/registry docs/REGISTRY-API.md,
// docs/responses/package-metadata.md, npm/api-documentation and npm/cli's own client code describe it, or, with the mode
// flavour=verdaccio, Verdaccio 6 (github.com/verdaccio/verdaccio packages/api and packages/web). The npm client installs
// from it, publishes to it, asks who has access, and finds the registry's signatures right.
//
// Beside it stands the change host of the public registry, which knows what is public and takes no credentials: it has an
// address of its own, which the line that tells that the stand-in is ready names.
//
// # Modes
//
// Where a switch stands for something that nobody has written down, its first value is the likelier one.
//
//	flavour=npmjs|verdaccio     which of the two
//	token=ok|ip|otp|onetime     what becomes of the right token: taken, refused from this address, or asked for a one-time
//	                            password in a header or only in the words of the body
//	expires=N                   the token is good for N requests (default 0: for ever)
//	whoami=ok|empty|missing|page|401   how /-/whoami answers a right token
//	org=ok|401|403|404|otp|page what a right token may do at the organisation's and the users' lists
//	teams=ok|401|403|404|page   and at those of its teams; like org where it is left out
//	role=owner|admin|developer  who the token's user is: a developer is shown what his teams reach
//	permissions=read-write|write|mixed  the vocabulary of those lists
//	visibility=map|flag         whether a package's visibility is under its name or under "public"
//	private=no|yes|NAME,NAME    @acme, or these packages, are private: without a token 404 (Verdaccio: 401)
//	tombstone=document|404      what is left of a package that was unpublished as a whole
//	web=hidden|ok|off           Verdaccio's web list: 404 to right tokens, answered, or no web interface
//	all=ok|off                  Verdaccio's /-/all
//	search=ok|limited           ten searches, and then 429 for ever
//	etag=strong|weak|none       of packuments
//	stale=N                     after a change the edge gives the document from before it for N reads, unless asked for
//	                            ?write=true (default 0)
//	gzip=whole|truncated        truncated: the first compressed read of each document ends in the middle, with a right
//	                            Content-Length
//	tarball=here|redirect       redirect: to a second host, which counts credentials as foreign
//	host=here|old               old: documents name tarballs at http:// and another host
//	packument=50MB              one more package, whose document is so large
//	size=BYTES                  how much filling each tarball has
//	quirks=no|yes               also packages with the oddities of a registry's history, see seed.go
//	changes=on|off              the change host
//	changes.page=N              the most rows that it gives at once (default 10000)
//	changes.endkey=kept|ignored whether _all_docs ends at endkey
//	changes.order=kept|late     late: what changes is told behind a last_seq that was given out already
//
// # Faults
//
// 429@list answers as the network in front of npm's public registry does: an HTML page and Retry-After: 0.
//
// # Control
//
// POST /_standin/mutate takes {"publish":{"name","version","tag"}}, {"tag":{"name","version","tag"}},
// {"deprecate":{"name","version","message"}}, {"unpublish":{"name","version"}} (without version: all of it) or
// {"revoke":{"name"}} (the account may not read the package any more). In statistics "GET not modified" counts the answers
// of 304 among those of "GET packument".
package npmjs

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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

	modes     modes
	verdaccio bool
	key       signer
	stats     standin.Stats
	handler   http.Handler
	dir       string
	remove    func() error

	// The other addresses; "" where there is none.
	foreignAt, changesAt string
	beside               []*http.Server
	serving              sync.WaitGroup

	used, searches atomic.Int64 // requests with a right credential, and searches
	once           struct {
		sync.Mutex
		truncated map[string]bool
	}
}

var _ standin.Server = (*Server)(nil)

// New returns a registry with a few packages, or with as many versions as the seed says.
func New(o standin.Options) (*Server, error) {
	set, err := newModes(o)
	if err != nil {
		return nil, err
	}
	s := &Server{modes: set, verdaccio: set.is("flavour", "verdaccio"), Faults: standin.NewFaults(o.Faults, o.Random)}
	s.once.truncated = map[string]bool{}
	s.Faults.Refuse = refuse
	if s.key, err = newSigner(); err != nil {
		return nil, err
	}
	if err := s.fill(o); err != nil {
		return nil, err
	}
	if s.dir, s.remove, err = o.DataDir(); err != nil {
		return nil, err
	}
	s.handler = s.stats.Measure(http.HandlerFunc(s.route))
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// fill makes the packages that seed and modes ask for.
func (s *Server) fill(o standin.Options) error {
	count, err := o.SeedCount(-1)
	if err != nil {
		return err
	}
	s.catalog = newCatalog(max(count, 0), s.modes.number("size"), s.modes.number("stale"), s.modes.is("changes.order", "late"))
	if count < 0 {
		s.seedSmall()
	}
	if s.modes.is("quirks", "yes") {
		s.seedQuirks()
	}
	if megabytes := s.modes.number("packument"); megabytes > 0 {
		s.seedLarge(megabytes)
	}
	return nil
}

// Ready tells how to reach the stand-in at url.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{Kind: "npmjs", URL: url, Username: Username, Password: Password, Token: Token, Changes: s.changesAt}
}

// Stats are the counts so far.
func (s *Server) Stats() standin.Counts { return s.stats.Counts() }

// Close ends the other hosts and removes temporary bodies.
func (s *Server) Close() error {
	var err error
	for _, one := range s.beside {
		err = errors.Join(err, one.Close())
	}
	s.serving.Wait()
	return errors.Join(err, s.remove())
}

// open starts the hosts beside the registry. Credentials do not belong to any of them.
func (s *Server) open() (err error) {
	if s.modes.is("tarball", "redirect") {
		if s.foreignAt, err = s.listen(s.secondHost); err != nil {
			return err
		}
	}
	if s.modes.is("changes", "on") && !s.verdaccio {
		s.changesAt, err = s.listen(s.changeHost)
	}
	return err
}

// listen serves a handler at an address of its own.
func (s *Server) listen(handler http.HandlerFunc) (base string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			s.stats.Foreign()
		}
		handler(w, r)
	})}
	s.beside = append(s.beside, server)
	s.serving.Go(func() { _ = server.Serve(listener) })
	return "http://" + listener.Addr().String(), nil
}

// secondHost serves every tarball to everybody.
func (s *Server) secondHost(w http.ResponseWriter, r *http.Request) {
	s.stats.Request(r.Method, "second host")
	name, rest := splitPath(r.URL.EscapedPath())
	if len(rest) == 2 && rest[0] == "-" {
		s.sendTarball(w, r, name, rest[1])
		return
	}
	http.NotFound(w, r)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if right(r) && !strings.HasPrefix(r.URL.Path, "/_standin/") {
		s.used.Add(1)
	}
	s.handler.ServeHTTP(w, r)
}

// expired tells whether the account's credentials have been used as often as they may be.
func (s *Server) expired() bool {
	n := s.modes.number("expires")
	return n > 0 && s.used.Load() > int64(n)
}

// limited tells whether this search is one too many, and counts it.
func (s *Server) limited() bool {
	return s.searches.Add(1) > 10 && s.modes.is("search", "limited")
}

func (s *Server) isPrivate(name string) bool {
	switch list := s.modes.get("private"); list {
	case "no":
		return false
	case "yes":
		return strings.HasPrefix(name, "@"+scope+"/")
	default:
		return strings.Contains(","+list+",", ","+name+",")
	}
}
