package gitlab

// What addresses of packages are made of (GitLab: doc/api/projects.md, doc/api/groups.md).

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// Addresses are the ids of a group and of projects, by their full paths; without those that GitLab does not show.
type Addresses struct {
	Group    int64 // 0: not shown
	Projects map[string]int64
	// Registry is the host of the container registry, with its port; "" when it is off wherever it was looked for.
	Registry string
}

// Locate asks the GitLab that client speaks to for the ids of a group and of projects.
func Locate(ctx context.Context, client *httpx.Client, group string, projects []string) (Addresses, error) {
	found := Addresses{Projects: map[string]int64{}}
	reach, err := newAPI(client, nil)
	if err != nil {
		return found, err
	}
	g, _, err := reach.gitlab.Groups.GetGroup(group, nil, gitlab.WithContext(ctx))
	switch {
	case err == nil:
		found.Group = g.ID
	case statusOf(err) != http.StatusNotFound:
		return found, fault.At(fault.Sink, plain(err))
	}
	for _, path := range projects {
		p, _, err := reach.gitlab.Projects.GetProject(path, nil, gitlab.WithContext(ctx))
		if statusOf(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return found, fault.At(fault.Sink, plain(err))
		}
		found.Projects[path] = p.ID
		if host, _, _ := strings.Cut(imagesOf(p), "/"); host != "" {
			if at, err := url.Parse("https://" + host); err != nil || at.Host != host {
				return found, fault.At(fault.Sink, fmt.Errorf("GitLab names %q as the host of its container registry", host))
			}
			found.Registry = host
		}
	}
	return found, nil
}
