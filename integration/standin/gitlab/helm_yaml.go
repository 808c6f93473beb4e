package gitlab

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	yamltoken "github.com/goccy/go-yaml/token"

	"pkgferry/internal/artifact"
)

// Chart.yaml as Ruby reads it: YAML 1.1 by Psych's safe_load (github.com/ruby/psych, lib/psych/scalar_scanner.rb), with which
// GitLab reads it (app/services/packages/helm/extract_file_metadata_service.rb). Unlike Helm it tells words apart: yes is a
// boolean, 1.10 and 12:30 are numbers, and dates, symbols and aliases are refused.

const chartUnparsed = "Error while parsing Chart.yaml: "

var (
	yamlDate    = regexp.MustCompile(`^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$`)
	yamlTime    = regexp.MustCompile(`^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$`)
	yamlNumbers = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^-?\.(inf|nan)$`),
		regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}(\.[0-9_]*)?$`),
		regexp.MustCompile(`^[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?$`),
		regexp.MustCompile(`^[-+]?(0b[01_,]+|0[0-7_,]+|0|[1-9](?:[0-9]|,[0-9]|_[0-9])*|0x[0-9a-fA-F_,]+)$`),
	}
)

// psychNumber is a number as it was written.
type psychNumber string

// psychLoad reads the first document: maps, lists, strings, booleans, psychNumbers and nil.
func psychLoad(text []byte) (value any, err error) {
	defer func() {
		if recover() != nil { // the parser meets bytes that it was not made for
			value, err = nil, refused(chartUnparsed+"(<unknown>): did not find expected node content")
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !artifact.ShallowYAML(tokens) {
		return nil, refused(chartUnparsed + "exceeded the depth or the length that the stand-in reads")
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		message := err.Error()
		if y, ok := err.(yaml.Error); ok { //nolint:errorlint // the parser never wraps
			message = y.GetMessage()
		}
		return nil, refused(chartUnparsed + "(<unknown>): " + message)
	}
	for _, document := range tree.Docs {
		if document.Body != nil {
			return psychValue(document.Body)
		}
	}
	return nil, nil
}

func psychValue(n ast.Node) (any, error) {
	switch n := n.(type) {
	case ast.MapNode:
		return psychMap(n)
	case *ast.SequenceNode:
		list := []any{}
		for _, one := range n.Values {
			value, err := psychValue(one)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case *ast.AliasNode:
		return nil, refused(chartUnparsed + "Alias parsing was not enabled. To enable it, pass `aliases: true` to `Psych::load` or `Psych::safe_load`.")
	case *ast.AnchorNode:
		return psychValue(n.Value)
	case *ast.TagNode:
		return psychValue(n.Value)
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.StringNode:
		if n.Token.Type == yamltoken.SingleQuoteType || n.Token.Type == yamltoken.DoubleQuoteType {
			return n.Value, nil
		}
		return psychScalar(n.Value)
	case *ast.NullNode:
		return nil, nil
	}
	return psychScalar(n.GetToken().Value)
}

func psychMap(n ast.MapNode) (any, error) {
	all := map[string]any{}
	for entry := n.MapRange(); entry.Next(); {
		value, err := psychValue(entry.Value())
		if err != nil {
			return nil, err
		}
		all[entry.Key().GetToken().Value] = value
	}
	return all, nil
}

// psychScalar is the value of a word that is not quoted.
func psychScalar(word string) (any, error) {
	disallowed := func(class string) (any, error) {
		return nil, refused(fmt.Sprintf("%sTried to load unspecified class: %s", chartUnparsed, class))
	}
	switch strings.ToLower(word) {
	case "", "~", "null":
		return nil, nil
	case "yes", "true", "on":
		return true, nil
	case "no", "false", "off":
		return false, nil
	case ".", "+.", "-.":
		return word, nil
	}
	switch {
	case yamlTime.MatchString(word):
		return disallowed("Time")
	case yamlDate.MatchString(word):
		return disallowed("Date")
	case len(word) > 1 && word[0] == ':':
		return disallowed("Symbol")
	}
	for _, number := range yamlNumbers {
		if number.MatchString(word) {
			return psychNumber(word), nil
		}
	}
	return word, nil
}

// MarshalYAML writes the number as a number where Go can.
func (n psychNumber) MarshalYAML() (any, error) {
	if f, err := strconv.ParseFloat(string(n), 64); err == nil {
		return f, nil
	}
	return string(n), nil
}

// text is a scalar as Ruby turns it into a string; "" for what is none.
func psychText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case psychNumber:
		return string(value)
	case bool:
		return strconv.FormatBool(value)[:1]
	}
	return ""
}
