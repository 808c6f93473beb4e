// Package npmjs reads npm registries: npm's public registry, Verdaccio, and others that speak npm's protocol
// (github.com/npm/registry docs/REGISTRY-API.md and docs/responses/package-metadata.md; npm/cli's own client code where
// those are silent). A name's packument tells its versions; which names there are is the harder question, see names.go.
package npmjs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
	"pkgferry/sources/packument"
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
	// Listings is how many packuments are read at once; 0 means 4.
	Listings int
}

const defaultListings = 4

// Source is one npm registry.
type Source struct {
	name   string
	client *httpx.Client
	base   *url.URL
	o      Options
}

// New returns the source that the configuration calls name.
func New(name string, client *httpx.Client, o Options) *Source {
	if o.Listings <= 0 {
		o.Listings = defaultListings
	}
	return &Source{name: name, client: client, base: client.URL("", nil), o: o}
}

// Check asks who we are. Some registries treat a wrong token as none (Verdaccio answers {}), so an answer without a name
// is a refusal. Without credentials Check only asks whether the registry is there.
func (s *Source) Check(ctx context.Context) error {
	var err error
	if s.o.Anonymous {
		err = s.ping(ctx)
	} else {
		err = s.whoami(ctx)
	}
	if ctx.Err() == nil {
		err = fault.Stop(err)
	}
	return fault.At(fault.Source, err)
}

func (s *Source) whoami(ctx context.Context) error {
	var who struct {
		Username string `json:"username"`
	}
	_, err := s.client.GetJSON(ctx, s.client.URL("-/whoami", nil), nil, maxWho, &who)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return nil // a registry without this question: its packuments will tell
	case err == nil && who.Username == "":
		return fmt.Errorf("source %s: the registry does not accept the credentials: its answer to -/whoami names nobody", s.name)
	}
	return err
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

// beginning is the cursor before the first name; a cursor is it with the last name that was yielded whole.
const beginning = "after:"

// listing is one walk over the names.
type listing struct {
	*Source
	ctx   context.Context //nolint:containedctx // the iterator's own
	yield func(sources.Listed, error) bool
	at    sources.Cursor
}

// Packages yields the names in order, of each its versions and then its index package. A listing of changes asks for a
// packument only if it is another one than was read before (RFC 9110, section 13.1.2); which names there are is asked anew.
func (s *Source) Packages(ctx context.Context, from sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		last := strings.TrimPrefix(string(from.Cursor), beginning)
		l := listing{Source: s, ctx: ctx, yield: yield, at: sources.Cursor(beginning + last)}
		if err := s.Check(ctx); err != nil {
			l.fail(err)
			return
		}
		names, doubts, err := s.names(ctx)
		for _, doubt := range doubts {
			if !l.fail(doubt) {
				return
			}
		}
		if err != nil {
			l.fail(err)
			return
		}
		at, done := slices.BinarySearch(names, last)
		if done {
			at++
		}
		read := func(ctx context.Context, name string) answer { return s.ask(ctx, from, name) }
		for a := range sources.Ahead(ctx, s.o.Listings, slices.Values(names[at:]), read) {
			if ctx.Err() != nil {
				break
			}
			if !l.one(a) {
				return
			}
		}
		if ctx.Err() != nil {
			l.fail(ctx.Err())
		}
	}
}

// answer is what the registry said of one name: its packument, nil when it is the one that was read before, with its ETag.
type answer struct {
	name     string
	document *packument.Document
	etag     string
	err      error
}

// etagNote is the key under which a name's ETag is noted.
func etagNote(name string) string { return "etag " + name }

func (s *Source) ask(ctx context.Context, start sources.Start, name string) answer {
	a := answer{name: name}
	known, err := start.Note(ctx, etagNote(name))
	if err != nil {
		a.err = err
		return a
	}
	a.document, a.etag, a.err = s.packument(ctx, name, known)
	return a
}

// fail yields an error item and tells whether to go on.
func (l *listing) fail(err error) bool {
	return l.yield(sources.Listed{Cursor: l.at}, fault.At(fault.Source, err)) && !fault.IsStop(err) && l.ctx.Err() == nil
}

// one yields what belongs to one name; only its last item moves the cursor. It tells whether to go on.
func (l *listing) one(a answer) bool {
	if a.err != nil {
		return l.fail(a.err)
	}
	ready := &sources.Listed{} // yielded when it is known whether another follows
	if a.document != nil {
		ready = nil
		for item := range l.items(a.name, a.document) {
			if ready != nil && !l.give(*ready) {
				return false
			}
			ready = &item
		}
		ready.Notes = map[string]string{etagNote(a.name): a.etag}
	}
	l.at = sources.Cursor(beginning + a.name)
	return l.give(*ready)
}

// items are what a name's packument says.
func (s *Source) items(name string, p *packument.Document) iter.Seq[sources.Listed] {
	return p.Items(artifact.Package{Source: s.name, Name: name}, func(v packument.Version) string { return s.locate(name, v.Tarball) })
}

func (l *listing) give(item sources.Listed) bool {
	item.Cursor = l.at
	if !l.yield(item, nil) {
		return false
	}
	return l.ctx.Err() == nil || l.fail(l.ctx.Err())
}

// packument reads a name's document, unless its ETag is known. The full form is asked for: only it has the publishing
// times and tombstones.
func (s *Source) packument(ctx context.Context, name, known string) (p *packument.Document, etag string, err error) {
	etag, err = s.decode(ctx, s.client.URL(artifact.NPMEscape(name), nil), known, func(body io.Reader) (err error) {
		p, err = packument.Read(body)
		return err
	})
	switch {
	case statusOf(err) != 0:
		return nil, "", s.denied(ctx, "the package "+name, err)
	case err != nil:
		return nil, "", fmt.Errorf("source %s: the document of %s: %w", s.name, name, err)
	case p != nil && p.Name != "" && p.Name != name:
		return nil, "", fmt.Errorf("source %s: asked for the package %q, the registry answered with %q", s.name, name, p.Name)
	}
	return p, etag, nil
}

// decodings is how often a JSON document is read when it breaks off inside: the edge in front of npm's public registry
// at times sends truncated compressed bodies of the announced length, which shows only to those who unpack them.
const decodings = 3

// decode reads a document, unless it is the one with the ETag known, and returns its ETag.
func (s *Source) decode(ctx context.Context, u *url.URL, known string, into func(io.Reader) error) (etag string, err error) {
	header := http.Header{"Accept": {"application/json"}}
	if known != "" {
		header.Set("If-None-Match", known)
	}
	for range decodings {
		var resp *http.Response
		if resp, err = s.client.Get(ctx, u, header); err != nil {
			return "", err
		}
		etag = resp.Header.Get("ETag")
		if resp.StatusCode == http.StatusNotModified && known != "" {
			return known, resp.Body.Close()
		}
		if kind := resp.Header.Get("Content-Type"); kind != "" && !strings.Contains(kind, "json") {
			err = notJSON(kind)
		} else {
			err = into(resp.Body)
		}
		_ = resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) || ctx.Err() != nil {
			break
		}
	}
	return etag, errors.Join(ctx.Err(), err)
}

// notJSON is the error of an answer that is a page for people.
type notJSON string

func (n notJSON) Error() string { return "the answer is " + string(n) + ", not JSON" }

// denied explains a refused read. Registries hide what the token may not read, so "not found" proves no removal; and
// "unauthorized" ends the run only if the credentials as such are no longer valid.
func (s *Source) denied(ctx context.Context, what string, err error) error {
	var status *httpx.StatusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.Status {
	case http.StatusUnauthorized:
		if err := s.Check(ctx); err != nil {
			return err
		}
	case http.StatusForbidden, http.StatusNotFound:
	default:
		return err
	}
	return fault.Errorf(artifact.SourceFailed, "source %s: %s can not be read (%d %s): it is not there, or the token may not read it",
		s.name, what, status.Status, status.Message())
}
