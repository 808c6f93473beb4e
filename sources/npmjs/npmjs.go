// Package npmjs reads npm registries: npm's public registry, Verdaccio, and others that speak npm's protocol
// (github.com/npm/registry docs/REGISTRY-API.md and docs/responses/package-metadata.md; npm/cli's own client code where
// those are silent). A name's packument tells its versions; which names there are is the harder question, see names.go.
package npmjs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// maxWho bounds the answer to -/whoami.
const maxWho = 64 << 10

// Options say what to list. Without scopes and packages it is everything, where the registry can tell.
type Options struct {
	// Scopes are listed whole: "@acme", with or without the at sign.
	Scopes []string
	// Packages are listed by name.
	Packages []string
	// Names says where the names of Scopes come from.
	Names Names
	// Anonymous is set when no credentials are configured.
	Anonymous bool
	// Changes speaks to the registry's change host, without credentials; nil where there is none.
	Changes *httpx.Client
	// Listings is how many packuments are read at once; 0 means 4.
	Listings int
	// Notice is told what an operator should know; nil: nobody.
	Notice func(string)
	// Told is told by Check what it found; nil: nobody.
	Told func(artifact.Fact)
}

// Source is one npm registry.
type Source struct {
	name   string
	client *httpx.Client
	base   *url.URL
	o      Options
}

// New returns the source that the configuration calls name.
func New(name string, client *httpx.Client, o Options) *Source {
	return &Source{name: name, client: client, base: client.URL("", nil), o: o}
}

// Check asks who we are. Some registries treat a wrong token as none (Verdaccio answers {}), so an answer without a name
// is a refusal. Without credentials Check only asks whether the registry is there.
func (s *Source) Check(ctx context.Context) error {
	user, err := s.identify(ctx)
	if err == nil && s.o.Told != nil {
		who := user
		switch {
		case s.o.Anonymous:
			who = "nobody: private packages are not seen"
		case user == "":
			who = "a user that the registry does not name"
		}
		s.o.Told(artifact.Fact{About: "visible", Text: "read as " + who})
	}
	return err
}

// identify is Check, and tells the user's name where the registry does.
func (s *Source) identify(ctx context.Context) (user string, err error) {
	if s.o.Anonymous {
		err = s.ping(ctx)
	} else {
		user, err = s.whoami(ctx)
	}
	if ctx.Err() == nil {
		err = fault.Stop(err)
	}
	return user, fault.At(fault.Source, err)
}

func (s *Source) whoami(ctx context.Context) (string, error) {
	var who struct {
		Username string `json:"username"`
	}
	_, err := s.client.GetJSON(ctx, s.client.URL("-/whoami", nil), nil, maxWho, &who)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return "", nil // a registry without this question: its packuments will tell
	case err == nil && who.Username == "":
		return "", fmt.Errorf("source %s: the registry does not accept the credentials: its answer to -/whoami names nobody", s.name)
	}
	return who.Username, explained(err)
}

func (s *Source) ping(ctx context.Context) error {
	resp, err := s.client.Get(ctx, s.client.URL("-/ping", nil), nil)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	}
	return resp.Body.Close()
}

// statusOf is the status of a *httpx.StatusError; 0 for other errors.
func statusOf(err error) int {
	var status *httpx.StatusError
	if errors.As(err, &status) {
		return status.Status
	}
	return 0
}
