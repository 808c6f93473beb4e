package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/jsonschema/v6"
)

const shownComplete = `sources:
  - name: nexus
    type: nexus
    url: https://nexus.example/nexus
    repositories:
      - releases
      - "!tmp-*"
    limits:
      requests_per_second: 20.0
      requests_per_minute: 60.0
      bandwidth: 50MiB
      concurrent_listings: 2
    username: reader
    password: ${SECRET} # is set, not shown
  - name: npm
    type: npmjs
    scopes: "@acme"
    packages: left-pad
    token_command:
      - pass
      - show
      - npm
target:
  url: http://127.0.0.1:8080
  group: acme/artifact-management
  job_tokens:
    - acme/teams
    - firm
  protect: maintainer
  limits:
    requests_per_minute: 1600.0
    max_file_size:
      npm: 500000000B
      helm: 5.0MiB
  token: ${GITLAB_TOKEN} # is not set
  ca_file: ca.pem
routes:
  - match:
      format: maven
      version: "*-SNAPSHOT"
    project: java-snapshots
  - match:
      format: npm
      name: "@acme/legacy-*"
      version: "1.10"
    skip: superseded
  - match:
      source: nexus
    project: sub/generic-packages
    rename:
      from: ^(.+)/(?P<last>.+)$
      to: $1-${last}
    on_conflict: replace
select:
  include:
    - repository: releases
      version:
        - 1.*
        - "2.10"
    - name: "@acme/*"
  exclude:
    - source: npm
      format: npm
      version: "*-rc*"
  modified_after: "2023-01-01"
  downloaded_after: "2023-06-30T22:00:00.5+02:00"
  newest_versions: 20
`

func TestShow(t *testing.T) {
	show := func(text string) string {
		file, err := Read("f.yaml", []byte(text), testOptions())
		if err != nil {
			t.Fatal(err)
		}
		shown, err := file.Show(testOptions())
		if err != nil {
			t.Fatal(err)
		}
		return string(shown)
	}
	first := show(complete)
	if diff := cmp.Diff(shownComplete, first); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(first, show(first)); diff != "" {
		t.Errorf("what is shown reads back as something else (-first +second)\n%s", diff)
	}
	if strings.Contains(first, "s3cr3t") {
		t.Error("a secret is shown")
	}
}

func TestShowFillsInTheStructure(t *testing.T) {
	text, _, _ := strings.Cut(complete, "routes:")
	o := testOptions()
	o.Routes = func(*File) []Route { return []Route{{Match: Match{Format: List{"npm"}}, Project: "node-packages"}} }
	file, err := Read("f.yaml", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := file.Show(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := "routes:\n  - match:\n      format: npm\n    project: node-packages\n"; !strings.HasSuffix(string(shown), want) {
		t.Errorf("the structure is missing in\n%s", shown)
	}
}

// TestSchema has an independent validator judge files by the schema.
func TestSchema(t *testing.T) {
	text, err := Schema(testOptions())
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("mem:pkgferry", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("mem:pkgferry")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		ok       bool
	}{
		{"", "", true},
		{complete, shownComplete, true},
		{"name: nexus", "nam: nexus", false},
		{"token: ${GITLAB_TOKEN}", "token: abc", false},
		{"type: npmjs", "type: svn", false},
		{"requests_per_second: 20", "requests_per_second: 0", false},
		{"helm: 5MiB", "gem: 5MiB", false},
		{"on_conflict: replace", "on_conflict: overwrite", false},
		{"url: http://127.0.0.1:8080", "url: gitlab", false},
		{"group: acme", "grup: acme", false},
		{"newest_versions: 20", "newest_versions: 0", false},
		{"modified_after: 2023-01-01", "modified_after: yesterday", false},
		{"- name: \"@acme/*\"", "- nam: \"@acme/*\"", false},
	} {
		text, err := yaml.YAMLToJSON([]byte(strings.Replace(complete, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(tree); (err == nil) != c.ok {
			t.Errorf("%q for %q: valid is %v (%v)", c.new, c.old, err == nil, err)
		}
	}
}
