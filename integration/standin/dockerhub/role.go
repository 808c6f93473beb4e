package dockerhub

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// The four roles and their addresses.

type role string

const (
	hubRole      role = "hub"
	authRole     role = "auth"
	registryRole role = "registry"
	cdnRole      role = "cdn"
)

// roleKey is where the context of a request has its role.
type roleKey struct{}

func roleOf(r *http.Request) role {
	one, _ := r.Context().Value(roleKey{}).(role)
	return one
}

// open listens at the addresses of the roles beside the API and serves them.
func (s *Server) open() error {
	s.roles.bases = map[role]string{}
	for _, one := range []struct {
		role  role
		serve http.HandlerFunc
	}{{authRole, s.serveAuth}, {registryRole, s.serveRegistry}, {cdnRole, s.serveCDN}} {
		listener, err := s.listen(one.role)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		s.roles.bases[one.role] = "http://" + listener.Addr().String()
		server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: s.as(one.role, one.serve)}
		s.roles.servers = append(s.roles.servers, server)
		s.roles.serving.Go(func() { _ = server.Serve(listener) })
	}
	return nil
}

// listen takes the address that a mode names; else a free port, for the CDN of a second loopback address if there is one.
func (s *Server) listen(one role) (net.Listener, error) {
	if address := s.modes.get(string(one) + ".listen"); address != "" {
		return net.Listen("tcp", address)
	}
	if one == cdnRole && !s.modes.on("localhost") {
		if listener, err := net.Listen("tcp", "127.0.0.2:0"); err == nil {
			return listener, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// base is the address of a role, as this server tells it.
func (s *Server) base(one role) string { return s.named(s.roles.bases[one]) }

// named is an address with a name in place of a number, if mode localhost wants that.
func (s *Server) named(address string) string {
	if s.modes.on("localhost") {
		return strings.Replace(address, "127.0.0.1", "localhost", 1)
	}
	return address
}

// as serves a role: requests are measured, triggers are pulled, and the limit against abuse counts all of them.
func (s *Server) as(one role, serve http.HandlerFunc) http.Handler {
	return s.stats.Measure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), roleKey{}, one))
		if limit := s.modes.number("abuse"); limit > 0 && s.abuse.take("", s.clock.now(), limit) < 0 {
			tooMany(w)
			return
		}
		serve(w, r)
	}))
}

// count counts a request and makes the changes that wait for it.
func (s *Server) count(r *http.Request, route string) {
	s.stats.Request(r.Method, route)
	s.trigger(r.Method + " " + route)
}
