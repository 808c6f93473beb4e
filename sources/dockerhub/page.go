package dockerhub

// The pages of the API's lists: {"count":…,"next":"https://…?page=2&page_size=100","results":[…]}. They are cut by offset,
// so that what is pushed or deleted meanwhile moves entries from one page to another; and a page may be of another length
// than was asked for, so that only next tells where the list goes on.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"pkgferry/internal/httpx"
)

const (
	pageSize = 100      // the most that the API gives
	maxPage  = 16 << 20 // bytes: 100 tags of 100 platforms are 4 MB
	maxPages = 100_000  // of a list
)

// page is one answer of a list.
type page[T any] struct {
	Count   *int    `json:"count"`
	Next    *string `json:"next"`
	Results *[]T    `json:"results"`
}

// get reads an answer of the API.
func (s *Source) get(ctx context.Context, u *url.URL, into any) error {
	free, err := s.slot(ctx)
	if err != nil {
		return err
	}
	defer free()
	return s.session.do(ctx, func(ctx context.Context, api *httpx.Client) error {
		_, err := api.GetJSON(ctx, u, nil, maxPage, into)
		return err
	})
}

// list is the address of a list's first page.
func (s *Source) list(path string, size int, more url.Values) *url.URL {
	query := url.Values{"page": {"1"}, "page_size": {strconv.Itoa(size)}}
	for key, values := range more {
		query[key] = values
	}
	return s.session.signed.URL("v2/namespaces/"+url.PathEscape(s.o.Namespace)+path, query)
}

// readPage reads the page at u, and finds the next one; nil at the end.
func readPage[T any](ctx context.Context, s *Source, u *url.URL) (p page[T], next *url.URL, err error) {
	if err = s.get(ctx, u, &p); err != nil {
		return p, nil, err
	}
	if p.Count == nil || p.Results == nil {
		return p, nil, fmt.Errorf("source %s: %s answers without a list", s.name, u.Path)
	}
	if p.Next == nil || *p.Next == "" {
		return p, nil, nil
	}
	next, err = following(u, *p.Next)
	if err != nil {
		err = fmt.Errorf("source %s: %s: %w", s.name, u.Path, err)
	}
	return p, next, err
}

// following is the page that a link names, at the address of the present one: whatever host the link names, no request
// and no credential goes anywhere else.
func following(u *url.URL, link string) (*url.URL, error) {
	to, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("the link to the next page is unreadable: %.200q", link)
	}
	query, err := url.ParseQuery(to.RawQuery)
	here, there := strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(to.Path, "/")
	switch {
	case err != nil, !query.Has("page"):
		return nil, fmt.Errorf("the link to the next page names none: %.200q", link)
	case there != "" && !strings.HasSuffix(here, there) && !strings.HasSuffix(there, here):
		return nil, fmt.Errorf("the link to the next page leads to another list: %.200q", link)
	}
	from, _ := strconv.Atoi(u.Query().Get("page")) // ours, or one that was read here
	if number, err := strconv.Atoi(query.Get("page")); err != nil || number <= from {
		return nil, fmt.Errorf("the link from page %d does not lead on: %.200q", from, link)
	}
	next := *u
	next.RawQuery = query.Encode()
	return &next, nil
}

var errTooLong = errors.New("the list has more pages than are read")
