package gitlab

// What GitLab serves to pip about a name: a simple page, https://peps.python.org/pep-0503/ (GitLab: lib/api/pypi_packages.rb,
// app/presenters/packages/pypi/simple_package_versions_presenter.rb). It has one link for each file of each version, which
// ends in the SHA-256 that the file's publisher claimed.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const (
	maxSimplePage = 64 << 20 // some 200,000 files
	maxSimpleLink = 64 << 10
)

// simplePage is the claimed SHA-256 of each of a name's files, by file name and as GitLab spells it; "" where it shows
// none. Of several files of one name the first counts, since pip takes it.
type simplePage map[string]string

// simple asks for the files of a name in its normal form. A name that GitLab does not hold has none: it may send the client to a public index
// then, which is not followed.
func (a *api) simple(ctx context.Context, project int64, name string) (simplePage, error) {
	u := a.address(project, nil, "pypi", "simple", name)
	resp, err := a.http.Get(httpx.NoFollow(ctx), u, http.Header{"Accept": {"text/html"}})
	if statusOf(err) == http.StatusNotFound {
		return simplePage{}, nil
	}
	if err != nil {
		return nil, meaning(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return simplePage{}, nil
	}
	page, err := readSimplePage(resp.Body)
	if err != nil {
		err = fault.Because(artifact.TargetFailed, fmt.Errorf("GitLab's simple page of %s: %w", name, err))
		return nil, fault.At(fault.Sink, fault.Temporary(err, 0))
	}
	return page, nil
}

// readSimplePage reads the links of a whole page: one that does not come to its end is an error, as a file that it does
// not name would pass for missing.
func readSimplePage(r io.Reader) (simplePage, error) {
	limited := &io.LimitedReader{R: r, N: maxSimplePage + 1}
	tokens := html.NewTokenizer(limited)
	tokens.SetMaxBuf(maxSimpleLink)
	page, ended := simplePage{}, false
	for {
		kind := tokens.Next()
		name, attributes := tokens.TagName()
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("it is longer than %d bytes", maxSimplePage)
		case kind == html.ErrorToken && !errors.Is(tokens.Err(), io.EOF):
			return nil, tokens.Err()
		case kind == html.ErrorToken && !ended:
			return nil, fmt.Errorf("it breaks off: %w", io.ErrUnexpectedEOF)
		case kind == html.ErrorToken:
			return page, nil
		case kind == html.EndTagToken && string(name) == "html":
			ended = true
		case kind != html.EndTagToken && string(name) == "a" && attributes:
			if err := page.add(attribute(tokens, "href")); err != nil {
				return nil, err
			}
		}
	}
}

// attribute is the value of the first attribute of that name, its entities decoded; "" when there is none.
func attribute(tokens *html.Tokenizer, name string) string {
	for {
		key, value, more := tokens.TagAttr()
		if bytes.Equal(key, []byte(name)) {
			return string(value)
		}
		if !more {
			return ""
		}
	}
}

var sha256Text = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)

// add takes in a link: the file is its last segment, however the address before it is written.
func (p simplePage) add(href string) error {
	u, err := url.Parse(href)
	if err != nil {
		return fmt.Errorf("it has an unreadable link: %w", err)
	}
	path := u.EscapedPath()
	file, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return fmt.Errorf("it has an unreadable link: %w", err)
	}
	sum, ok := strings.CutPrefix(u.Fragment, "sha256=")
	if !ok || !sha256Text.MatchString(sum) {
		sum = ""
	}
	if _, twice := p[file]; file != "" && !twice {
		p[file] = sum
	}
	return nil
}
