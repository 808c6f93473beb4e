// Package dockerhub imitates Docker Hub, whose API is described by docker/docs content/reference/api/hub/latest.yaml and,
// where that is wrong, by what its clients saw (docker/hub-tool pkg/hub, goharbor/harbor src/pkg/reg/adapter/dockerhub).
// It has four roles, each at an address of its own: the API (hub.docker.com), which lists and serves no manifests, the
// token service (auth.docker.io), the registry (registry-1.docker.io), and the network that delivers blobs (CDN). The
// API's address is the one the stand-in is served at; the others are ports of their own, and the line that tells that it
// is ready names them. The CDN is at another loopback address where the system has one, so that a credential that goes
// from one role to another can be seen.
//
// # Accounts
//
// The organization acme has private and public repositories. Who signs in to the API gets a token of ten minutes; who
// asks the token service gets one of five.
//
//	standin       the owner: its password, or the access token (Token)
//	standin       with TokenPublic, whose scope is repo:public_read: public repositories alone
//	acme          with TokenOrg, an organization access token, for all of acme
//	acme          with TokenOrgBlind, one without scope-repository-list: lists public repositories and says nothing
//	acme          with TokenOrgFew, one that lists all and may read two of the private repositories
//	outsider      its password: public repositories alone
//
// # Modes
//
//	odd=true                     also what no target takes as it is, see seed.go (default false)
//	localhost=true               addresses that this server tells are names: go-containerregistry trusts no others
//	registry.listen, auth.listen, cdn.listen=HOST:PORT   where the other roles are (default: free ports)
//	cdn=off                      blobs come from the registry itself (default on)
//	cdn.lifetime=DURATION        how long an address at the CDN is good (default 20m); cdn.ranges=false ignores Range
//	jwt=DURATION                 how long a token of the API is good (default 10m)
//	2fa=true, sso=true           the owner's password needs a code ("123456"), or is refused
//	page_size=N                  the API ignores page_size and gives pages of N (default 0: as asked, at most 100)
//	anonymous.offset=N, signedin.offset=N   the API refuses pages from this offset on (default 1000 and 0: none)
//	next=elsewhere               the address of the API's next page names another host (default here)
//	digests=none                 the API tells no digest of any tag (default some)
//	attestations=listed          images[] of a tag has the attestations of an index (default omitted)
//	artifacts=one                images[] of an artifact has one entry (default none)
//	api.limit=N                  requests to the API in a minute (default 180); 0 is any number, without headers
//	api.retry=Retry-After|X-Retry-After|none   what says when to come back
//	softblock=true               the API answers 404 to everything
//	abuse=N                      requests in a minute that all roles together take before the bare 429 (default 0: any number)
//	token=DURATION               how long a token of the token service is good (default 5m)
//	token.fields=both|token|access_token, token.expires=false   what its answer has
//	v2=401                       a token without a scope does not open /v2/ (default 200)
//	quota=N, quota.anonymous=N   pulls in a window (default 0: no limit and no headers; 100)
//	quota.window=DURATION        the rolling window (default 6h)
//	quota.count=each|images|platforms   whether the GET of an index costs one pull, none, or one for each architecture
//	quota.source=id|ip|none      docker-ratelimit-source of who is signed in: the account, the address, or no header
//	quota.retry=true             the 429 of the quota has Retry-After (default false)
//	tags=all|link|absolute|none  tags/list in one answer, or in pages with a Link (absolute: a whole address; none: no Link)
//	tags.page=N                  the most tags of such a page (default 1000)
//	referrers=off                the registry has no API of referrers (default on)
//	empty=list                   tags/list of an empty repository is an empty list (default unknown: 404)
//
// # Faults
//
// They strike at list (the API, and the registry's lists), token (the token service), manifest, blob and read (where a
// blob's bytes come from). A status is worded as its role words it: 429@list is the API's, 429@manifest the quota's,
// 429@token and 429@blob the bare text of the abuse limit; 403@blob is an address at the CDN that is not good any more.
//
// # Control
//
// POST /_standin/clock takes {"advance":"6h"}. POST /_standin/mutate takes a list of Change, or nothing for the changes of
// a working day. In statistics the requests to the API are "GET hub tags" and so on, those to the token service "GET
// auth", those to the registry "HEAD manifest", "GET manifest", "GET tags", and those to the CDN "GET cdn"; "PULL charged"
// is how many pulls were charged to a quota, "CHANGE failed" how many changes that waited could not be made.
package dockerhub

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/registry"
)

// Server is one imitated Docker Hub.
type Server struct {
	// Faults may be changed while the server runs.
	Faults *standin.Faults

	modes *modes
	clock *clock
	stats standin.Stats
	store *registry.Store
	hub   *hub
	cdn   *registry.CDN
	keys  keys
	pulls pulls
	api   windows
	abuse windows
	later triggers
	roles roles
}

var _ standin.Server = (*Server)(nil)

// New makes a server with the content that o.Seed asks for, and opens the addresses of the roles beside the API.
func New(o standin.Options) (*Server, error) {
	modes, err := newModes(o)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Faults: standin.NewFaults(o.Faults, o.Random), modes: modes, clock: &clock{}, store: registry.NewStore(), hub: newHub(),
	}
	s.Faults.Refuse = s.refuse
	s.keys.make()
	s.pulls.spent = map[string][]spending{}
	s.cdn = registry.NewCDN(s.store)
	s.cdn.Now, s.cdn.Stats, s.cdn.Faults = s.clock.now, &s.stats, s.Faults
	if err := s.seed(o); err != nil {
		return nil, err
	}
	s.store.Now = s.clock.now
	return s, s.open()
}

// Ready tells how to reach the server, whose API is at url.
func (s *Server) Ready(url string) standin.Ready {
	return standin.Ready{
		Kind: "dockerhub", URL: s.named(url), Username: Username, Password: Password, Token: Token, Group: Org,
		Registry: s.base(registryRole), Auth: s.base(authRole), CDN: s.base(cdnRole),
	}
}

// Stats are the counts so far.
func (s *Server) Stats() standin.Counts { return s.stats.Counts() }

// Store is what the registry holds.
func (s *Server) Store() *registry.Store { return s.store }

// Close ends the other roles.
func (s *Server) Close() error {
	var failed error
	for _, one := range s.roles.servers {
		failed = errors.Join(failed, one.Close())
	}
	s.roles.serving.Wait()
	return failed
}

// ServeHTTP serves the API and /_standin/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/_standin/"); ok {
		s.control(w, r, rest)
		return
	}
	s.as(hubRole, s.serveHub).ServeHTTP(w, r)
}

// roles are the addresses beside the API.
type roles struct {
	servers []*http.Server
	bases   map[role]string
	serving sync.WaitGroup
}
