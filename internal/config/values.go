package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml/ast"

	"pkgferry/internal/artifact"
)

var errScalar = errors.New("a single value is expected here")

// textOf is the text of a scalar as the file spells it: a version 1.10 stays 1.10.
func textOf(n ast.Node) (string, error) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, nil
	case *ast.LiteralNode:
		return s.Value.Value, nil
	case *ast.NullNode:
		return "", errors.New("no value: give one or leave the key out")
	case ast.ScalarNode:
		return s.GetToken().Value, nil
	}
	return "", errScalar
}

// scalar decodes the plain types of Go.
func (r *reader) scalar(n ast.Node, v reflect.Value) {
	text, err := textOf(n)
	if err != nil {
		r.fail(n, "%s%s", r.prefix(), err)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			r.fail(n, "%strue or false is expected here", r.prefix())
		}
		v.SetBool(text == "true")
	case reflect.Int:
		i, err := strconv.Atoi(text)
		if err != nil || i < 1 {
			r.fail(n, "%sa whole number above 0 is expected here", r.prefix())
		}
		v.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || !(f > 0) || f > 1e9 {
			r.fail(n, "%sa number above 0 is expected here", r.prefix())
		}
		v.SetFloat(f)
	default:
		if text == "" {
			r.fail(n, "%sno value: give one or leave the key out", r.prefix())
		}
		v.SetString(text)
	}
}

// environment is a reference to a variable.
var environment = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces each ${NAME} in text by the variable's value.
func (r *reader) expand(text string) (string, error) {
	var missing string
	text = environment.ReplaceAllStringFunc(text, func(ref string) string {
		got, ok := r.options.lookup(ref[2 : len(ref)-1])
		if !ok && missing == "" {
			missing = ref[2 : len(ref)-1]
		}
		return got
	})
	if missing != "" {
		return "", fmt.Errorf("the environment variable %s is not set", missing)
	}
	return text, nil
}

// Text is a text in which ${NAME} stands for an environment variable.
type Text string

func (t *Text) read(r *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	text, err = r.expand(text)
	if err == nil && text == "" {
		err = errors.New("no value: give one or leave the key out")
	}
	*t = Text(text)
	return err
}

// URL is an http(s) address without credentials; ${NAME} works in it.
type URL struct{ *url.URL }

func (u *URL) read(r *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	if text, err = r.expand(text); err != nil {
		return err
	}
	parsed, err := parseAddress(text)
	if err != nil {
		return err
	}
	u.URL = parsed
	return nil
}

// parseAddress never quotes text, which may hold a password.
func parseAddress(text string) (*url.URL, error) {
	parsed, err := url.Parse(strings.TrimSuffix(text, "/"))
	switch {
	case err != nil:
		return nil, errors.New("this is not an address; one looks like https://host.example/path")
	case parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "":
		return nil, errors.New("an address starts with https:// and a host")
	case parsed.User != nil:
		return nil, errors.New("credentials do not belong into an address: use username and password, or token")
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return nil, errors.New("an address has no ? and no #")
	}
	return parsed, nil
}

// plainHTTP tells whether traffic to u leaves the machine unprotected.
func (u URL) plainHTTP() bool {
	if u.URL == nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// Size is a number of bytes, written 50MiB or 1GB.
type Size int64

func (s *Size) read(_ *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	bytes, err := humanize.ParseBytes(text)
	if err != nil || bytes == 0 || bytes > 1<<60 {
		return errors.New("a size above 0 is expected here, for example 50MiB")
	}
	*s = Size(bytes)
	return nil
}

// Date is a day, which begins at midnight UTC, or a moment as RFC 3339 writes it.
type Date struct{ time.Time }

func (d *Date) read(_ *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if d.Time, err = time.Parse(form, text); err == nil {
			return nil
		}
	}
	return errors.New("a day is expected here, for example 2023-01-31, or a moment, 2023-01-31T12:00:00Z")
}

// List is one text or a list of texts.
type List []string

func (l *List) read(_ *reader, n ast.Node) error {
	*l = List{}
	items := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		items = s.Values
	}
	for _, item := range items {
		text, err := textOf(item)
		if err != nil {
			return err
		}
		if text == "" {
			return errors.New("an empty text matches nothing: leave it out")
		}
		*l = append(*l, text)
	}
	if len(*l) == 0 {
		return errors.New("an empty list matches nothing: leave the key out")
	}
	return nil
}

// Command is a command line: its words, or one text for the shell.
type Command struct {
	Words []string
	Shell string
}

func (c *Command) read(r *reader, n ast.Node) error {
	if _, ok := n.(*ast.SequenceNode); !ok {
		text, err := textOf(n)
		if err == nil && strings.TrimSpace(text) == "" {
			err = errors.New("a command is expected here")
		}
		c.Shell = text
		return err
	}
	var words List
	if err := words.read(r, n); err != nil {
		return err
	}
	c.Words = words
	return nil
}

// Pattern is a regular expression.
type Pattern struct{ *regexp.Regexp }

func (p *Pattern) read(_ *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	p.Regexp, err = regexp.Compile(text)
	return err
}

// checkKey judges a key of a table.
func checkKey(key any) error {
	if format, ok := key.(artifact.Format); ok {
		return checkFormat(string(format))
	}
	return nil
}

// checkRouted takes also the formats that a route can send to a generic project.
func checkRouted(word string) error {
	if slices.Contains(artifact.ForeignFormats(), artifact.Format(word)) {
		return nil
	}
	return checkFormat(word)
}

func checkFormat(word string) error {
	for _, f := range artifact.Formats() {
		if string(f) == word {
			return nil
		}
	}
	return fmt.Errorf("%q is no format; the formats are %s", word, formatWords(", "))
}

func formatWords(separator string) string {
	words := make([]string, 0, len(artifact.Formats()))
	for _, f := range artifact.Formats() {
		words = append(words, string(f))
	}
	return strings.Join(words, separator)
}
