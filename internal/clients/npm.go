package clients

// npm, pnpm and yarn 1 (https://docs.npmjs.com/cli/configuring-npm/npmrc; GitLab: doc/user/packages/npm_registry/_index.md):
// the registry of a scope, and the token of a registry, which stands under its address. A group's documents name tarballs
// at the projects' own addresses, so the token stands under those as well.

import (
	"net/url"
	"regexp"
	"slices"

	"pkgferry/internal/artifact"
)

var npm = ecosystem{dir: "npm", title: "npm, pnpm, yarn 1", format: artifact.NPM, howTo: "npm.md", files: npmFiles}

// npmScope is a scope that can stand in .npmrc as it is.
var npmScope = regexp.MustCompile(`^@[A-Za-z0-9._-]+$`)

func npmFiles(s site) []file {
	s.Holding.Scopes = slices.DeleteFunc(slices.Clone(s.Holding.Scopes), func(scope string) bool { return !npmScope.MatchString(scope) })
	keys := []string{npmKey(s.Endpoint)}
	for _, p := range s.Projects {
		if key := npmTarballs(s.GitLab, p.Place); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	files := []file{{".npmrc", "npmrc", struct {
		site
		Keys []string
	}{s, keys}}}
	if s.Publishes() {
		files = append(files, file{"publish-config.json", "publish-config.json", npmPublishing(s)})
	}
	return files
}

// npmKey is under which npm looks for the token of an address.
func npmKey(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return "//" + u.Host + u.EscapedPath()
}

// npmTarballs is the key of a project's tarballs, whose addresses have its number: all projects' where that is not known.
func npmTarballs(g *GitLab, p Place) string {
	if p.ID == 0 {
		return npmKey(g.URL.JoinPath("api/v4/projects/").String())
	}
	return npmKey(g.Endpoint(p, artifact.NPM))
}

// npmPublishing is the part of package.json that sends packages to the project: a scope's registry goes before the other.
func npmPublishing(s site) map[string]string {
	registries := map[string]string{"registry": s.Publish}
	for _, scope := range s.Holding.Scopes {
		registries[scope+":registry"] = s.Publish
	}
	return registries
}
