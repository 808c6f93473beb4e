package gitlab

// What a project's image repositories hold: GET /projects/:id/registry/repositories (GitLab: doc/api/container_registry.md)
// and GET /v2/<name>/tags/list (registry/handlers/tags.go in gitlab-org/container-registry), by pages with a Link header
// (RFC 8288). A registry without a database answers with all tags at once.

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// tagsPerPage asks for more than the usual 100 tags; the registry knows no limit.
const tagsPerPage = "1000"

// tags calls page for each page of the repository's tags until it returns false; exists is false when the registry has no
// such repository.
func (r repository) tags(ctx context.Context, page func([]string) bool) (exists bool, err error) {
	u, seen := r.client.URL("v2/"+r.path+"/tags/list", url.Values{"n": {tagsPerPage}}), map[string]bool{}
	for u != nil {
		if seen[u.RawQuery] {
			return true, fault.At(fault.Sink, fault.Errorf(artifact.TargetFailed, "the registry's list of the tags of %s goes in circles", r.path))
		}
		seen[u.RawQuery] = true
		var answer struct {
			Tags []string `json:"tags"`
		}
		var header http.Header
		err := r.authorized(ctx, func(ctx context.Context) (err error) {
			header, err = r.client.GetJSON(ctx, u, nil, maxAnswer, &answer)
			return err
		}, pull(r.path))
		if statusOf(err) == http.StatusNotFound {
			return false, nil
		}
		if err != nil {
			return false, refusal(err)
		}
		if !page(answer.Tags) {
			return true, nil
		}
		if u, err = nextPage(header, u); err != nil {
			return true, fault.At(fault.Sink, err)
		}
	}
	return true, nil
}

var linkTarget = regexp.MustCompile(`<([^<>]*)>\s*;[^<]*\brel="?next\b`)

// nextPage is the address of the next page, nil after the last one. Of the Link only the query counts: the registry may
// not know under which address it is reached.
func nextPage(header http.Header, at *url.URL) (*url.URL, error) {
	found := linkTarget.FindStringSubmatch(strings.Join(header.Values("Link"), ", "))
	if found == nil {
		return nil, nil
	}
	link, err := url.Parse(found[1])
	if err != nil {
		return nil, fmt.Errorf("the registry's list of tags has an unreadable Link: %w", err)
	}
	next := *at
	next.RawQuery = link.RawQuery
	return &next, nil
}

// fallbackTag is the form of tags that list what refers to an image.
var fallbackTag = regexp.MustCompile(`^sha(256-[0-9a-f]{64}|512-[0-9a-f]{64})$`)

// packages lists the tags of all repositories of a project. Fallback tags are left out: they belong to images, and a source
// may have none where it has the referrers API.
func (c *containers) packages(ctx context.Context, t target) iter.Seq2[artifact.Destination, error] {
	return func(yield func(artifact.Destination, error) bool) {
		r, err := c.repository(ctx, t)
		if err != nil {
			yield(artifact.Destination{}, err)
			return
		}
		root := r.path
		for path, err := range t.api.imageRepositories(ctx, t.project) {
			if err != nil {
				yield(artifact.Destination{}, err)
				return
			}
			r.path, t.Name = path, strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
			more, err := r.tagged(ctx, t.Destination, yield)
			if err != nil {
				more = yield(artifact.Destination{}, fmt.Errorf("listing the tags of %s: %w", path, err))
			}
			if !more {
				return
			}
		}
	}
}

// tagged yields a destination for each of the repository's tags; more is false when yield wants none.
func (r repository) tagged(ctx context.Context, dst artifact.Destination, yield func(artifact.Destination, error) bool) (more bool, err error) {
	more = true
	_, err = r.tags(ctx, func(page []string) bool {
		for _, dst.Version = range page {
			if more && !fallbackTag.MatchString(dst.Version) {
				more = yield(dst, nil)
			}
		}
		return more
	})
	return more, err
}

// imageRepositories are the paths of a project's image repositories.
func (a *api) imageRepositories(ctx context.Context, project int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		options := &gitlab.ListProjectRegistryRepositoriesOptions{ListOptions: gitlab.ListOptions{PerPage: perPage}}
		for options.Page = 1; options.Page > 0; {
			page, resp, err := a.gitlab.ContainerRegistry.ListProjectRegistryRepositories(project, options, gitlab.WithContext(ctx))
			if err != nil {
				yield("", meaning(plain(err)))
				return
			}
			for _, one := range page {
				if !yield(one.Path, nil) {
					return
				}
			}
			options.Page = resp.NextPage
		}
	}
}
