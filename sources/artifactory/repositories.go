// Which repositories an Artifactory has (GET /api/repositories: a JSON array without pages, of what the user may read) and
// which of them are read: local and federated ones, which hold content of their own. A virtual one shows others' content again,
// and a remote one has its content in a repository that is not listed, KEY-cache. System repositories hold no packages.

package artifactory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"pkgferry/internal/fault"
)

// The types of repositories that matter here, in lower case.
const (
	local     = "local"
	federated = "federated"
	remote    = "remote"
	virtual   = "virtual"

	cacheSuffix = "-cache"
)

// maxRepositories bounds the answer that lists the repositories: some ten thousand of them.
const maxRepositories = 64 << 20

// repository is one repository to read.
type repository struct {
	// Key is where its content lies.
	Key string
	// Class is local, federated or remote, PackageType what it holds, both in lower case.
	Class, PackageType string
}

// system tells the repositories that Artifactory keeps for itself (jfrog-cli-core, artifactory/utils/repositoryutils.go).
func system(key, packageType string) bool {
	switch key {
	case "jfrog-usage-logs", "jfrog-billing-logs", "jfrog-logs", "artifactory-pipe-info", "auto-trashcan", "jfrog-support-bundle",
		"_intransit", "artifactory-edge-uploads", "release-bundles", "release-bundles-v2", "artifactory-build-info":
		return true
	}
	switch packageType {
	case "buildinfo", "releasebundles", "support", "trash":
		return true
	}
	return slices.ContainsFunc([]string{"-release-bundles", "-release-bundles-v2", "-build-info", "-application-versions"},
		func(suffix string) bool { return strings.HasSuffix(key, suffix) })
}

// repositories returns the repositories to list, by key. Its errors are marked fault.Stop: nothing can be listed.
func (s *Source) repositories(ctx context.Context) ([]repository, error) {
	var rows []struct {
		Key         string `json:"key"`
		Type        string `json:"type"`
		PackageType string `json:"packageType"`
	}
	header, err := s.client.GetJSON(ctx, s.client.URL("/api/repositories", nil), nil, maxRepositories, &rows)
	if err != nil {
		return nil, fault.Stop(fault.At(fault.Source, s.misplaced(ctx, err)))
	}
	s.now.see(header)
	server := header.Get("Server")
	s.server.Store(&server)
	var all []repository
	for _, row := range rows {
		one := repository{Key: row.Key, Class: strings.ToLower(row.Type), PackageType: strings.ToLower(row.PackageType)}
		if one.Key != "" && !system(one.Key, one.PackageType) {
			all = append(all, one)
		}
	}
	if all, err = s.selected(all); err != nil {
		return nil, fault.Stop(fault.At(fault.Source, fmt.Errorf("source %s: %w", s.name, err)))
	}
	return all, nil
}

// selected are the repositories that the configuration asks for. One that it names has to be there.
func (s *Source) selected(all []repository) ([]repository, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("the server shows no repository: the user may read none, or there is none")
	}
	slices.SortFunc(all, func(a, b repository) int { return cmp.Compare(a.Key, b.Key) })
	var chosen []repository
	for _, one := range all {
		key, ok, err := s.selects(one)
		if err != nil {
			return nil, err
		}
		if ok {
			one.Key = key
			chosen = append(chosen, one)
		}
	}
	for _, pattern := range s.options.Repositories {
		if literal(pattern) && !slices.ContainsFunc(all, func(r repository) bool { return names(pattern, r) }) {
			return nil, fmt.Errorf("the server shows the user no repository %s; it shows %s", pattern, listed(all))
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no repository is selected; the user can read %s", listed(all))
	}
	slices.SortFunc(chosen, func(a, b repository) int { return cmp.Compare(a.Key, b.Key) })
	return chosen, nil
}

// literal tells a pattern that names one repository.
func literal(pattern string) bool { return !strings.ContainsAny(pattern, `!*?[{\`) }

// names tells whether a pattern is the key of a repository, or of a remote one's cache.
func names(pattern string, r repository) bool {
	return pattern == r.Key || r.Class == remote && pattern == r.Key+cacheSuffix
}

// selects tells whether a repository is to be listed, and under which key its content lies.
func (s *Source) selects(r repository) (key string, ok bool, err error) {
	key = r.Key
	if r.Class == remote {
		key += cacheSuffix
	}
	included, named, positive := false, false, false
	for _, pattern := range s.options.Repositories {
		glob, exclude := strings.CutPrefix(pattern, "!")
		match, err := doublestar.Match(glob, r.Key)
		if !match && err == nil && r.Class == remote {
			match, err = doublestar.Match(glob, key)
		}
		switch {
		case err != nil:
			return "", false, fmt.Errorf("repositories: %q is not a pattern", pattern)
		case exclude && match:
			return "", false, nil
		case !exclude:
			positive = true
			included = included || match
			named = named || names(glob, r)
		}
	}
	switch {
	case positive && !included:
		return "", false, nil
	case r.Class == virtual && named:
		return "", false, fmt.Errorf("repository %s is virtual, its content belongs to the repositories behind it: name those", r.Key)
	case r.Class == remote:
		return key, named, nil
	}
	return key, r.Class == local || r.Class == federated, nil
}

// listed names repositories for an operator, the first few of them.
func listed(all []repository) string {
	const most = 20
	var names []string
	for _, one := range all {
		names = append(names, one.Key+" ("+one.Class+")")
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
