package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
)

const referenceIntro = `# The configuration file

` + "`pkgferry.yaml`" + ` is YAML, read strictly: an unknown key, a rule that can not be reached and a secret that stands in the file are
errors with file, line and column (` + "`pkgferry config check`" + `). ` + "`pkgferry config show`" + ` prints what is in force, without secrets, and
` + "`pkgferry config schema`" + ` a JSON Schema for editors. ` + "`${NAME}`" + ` stands for an environment variable; a secret is nothing else.
Relative file names start at the directory of the file.
`

// The reference is made from the table that decoding and the schema are made from: PKGFERRY_WRITE_DOCS=1 writes it anew.
func TestConfigurationIsDocumented(t *testing.T) {
	const path = "../../docs/configuration.md"
	r := &reference{types: []string{"artifactory", "nexus", "npmjs", "dockerhub"}}
	r.page.WriteString(referenceIntro)
	r.section("The whole file", "", reflect.TypeFor[File]())
	if os.Getenv("PKGFERRY_WRITE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(r.page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != r.page.String() {
		t.Errorf("%s is not what the table of keys says (%v): run make docs", path, err)
	}
}

// reference writes a section for each mapping, the outermost first.
type reference struct {
	page  strings.Builder
	types []string // of sources
}

func (r *reference) section(title, prefix string, t reflect.Type) {
	fmt.Fprintf(&r.page, "\n## %s\n\n| key | value | |\n|---|---|---|\n", title)
	rows := tableOf(t)
	for _, row := range rows {
		doc := row.doc + onlyFor(row.types)
		if row.need {
			doc = "**Required.** " + doc
		}
		fmt.Fprintf(&r.page, "| `%s` | %s | %s |\n", row.key, r.value(row), strings.ReplaceAll(doc, "|", `\|`))
	}
	for _, row := range rows {
		if inner, ok := mappingIn(row.typ); ok {
			r.section("`"+prefix+row.key+"`", prefix+row.key+".", inner)
		}
	}
}

// mappingIn is the mapping that a key holds, alone or in a list.
func mappingIn(t reflect.Type) (reflect.Type, bool) {
	if _, own := reflect.New(t).Interface().(value); own {
		return nil, false
	}
	switch t.Kind() {
	case reflect.Struct:
		return t, true
	case reflect.Slice, reflect.Pointer:
		return mappingIn(t.Elem())
	}
	return nil, false
}

// value tells what may stand behind a key.
func (r *reference) value(row field) string {
	switch row.enum {
	case "":
		return valueOf(row.typ)
	case typesEnum:
		return "`" + strings.Join(r.types, "`, `") + "`"
	}
	return "`" + strings.Join(strings.Fields(row.enum), "`, `") + "`"
}

func valueOf(t reflect.Type) string {
	switch reflect.New(t).Interface().(type) {
	case *Secret:
		return "`${NAME}`"
	case *URL:
		return "address"
	case *List:
		return "text, or a list"
	case *Command:
		return "text, or a list of words"
	case *Pattern:
		return "regular expression (RE2)"
	case *Size:
		return "size: `50MiB`"
	case *Date:
		return "day: `2023-01-31`"
	case value:
		return strings.ToLower(t.Name())
	}
	switch t.Kind() {
	case reflect.Struct:
		return "mapping, below"
	case reflect.Pointer:
		return valueOf(t.Elem())
	case reflect.Slice:
		return "list of: " + valueOf(t.Elem())
	case reflect.Map:
		if t.Key() != reflect.TypeFor[artifact.Format]() {
			return valueOf(t.Elem()) + ", by key"
		}
		return valueOf(t.Elem()) + ", by format"
	case reflect.Bool:
		return "`true`, `false`"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	return "text"
}
