package oci

// What a registry holds: GET /v2/_catalog and GET /v2/<name>/tags/list, with n and last, and the next page in a Link header
// (distribution specification, "Content Discovery"). Registries differ: some ignore n, some answer with as many as they
// please without a Link, some refuse an n over their own maximum, and proxies write the Link's address wrong. So of a Link
// only its n and last are taken, and behind a page without one that may be a full one the list is asked on.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

const (
	pageLength = 1000
	maxPage    = 64 << 20 // bytes of one page: a server that ignores n answers with everything
	maxPages   = 100_000
)

// page is one answer of either list.
type page struct {
	Repositories entries `json:"repositories"`
	Tags         entries `json:"tags"`
}

// entries are told when the answer has them, be it as null, which is how some say that there are none.
type entries struct {
	told  bool
	names []string
}

func (e *entries) UnmarshalJSON(text []byte) error {
	e.told = true
	return json.Unmarshal(text, &e.names)
}

// Repositories are the names in the catalog, sorted.
func (r *Registry) Repositories(ctx context.Context) ([]string, error) {
	names, err := r.all(ctx, "", "_catalog", func(p page) entries { return p.Repositories })
	return names, r.refused(err, "", "the catalog")
}

// Tags are those of a repository, sorted. A repository that is not known is an error with the reason source-missing.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	tags, err := r.all(ctx, repository, "tags/list", func(p page) entries { return p.Tags })
	return tags, r.refused(err, repository, "tags")
}

// all reads a list to its end.
func (r *Registry) all(ctx context.Context, repository, path string, list func(page) entries) ([]string, error) {
	n, seen, links := pageLength, map[string]bool{}, false
	query := behind(n, "")
	for range maxPages {
		p, next, err := r.page(ctx, repository, path, query)
		switch {
		case status(err) == http.StatusBadRequest && len(seen) == 0 && n > 0:
			n, query = 0, behind(0, "") // n was over the server's maximum
			continue
		case err != nil && len(seen) > 0 && !links && unknown(err):
			return slices.Sorted(maps.Keys(seen)), nil // which is how some say that nothing is behind the last
		case err != nil:
			return nil, err
		}
		if !list(p).told {
			return nil, errors.New("the registry answers with something else than a list")
		}
		got, before := list(p).names, len(seen)
		for _, one := range got {
			seen[one] = true
		}
		fresh := len(seen) > before
		switch {
		case next != nil && !fresh && (len(got) > 0 || next.Get("last") == query.Get("last")):
			return nil, errors.New("the pages of the list lead in a circle")
		case next != nil:
			query, links = next, true
		case fresh && !links && mayGoOn(len(got), n):
			query = behind(n, got[len(got)-1])
		case !fresh && !links && len(got) > 0 && len(got) == n:
			// The server knows no last, and gave no more than it was asked for.
			n *= 2
			query = behind(n, "")
		default:
			return slices.Sorted(maps.Keys(seen)), nil
		}
	}
	return nil, fmt.Errorf("the list has more than %d pages", maxPages)
}

// behind asks for n names (0: as many as the server likes) behind the last one; "" is the beginning.
func behind(n int, last string) url.Values {
	query := url.Values{}
	if n > 0 {
		query.Set("n", strconv.Itoa(n))
	}
	if last != "" {
		query.Set("last", last)
	}
	return query
}

// mayGoOn tells whether a list can have been cut to a length without a word: to what was asked for, or to a server's own
// maximum, which is a round number.
func mayGoOn(length, n int) bool { return length > 0 && (length == n || length%10 == 0) }

// page reads one page, and the query of the next; nil when the server names none.
func (r *Registry) page(ctx context.Context, repository, path string, query url.Values) (p page, next url.Values, err error) {
	u, err := r.url(repository, path, query)
	if err != nil {
		return p, nil, err
	}
	var header http.Header
	err = r.signed(ctx, repository, func(ctx context.Context) error {
		p = page{}
		header, err = r.client.GetJSON(ctx, u, nil, maxPage, &p)
		return err
	})
	if err == nil {
		next, err = nextPage(header)
	}
	return p, next, err
}

// nextPage reads the query of a Link with rel="next" (RFC 8288): </v2/_catalog?last=x&n=100>; rel="next". It is nil where there
// is none.
func nextPage(header http.Header) (url.Values, error) {
	rest := strings.Join(header.Values("Link"), ", ")
	for {
		_, after, open := strings.Cut(rest, "<")
		address, parameters, closed := strings.Cut(after, ">")
		if !open || !closed {
			return nil, nil
		}
		parameters, _, _ = strings.Cut(parameters, "<") // of the link behind it
		rest = strings.TrimPrefix(after, address+">")
		if !isNext(parameters) {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || !u.Query().Has("last") {
			return nil, fmt.Errorf("the Link to the next page is unreadable: %.200q", address)
		}
		next := url.Values{"last": {u.Query().Get("last")}}
		if n := u.Query().Get("n"); n != "" {
			next.Set("n", n)
		}
		return next, nil
	}
}

// isNext finds rel=next among the parameters of a link; a rel may have several words, in quotes.
func isNext(parameters string) bool {
	for one := range strings.FieldsFuncSeq(strings.ToLower(parameters), func(r rune) bool { return r == ';' || r == ',' }) {
		name, words, _ := strings.Cut(one, "=")
		if strings.TrimSpace(name) == "rel" && slices.Contains(strings.Fields(strings.ReplaceAll(words, `"`, " ")), "next") {
			return true
		}
	}
	return false
}

// Images yields the tags of a repository behind a tag ("" for all) as packages, without Cursor and Repository and with an
// empty locator. Up to ahead of them are asked for at once. A tag without a manifest is listed as source-missing; a
// repository without tags is one skipped item.
func (r *Registry) Images(ctx context.Context, repository, behind string, ahead int) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		tags, err := r.Tags(ctx, repository)
		if err == nil && len(tags) == 0 || unknown(err) {
			yield(sources.Listed{
				Package: artifact.Package{Format: artifact.Container, Name: repository}, Skip: artifact.EmptyRepository, Detail: "the repository has no tags",
			}, nil)
			return
		}
		if err != nil {
			yield(sources.Listed{}, err)
			return
		}
		at, found := slices.BinarySearch(tags, behind)
		if found {
			at++
		}
		type answer struct {
			item sources.Listed
			err  error
		}
		ask := func(ctx context.Context, tag string) answer {
			item, err := r.image(ctx, repository, tag)
			return answer{item, err}
		}
		for one := range sources.Ahead(ctx, ahead, slices.Values(tags[at:]), ask) {
			if ctx.Err() != nil {
				break
			}
			if !yield(one.item, one.err) || fault.IsStop(one.err) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(sources.Listed{}, ctx.Err())
		}
	}
}

// unknown tells that the registry itself says that it has nothing under a name, as distribution does of repositories that
// never had a tag. A 404 in other words may be anybody's.
func unknown(err error) bool {
	answer, ok := errors.AsType[*httpx.StatusError](err)
	return ok && answer.Status == http.StatusNotFound && strings.Contains(answer.Body, "NAME_UNKNOWN")
}

func (r *Registry) image(ctx context.Context, repository, tag string) (sources.Listed, error) {
	lost := artifact.Package{Format: artifact.Container, Name: repository, Version: tag}
	if !artifact.ImageTag(tag) {
		return sources.Listed{Package: lost, Skip: artifact.VersionNotAllowed, Detail: fmt.Sprintf("%.150q is no tag", tag)}, nil
	}
	m, err := r.Head(ctx, repository, tag)
	switch {
	case fault.CodeOf(err) == string(artifact.SourceMissing):
		return sources.Listed{Package: lost, Skip: artifact.SourceMissing, Detail: "the registry lists the tag and has no manifest for it"}, nil
	case err != nil:
		return sources.Listed{Package: lost}, err
	}
	return sources.Listed{Package: Image(repository, tag, m)}, nil
}
