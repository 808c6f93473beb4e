package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

// testOptions is a program with two source types and one environment variable, HOST.
func testOptions() Options {
	return Options{
		Types: []string{"nexus", "npmjs"},
		Lookup: func(name string) (string, bool) {
			values := map[string]string{"HOST": "nexus.example", "SECRET": "s3cr3t-value", "EMPTY": ""}
			value, ok := values[name]
			return value, ok
		},
	}
}

const complete = `# a complete file
sources:
  - name: nexus
    type: nexus
    url: https://${HOST}/nexus/
    username: reader
    password: ${SECRET}
    repositories: ["releases", "!tmp-*"]
    limits: {requests_per_second: 20, requests_per_minute: 60, concurrent_listings: 2, bandwidth: "50MiB"}
  - name: npm
    type: npmjs
    scopes: "@acme"
    packages: [left-pad]
    token_command: [pass, show, npm]
target:
  url: http://127.0.0.1:8080
  token: ${GITLAB_TOKEN}
  group: acme/artifact-management
  job_tokens: [acme/teams, firm]
  protect: maintainer
  ca_file: ca.pem
  limits: {requests_per_minute: 1600, max_file_size: {helm: 5MiB, npm: 500MB}}
routes:
  - match: {format: maven, version: "*-SNAPSHOT"}
    project: java-snapshots
  - match: {format: [npm], name: "@acme/legacy-*", version: 1.10}
    skip: superseded
  - match: {source: nexus}
    project: sub/generic-packages
    rename: {from: "^(.+)/(?P<last>.+)$", to: "$1-${last}"}
    on_conflict: replace
select:
  include:
    - repository: releases
      version: [1.*, 2.10]
    - name: "@acme/*"
  exclude:
    - {source: npm, format: npm, version: "*-rc*"}
  modified_after: 2023-01-01
  downloaded_after: 2023-06-30T22:00:00.5+02:00
  newest_versions: 20
`

func TestReadsEverything(t *testing.T) {
	file, err := Read("pkgferry.yaml", []byte(complete), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	nexus, npm := file.Sources[0], file.Sources[1]
	got := map[string]any{
		"url": nexus.URL.String(), "user": string(nexus.Username), "password": nexus.Password.Env,
		"repositories": nexus.Repositories, "rate": nexus.Limits.Rate(), "bandwidth": int64(nexus.Limits.Bandwidth),
		"listings": nexus.Limits.ConcurrentListings, "scopes": npm.Scopes, "packages": npm.Packages,
		"command": npm.TokenCommand.Words, "target": file.Target.URL.String(), "token": file.Target.Token.Env,
		"group": string(file.Target.Group), "sizes": file.Target.Limits.MaxFileSizes(),
		"jobs": file.Target.JobTokens, "protect": file.Target.Protect,
		"version": file.Routes[1].Match.Version, "rule": file.Routes[2].Position("match"),
		"included": file.Select.Include[0].Version, "named": file.Select.Include[1].Name, "excluded": file.Select.Exclude[0].Version,
		"condition": file.Select.Include[1].Position(""), "newest": file.Select.NewestVersions,
		"modified": file.Select.ModifiedAfter.UTC().String(), "downloaded": file.Select.DownloadedAfter.UTC().String(),
	}
	want := map[string]any{
		"url": "https://nexus.example/nexus", "user": "reader", "password": "SECRET",
		"repositories": List{"releases", "!tmp-*"}, "rate": 1.0, "bandwidth": int64(50 << 20),
		"listings": 2, "scopes": List{"@acme"}, "packages": List{"left-pad"},
		"command": []string{"pass", "show", "npm"}, "target": "http://127.0.0.1:8080", "token": "GITLAB_TOKEN",
		"group": "acme/artifact-management",
		"sizes": map[artifact.Format]int64{artifact.Helm: 5 << 20, artifact.NPM: 500e6},
		"jobs":  List{"acme/teams", "firm"}, "protect": "maintainer",
		"version": List{"1.10"}, "rule": "pkgferry.yaml:28:12",
		"included": List{"1.*", "2.10"}, "named": List{"@acme/*"}, "excluded": List{"*-rc*"},
		"condition": "pkgferry.yaml:36:7", "newest": 20,
		"modified": "2023-01-01 00:00:00 +0000 UTC", "downloaded": "2023-06-30 20:00:00.5 +0000 UTC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestMistakes changes one thing of a sound file at a time and expects exactly the given errors.
func TestMistakes(t *testing.T) {
	const source = "sources:\n  - name: a\n    type: nexus\n    url: https://a.example\n"
	const target = "target:\n  url: https://g.example\n  token: ${T}\n  group: acme\n"
	for _, c := range []struct{ name, text, want string }{
		{"not YAML", "sources: [\n", `f.yaml:1:10: sequence end token ']' not found`},
		{"empty", "", `f.yaml:1:1: one YAML document is expected here`},
		{"only a comment", "# nothing\n", `f.yaml:1:1: one YAML document is expected here`},
		{"two documents", source + target + "---\n" + target, `f.yaml:1:1: one YAML document is expected here`},
		{"not a mapping", "- a\n", `f.yaml:1:1: a mapping (key: value) is expected here`},
		{"missing target", source, `f.yaml:1:1: the key target is missing`},
		{"no source", "sources: []\n" + target, `f.yaml:1:10: at least one source is needed`},
		{"unknown key", source + "    tokn: x\n" + target, `f.yaml:5:5: unknown key "tokn"; did you mean token?`},
		{"unknown key at the top", source + target + "route: []\n", `f.yaml:9:1: unknown key "route"; did you mean routes?`},
		{"duplicate key", source + "    url: https://b.example\n" + target, `f.yaml:5:5: mapping key "url" already defined at [4:5]`},
		{"literal token", source + "    token: abcdef\n" + target, `f.yaml:5:12: token: ` + errLiteral.Error()},
		{"literal number", source + "    token: 123456\n" + target, `f.yaml:5:12: token: ` + errLiteral.Error()},
		{"half a literal", source + "    token: pre-${T}\n" + target, `f.yaml:5:12: token: ` + errLiteral.Error()},
		{"mapping for a secret", source + strings.Replace(target, "${T}", "{a: b}", 1), `f.yaml:7:10: token: a single value is expected here`},
		{"literal behind an anchor", source + "    token: &t \"abc\"\n" + target, `f.yaml:5:15: token: ` + errLiteral.Error()},
		{"null", source + "    token:\n" + target, `f.yaml:5:11: token: no value: give one or leave the key out`},
		{"two secrets", source + "    token: ${T}\n    token_file: t\n" + target, `f.yaml:6:17: token and token_file exclude each other`},
		{"password alone", source + "    password: ${T}\n" + target, `f.yaml:2:5: a password needs a username`},
		{"user alone", source + "    username: u\n" + target, `f.yaml:5:15: a username needs a password or a token`},
		{"no target token", source + "target: {url: https://g.example, group: acme}\n", `f.yaml:5:9: the target needs a token, token_file or token_command`},
		{"a user for the target", source + "target: {url: https://g.example, group: acme, token: \"${T}\", username: u}\n", `f.yaml:5:72: GitLab's listings take no user and password: use token, token_file or token_command`},
		{"bad address", strings.Replace(source, "https://a.example", "a.example", 1) + target, `f.yaml:4:10: url: an address starts with https:// and a host`},
		{"unreadable address", strings.Replace(source, "https://a.example", "'https://a b:x'", 1) + target, `f.yaml:4:10: url: this is not an address; one looks like https://host.example/path`},
		{"other scheme", strings.Replace(source, "https", "ftp", 1) + target, `f.yaml:4:10: url: an address starts with https:// and a host`},
		{"credentials in the address", strings.Replace(source, "a.example", "u:p@a.example", 1) + target, `f.yaml:4:10: url: credentials do not belong into an address: use username and password, or token`},
		{"query", strings.Replace(source, "a.example", "a.example?x=1", 1) + target, `f.yaml:4:10: url: an address has no ? and no #`},
		{"plain http", strings.Replace(source, "https", "http", 1) + target, `f.yaml:4:10: http carries credentials unprotected: use https, or say allow_http: true`},
		{"unset variable", strings.Replace(source, "a.example", "${NOPE}", 1) + target, `f.yaml:4:10: url: the environment variable NOPE is not set`},
		{"empty variable", source + strings.Replace(target, "acme", "${EMPTY}", 1), `f.yaml:8:10: group: no value: give one or leave the key out`},
		{"later type", strings.Replace(source, "nexus", "dockerhub", 1) + "    namespace: acme\n" + target, `f.yaml:3:11: sources of type dockerhub are not available in this version; it has nexus, npmjs`},
		{"unknown type", strings.Replace(source, "nexus", "nexsu", 1) + target, `f.yaml:3:11: "nexsu" is no type of source; did you mean nexus?; the types are nexus, npmjs`},
		{"key of another type", source + "    scopes: ['@a']\n" + target, `f.yaml:5:13: scopes does not apply to sources of type nexus`},
		{"limit of another type", source + "    limits: {keep_pulls: 1}\n" + target, `f.yaml:5:26: keep_pulls does not apply to sources of type nexus`},
		{"no address", strings.Replace(source, "    url: https://a.example\n", "", 1) + target, `f.yaml:2:5: the key url is missing`},
		{"no list", "sources:\n  - {name: a, type: npmjs, names: list}\n" + target, `f.yaml:2:35: names: list needs packages`},
		{"no scopes", "sources:\n  - {name: a, type: npmjs, names: org}\n" + target, `f.yaml:2:35: names: org needs scopes`},
		{"bad scope", "sources:\n  - {name: a, type: npmjs, scopes: [acme]}\n" + target, `f.yaml:2:36: "acme" is no npm scope; one looks like @acme`},
		{"bad names", "sources:\n  - {name: a, type: npmjs, names: all, packages: [x]}\n" + target, `f.yaml:2:35: names is one of org, changes, verdaccio, list`},
		{"no change host", "sources:\n  - {name: a, type: npmjs, scopes: ['@a'], names: changes}\n" + target, `f.yaml:2:51: names: changes needs changes_url`},
		{"idle change host", "sources:\n  - {name: a, type: npmjs, scopes: ['@a'], names: org, changes_url: https://c.example}\n" + target, `f.yaml:2:69: with names: org the change host is never asked`},
		{"change host of no scope", "sources:\n  - {name: a, type: npmjs, packages: [b], changes_url: https://c.example}\n" + target, `f.yaml:2:56: changes_url needs scopes: the change host is asked for the names of a scope`},
		{"plain change host", "sources:\n  - {name: a, type: npmjs, scopes: ['@a'], changes_url: http://c.example}\n" + target, `f.yaml:2:57: http lets others change the names on the way: use https, or say allow_http: true`},
		{"change host of Nexus", source + "    changes_url: https://c.example\n" + target, `f.yaml:5:18: changes_url does not apply to sources of type nexus`},
		{"same name twice", source + "  - {name: a, type: nexus, url: https://b.example}\n" + target, `f.yaml:5:12: there are two sources named a`},
		{"odd name", strings.Replace(source, "name: a", "name: 'a b'", 1) + target, `f.yaml:2:11: a source's name is made of letters, digits, dots, dashes and underscores`},
		{"bad glob", source + "    repositories: ['a[']\n" + target, `f.yaml:5:19: "a[" is not a valid glob`},
		{"zero rate", source + "    limits: {requests_per_second: 0}\n" + target, `f.yaml:5:35: requests_per_second: a number above 0 is expected here`},
		{"not a rate", source + "    limits: {requests_per_minute: .nan}\n" + target, `f.yaml:5:35: requests_per_minute: a number above 0 is expected here`},
		{"bad size", source + "    limits: {bandwidth: fast}\n" + target, `f.yaml:5:25: bandwidth: a size above 0 is expected here, for example 50MiB`},
		{"negative size", source + "    limits: {bandwidth: -5MiB}\n" + target, `f.yaml:5:25: bandwidth: a size above 0 is expected here, for example 50MiB`},
		{"bad count", source + "    limits: {concurrent_listings: 1.5}\n" + target, `f.yaml:5:35: concurrent_listings: a whole number above 0 is expected here`},
		{"size of no format", source + target + "  limits: {max_file_size: {gem: 1MiB}}\n", `f.yaml:9:28: max_file_size: "gem" is no format; the formats are maven, npm, pypi, nuget, terraform, helm, generic, container`},
		{"not a flag", source + "    allow_http: yes\n" + target, `f.yaml:5:17: allow_http: true or false is expected here`},
		{"bad group", source + strings.Replace(target, "acme", "/acme/", 1), `f.yaml:8:10: the full path of a group is expected here, for example acme/artifact-management`},
		{"bad job group", source + target + "  job_tokens: [acme, /b]\n", `f.yaml:9:15: "/b" is no full path of a group; one looks like acme`},
		{"bad role", source + target + "  protect: developer\n", `f.yaml:9:12: protect is one of maintainer, owner, admin`},
		{"no versions", source + target + "select: {newest_versions: 0}\n", `f.yaml:9:27: newest_versions: a whole number above 0 is expected here`},
		{"bad date", source + target + "select: {modified_after: 2023-02-30}\n", `f.yaml:9:26: modified_after: a day is expected here, for example 2023-01-31, or a moment, 2023-01-31T12:00:00Z`},
		{"platform", source + target + "select: {platform: linux/amd64}\n", `f.yaml:9:10: unknown key "platform"`},
		{"no list of conditions", source + target + "select: {include: {name: a}}\n", `f.yaml:9:19: include: a list is expected here`},
		{"no condition", source + target + "select: {exclude: []}\n", `f.yaml:9:19: exclude: an empty list says nothing: leave the key out`},
		{"bad condition", source + target + "select: {exclude: [{nam: a}]}\n", `f.yaml:9:21: unknown key "nam"; did you mean name?`},
		{"unknown source of a condition", source + target + "select: {include: [{source: b}]}\n", `f.yaml:9:29: there is no source named "b"; did you mean a?`},
		{"unknown format of a condition", source + target + "select: {exclude: [{format: mavn}]}\n", `f.yaml:9:29: "mavn" is no format; the formats are maven, npm, pypi, nuget, terraform, helm, generic, container`},
		{"no match", source + target + "routes:\n  - project: p\n", `f.yaml:10:5: the key match is missing`},
		{"skip and rename", source + target + "routes:\n  - {match: {}, skip: s, on_conflict: skip}\n", `f.yaml:10:23: a route that skips sends nothing anywhere: it has a match and nothing else`},
		{"bad project", source + target + "routes:\n  - {match: {}, project: /p}\n", `f.yaml:10:26: the path of a project below the group is expected here, for example node-packages`},
		{"bad format", source + target + "routes:\n  - {match: {format: mavn}, project: p}\n", `f.yaml:10:22: "mavn" is no format; the formats are maven, npm, pypi, nuget, terraform, helm, generic, container`},
		{"unknown source", source + target + "routes:\n  - {match: {source: b}, project: p}\n", `f.yaml:10:22: there is no source named "b"; did you mean a?`},
		{"bad pattern", source + target + "routes:\n  - {match: {}, project: p, rename: {from: '(', to: x}}\n", "f.yaml:10:44: from: error parsing regexp: missing closing ): `(`"},
		{"no such group", source + target + "routes:\n  - {match: {}, project: p, rename: {from: '(a)', to: '$1_b'}}\n", `f.yaml:10:55: $1_b names a group that the pattern does not have; write ${1} where a letter follows`},
		{"group out of range", source + target + "routes:\n  - {match: {}, project: p, rename: {from: '(a)', to: '$1$2'}}\n", `f.yaml:10:55: $2 names a group that the pattern does not have; write ${1} where a letter follows`},
		{"bad conflict", source + target + "routes:\n  - {match: {}, project: p, on_conflict: overwrite}\n", `f.yaml:10:42: on_conflict is one of fail, skip, replace`},
		{"merge key", source + target + "routes:\n  - <<: {project: p}\n", `f.yaml:10:5: unknown key "<<"`},
		{"alias to nothing", source + strings.Replace(target, "acme", "*nope", 1), `f.yaml:8:10: an alias to nothing`},
		{"carriage returns", strings.ReplaceAll(source+"    tokn: x\n"+target, "\n", "\r\n"), `f.yaml:5:5: unknown key "tokn"; did you mean token?`},
		{"two mistakes", "sources: []\ntarget: {url: x, token: y, group: z}\n", "f.yaml:1:10: at least one source is needed\nf.yaml:2:15: url: an address starts with https:// and a host\nf.yaml:2:25: token: " + errLiteral.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("f.yaml", []byte(c.text), testOptions())
			errs, ok := err.(Errors) //nolint:errorlint // Read never wraps
			if !ok {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(c.want, strings.TrimSuffix(errs.Lines(), "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestErrorIsOneLine(t *testing.T) {
	_, err := Read("f.yaml", []byte("sources: []\ntarget: {url: x}\n"), testOptions())
	if got := err.Error(); strings.Contains(got, "\n") || !strings.Contains(got, "more: pkgferry config check") {
		t.Errorf("got %q", got)
	}
}

func TestCheckHasTheLastWord(t *testing.T) {
	o := testOptions()
	o.Check = func(f *File) error { return errors.New(f.Routes[0].Position("project") + ": no") }
	_, err := Read("f.yaml", []byte(complete), o)
	if err == nil || err.Error() != "f.yaml:25:14: no" {
		t.Errorf("got %v", err)
	}
}
