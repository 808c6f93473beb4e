package scan

// npm's registries (https://docs.npmjs.com/cli/configuring-npm/npmrc, package-lock-json): the settings of npm, Yarn, pnpm and
// Bun, and their lock files, which name each tarball by its address. GitLab: doc/user/packages/npm_registry/_index.md.

import (
	"bytes"
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
)

var npmFiles = []kind{
	{name: "npm", format: artifact.NPM, files: []string{".npmrc", "npmrc"}, then: "the token of this address must be one of GitLab"},
	{name: "npm", format: artifact.NPM, files: []string{".yarnrc", ".yarnrc.yml", ".yarnrc.yaml", "bunfig.toml", "pnpm-workspace.yaml", "lerna.json"}, judge: yarnCredential},
	{name: "npm", format: artifact.NPM, files: []string{"package.json"}, publishes: func(d *document, a address) bool { return bytes.Contains(d.text, []byte(`"publishConfig"`)) }},
	{name: "npm", format: artifact.NPM, files: []string{"package-lock.json", "npm-shrinkwrap.json", ".package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"}, lock: true},
}

var npmFormat = format{
	group: true, forwards: true,
	registry: func(scope, _ string) string { return scope + "/packages/npm/" },
	root:     func(rest string) bool { return rest == "" },
	below: func(rest string) bool { // a name's document
		name, err := url.PathUnescape(rest)
		return err == nil && artifact.IsNPMName(name) && !strings.HasPrefix(name, "-")
	},
	file: func(_, rest string) (name, version, file string, ok bool) {
		name, version, ok = artifact.ParseNPMPath(rest)
		return name, version, "", ok
	},
	address: func(d artifact.Destination, _ artifact.File) string {
		return "packages/npm/" + d.Name + "/-/" + artifact.NPMTarball(d.Name, d.Version)
	},
}

// yarnCredential: in Yarn's settings the token of a registry stands below its address, deeper.
func yarnCredential(d *document, a address) string {
	rest := d.text[a.end:]
	deep := func(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
	at := deep(d.lineAt(a.start))
	_, rest, _ = bytes.Cut(rest, []byte("\n"))
	for line := range bytes.Lines(rest) {
		if deep(line) <= at {
			break
		}
		if hasSecret(line) {
			return "a credential of the old registry goes with it: write it anew with a token of GitLab"
		}
	}
	return ""
}

// isVariable tells that a value comes from somewhere else: ${NAME}, $NAME, %NAME%, {{ … }}.
func isVariable(value []byte) bool {
	v := bytes.Trim(value, `"'`)
	return len(v) > 1 && (v[0] == '$' || v[0] == '%' && v[len(v)-1] == '%' || bytes.HasPrefix(v, []byte("{{")))
}
