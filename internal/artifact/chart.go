package artifact

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"pkgferry/internal/fault"
)

// A packed Helm chart is a gzipped tar with Chart.yaml one directory deep (https://helm.sh/docs/topics/charts/). GitLab reads
// that file in the background and files the chart under what it says
// (app/services/packages/helm/extract_file_metadata_service.rb in gitlabhq/gitlabhq).

// Chart is what Chart.yaml calls its chart.
type Chart struct{ Name, Version string }

const (
	chartFile = "Chart.yaml"
	maxChart  = 1 << 20 // bytes of Chart.yaml; GitLab reads no longer one either
	// The YAML parser needs time and memory by the square of the depth, and a call a level.
	maxYAMLTokens = 50_000
	maxYAMLDepth  = 100
)

// ReadChart reads the Chart.yaml of a packed chart, and nothing behind it. GitLab takes the first Chart.yaml that it meets at any
// depth, so a chart that a sub-chart's stands before is an error with the code IdentityMismatch. The code of the others is
// PackageUnreadable: no .tgz or a damaged one, no Chart.yaml, one over 1 MiB, one without name or version.
func ReadChart(r io.Reader) (Chart, error) {
	unpacked, err := gunzip(r)
	if err != nil {
		return Chart{}, err
	}
	first := ""
	finder := tarFinder{limit: maxChart, wanted: func(name string) bool {
		if first == "" && strings.HasSuffix(name, "/"+chartFile) {
			first = name
		}
		return inFolder(name, chartFile)
	}}
	text, err := finder.find(unpacked)
	switch {
	case err != nil:
		return Chart{}, err
	case text == nil:
		return Chart{}, unreadable("the chart has no %s one directory deep", chartFile)
	case !inFolder(first, chartFile):
		return Chart{}, fault.Errorf(IdentityMismatch, "GitLab takes the first %s of an archive, and in this one %.200q stands before the chart's own", chartFile, first)
	}
	chart, err := parseChart(text)
	if err != nil {
		return Chart{}, unreadable("%s: %w", chartFile, err)
	}
	return chart, nil
}

func parseChart(text []byte) (chart Chart, err error) {
	defer func() {
		if recover() != nil { // the parser meets bytes that it was not made for
			chart, err = Chart{}, errors.New("it is not YAML")
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !ShallowYAML(tokens) {
		return Chart{}, errors.New("it is too deep or too long to be read")
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return Chart{}, yamlError(err)
	}
	for _, document := range tree.Docs {
		if document.Body != nil {
			chart = Chart{Name: scalarOf(document.Body, "name"), Version: scalarOf(document.Body, "version")}
			break
		}
	}
	if chart.Name == "" || chart.Version == "" {
		return Chart{}, errors.New("it has no name or no version")
	}
	return chart, nil
}

// ShallowYAML tells whether the tokens of a foreign document are few enough, and nested little enough, for the parser, which
// is slow and recursive: at most 50,000, and 100 deep.
func ShallowYAML(tokens token.Tokens) bool {
	if len(tokens) > maxYAMLTokens {
		return false
	}
	open, run := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType:
			run++
		default:
			run = 0
		}
		if open > maxYAMLDepth || run > maxYAMLDepth {
			return false
		}
	}
	return true
}

// yamlError takes the message from the parser's error: its text shows lines of the file.
func yamlError(err error) error {
	if y, ok := err.(yaml.Error); ok { //nolint:errorlint // the parser never wraps
		return fmt.Errorf("%.200s", y.GetMessage())
	}
	return errors.New("it is not YAML")
}

// scalarOf is the scalar under key of a mapping, as it is written; empty when it has none. An alias is none: GitLab refuses
// every chart with one.
func scalarOf(body ast.Node, key string) string {
	mapping, ok := body.(ast.MapNode)
	if !ok {
		return ""
	}
	value := ""
	for entry := mapping.MapRange(); entry.Next(); {
		if entry.Key().GetToken().Value == key {
			value = scalar(entry.Value())
		}
	}
	return strings.TrimSpace(value)
}

func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.AnchorNode:
		return scalar(n.Value)
	case *ast.TagNode:
		return scalar(n.Value)
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	return ""
}
