package gitlab

// GitLab's REST API (doc/api/packages.md, doc/api/projects.md) and GraphQL API (doc/api/graphql/reference), read through
// GitLab's own Go client, whose every request goes through httpx: one limiter, retried reads, redacted errors.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
)

const (
	maxAnswer = 16 << 20 // of one API call; a page of 100 packages has about 100 kB
	perPage   = 100
)

// api is how the formats reach GitLab.
type api struct {
	http     *httpx.Client
	gitlab   *gitlab.Client
	projects memo[string, project]
	password func(user string) httpx.Auth
	basic    memo[struct{}, *api]
}

func newAPI(client *httpx.Client, password func(user string) httpx.Auth) (*api, error) {
	base := client.URL("", nil).String()
	library, err := gitlab.NewAuthSourceClient(gitlab.Unauthenticated{}, // httpx adds the credentials
		gitlab.WithBaseURL(base), gitlab.WithoutRetries(), gitlab.WithCustomLimiter(unlimited{}),
		gitlab.WithHTTPClient(&http.Client{Transport: transport{client}}))
	if err != nil {
		return nil, err
	}
	return &api{http: client, gitlab: library, password: password}, nil
}

// unlimited is no second limiter beside httpx's.
type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }

// transport makes GitLab's client speak through httpx, which reads an answer again that breaks off. An answer that is no
// success is an *httpx.StatusError.
type transport struct{ client *httpx.Client }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		var text json.RawMessage
		header, err := t.client.GetJSON(req.Context(), req.URL, req.Header, maxAnswer, &text)
		if err != nil {
			return nil, err
		}
		body := io.NopCloser(bytes.NewReader(text))
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: body, Request: req, ContentLength: int64(len(text))}, nil
	}
	request := httpx.Request{Method: req.Method, URL: req.URL, Header: req.Header, Size: req.ContentLength}
	if req.Body != nil {
		request.Body = func(context.Context) (io.ReadCloser, error) { return req.Body, nil }
	}
	resp, err := t.client.Send(req.Context(), request)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// plain takes net/http's wrapper off an error of the library: httpx has already said what and where.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// project is what has to be known of one to publish to it.
type project struct {
	id     int64
	images string // container_registry_image_prefix; "" when its container registry, or the instance's, is off
}

// project asks once for each project.
func (a *api) project(ctx context.Context, path string) (project, error) {
	return a.projects.get(ctx, path, func(ctx context.Context) (project, error) {
		p, _, err := a.gitlab.Projects.GetProject(path, nil, gitlab.WithContext(ctx))
		if err != nil {
			return project{}, meaning(plain(err))
		}
		return project{id: p.ID, images: imagesOf(p)}, nil
	})
}

func imagesOf(p *gitlab.Project) string {
	if !takesImages(p) {
		return ""
	}
	return p.ContainerRegistryImagePrefix
}

// address is a URL below a project's packages; segments are escaped one by one.
func (a *api) address(project int64, query url.Values, segments ...string) *url.URL {
	escaped := make([]string, len(segments))
	for i, segment := range segments {
		escaped[i] = url.PathEscape(segment)
	}
	return a.http.URL(fmt.Sprintf("/api/v4/projects/%d/packages/%s", project, strings.Join(escaped, "/")), query)
}

// query says which packages of a project are listed.
type query struct {
	format        artifact.Format
	status        string // "" is what GitLab shows: default, error, deprecated
	name, version string // version exactly; name is matched as GitLab does, as a part and in any case
	newest        bool   // newest first
}

// packageType is GitLab's word for a format.
func packageType(format artifact.Format) string {
	if format == artifact.Terraform {
		return "terraform_module"
	}
	return string(format)
}

// list calls page for each page of packages until it returns false.
func (a *api) list(ctx context.Context, project int64, q query, page func([]*gitlab.Package) bool) error {
	sort := "asc"
	if q.newest {
		sort = "desc"
	}
	options := &gitlab.ListProjectPackagesOptions{
		OrderBy: gitlab.Ptr("created_at"), Sort: &sort, PackageType: gitlab.Ptr(packageType(q.format)),
		Status: given(q.status), PackageName: given(q.name), PackageVersion: given(q.version),
	}
	if q.format == artifact.Maven {
		options.IncludeVersionless = gitlab.Ptr(true)
	}
	options.PerPage = perPage
	for options.Page = 1; options.Page > 0; {
		packages, resp, err := a.gitlab.Packages.ListProjectPackages(project, options, gitlab.WithContext(ctx))
		if err != nil {
			return meaning(plain(err))
		}
		if !page(packages) {
			return nil
		}
		options.Page = resp.NextPage
	}
	return nil
}

// given is nil for "", so that the parameter is left out.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// files calls each for every file row of a package, oldest first; false when GitLab does not show the package.
func (a *api) files(ctx context.Context, project, pkg int64, each func(*gitlab.PackageFile)) (bool, error) {
	options := &gitlab.ListPackageFilesOptions{ListOptions: gitlab.ListOptions{PerPage: perPage, OrderBy: "id", Sort: "asc"}}
	for options.Page = 1; options.Page > 0; {
		rows, resp, err := a.gitlab.Packages.ListPackageFiles(project, pkg, options, gitlab.WithContext(ctx))
		switch {
		case statusOf(err) == http.StatusNotFound:
			return false, nil
		case err != nil:
			return false, meaning(plain(err))
		}
		for _, row := range rows {
			each(row)
		}
		options.Page = resp.NextPage
	}
	return true, nil
}

// signedIn reaches registries that take the token only as the password of its user (GitLab:
// lib/gitlab/api_authentication/token_resolver.rb): to them PRIVATE-TOKEN is nobody's.
func (a *api) signedIn(ctx context.Context) (*api, error) {
	return a.basic.get(ctx, struct{}{}, func(ctx context.Context) (*api, error) {
		if a.password == nil {
			return a, nil
		}
		user, _, err := a.gitlab.Users.CurrentUser(gitlab.WithContext(ctx))
		if err != nil {
			return nil, meaning(plain(err))
		}
		client, err := a.http.Beside(a.http.URL("", nil), a.password(user.Username))
		return &api{http: client}, err
	})
}

// errorRow is a package that GitLab refused in the background.
type errorRow struct {
	ID            string `json:"id"` // gid://gitlab/Packages::Package/7
	StatusMessage string
}

const errorRows = `query($path: ID!, $name: String!) {
  project(fullPath: $path) {
    packages(packageType: %s, packageName: $name, status: ERROR, sort: CREATED_DESC, first: 100) {
      nodes { id statusMessage }
    }
  }
}`

// refusal is why GitLab refused the packages with these ids in the background; "" when it does not say. They are listed
// under name. Only GraphQL tells it.
func (a *api) refusal(ctx context.Context, path string, format artifact.Format, name string, ids ...int64) (string, error) {
	var answer struct {
		Data struct {
			Project struct {
				Packages struct{ Nodes []errorRow }
			}
		}
	}
	q := gitlab.GraphQLQuery{
		Query:     fmt.Sprintf(errorRows, strings.ToUpper(string(format))),
		Variables: map[string]any{"path": path, "name": name},
	}
	if _, err := a.gitlab.GraphQL.Do(q, &answer, gitlab.WithContext(ctx)); err != nil {
		return "", meaning(plain(err))
	}
	var reasons []string
	for _, row := range answer.Data.Project.Packages.Nodes {
		own := slices.ContainsFunc(ids, func(id int64) bool { return strings.HasSuffix(row.ID, fmt.Sprintf("/%d", id)) })
		if own && !slices.Contains(reasons, row.StatusMessage) {
			reasons = append(reasons, row.StatusMessage)
		}
	}
	return strings.Join(reasons, "; or "), nil
}

// download is an Open of a held file.
func (a *api) download(u *url.URL) func(context.Context) (artifact.Content, error) {
	return func(ctx context.Context) (artifact.Content, error) {
		resp, err := a.http.Open(ctx, u, 0, nil) //nolint:bodyclose // who reads the content closes it
		if err != nil {
			return artifact.Content{}, meaning(err)
		}
		return artifact.Content{ReadCloser: resp.Body, Size: httpx.Whole(resp)}, nil
	}
}

// decode reads a short JSON answer to its end and closes it.
func decode(resp *http.Response, into any) error {
	defer resp.Body.Close()
	if into == nil {
		_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
		return err
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into)
}
