package gitlab

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The part of the GraphQL language (https://spec.graphql.org/October2021/) that clients write by hand: operations with
// variables, fields with aliases and arguments, fragments. Directives and subscriptions are left out.

// field is one selection. A fragment has only a name that starts with "..." or, inline, fields.
type field struct {
	alias, name string
	args        map[string]any
	fields      []field
}

type query struct {
	mutation  bool
	fields    []field
	fragments map[string][]field
}

type variable string // stands for its value until the query is bound

type enum string

type queryParser struct {
	tokens []string
	depth  int
}

// parseQuery reads one operation and puts variables in place.
func parseQuery(text string, variables map[string]any) (q query, err error) {
	tokens, err := tokenize(text)
	if err != nil {
		return q, err
	}
	defer func() {
		if wrong, ok := recover().(queryError); ok {
			err = wrong
		}
	}()
	p := &queryParser{tokens: tokens}
	q.fragments = map[string][]field{}
	for len(p.tokens) > 0 {
		switch word := p.tokens[0]; word {
		case "{":
			q.fields = p.selection()
		case "query", "mutation":
			q.mutation = word == "mutation"
			p.skipTo("{")
			q.fields = p.selection()
		case "fragment":
			name := p.at(1)
			p.skipTo("{")
			q.fragments["..."+name] = p.selection()
		default:
			p.fail()
		}
	}
	bind(q.fields, variables)
	for _, fields := range q.fragments {
		bind(fields, variables)
	}
	return q, nil
}

// queryError is what is wrong with a query, in GitLab's words.
type queryError string

func (e queryError) Error() string { return string(e) }

func wrongQuery(format string, args ...any) error { return queryError(fmt.Sprintf(format, args...)) }

func (p *queryParser) fail() {
	panic(queryError(fmt.Sprintf("Expected one of SCHEMA, QUERY, actual: %q", p.at(0))))
}

func (p *queryParser) at(i int) string {
	if i >= len(p.tokens) {
		panic(queryError("Unexpected end of document"))
	}
	return p.tokens[i]
}

func (p *queryParser) next() string {
	t := p.at(0)
	p.tokens = p.tokens[1:]
	return t
}

func (p *queryParser) want(t string) {
	if p.at(0) != t {
		p.fail()
	}
	p.next()
}

func (p *queryParser) skipTo(t string) {
	for p.at(0) != t {
		if p.next() == "(" { // defaults of variables may hold braces
			p.skipTo(")")
			p.next()
		}
	}
}

func (p *queryParser) selection() (fields []field) {
	if p.depth++; p.depth > 30 {
		panic(queryError("Query has too many levels"))
	}
	defer func() { p.depth-- }()
	for p.want("{"); p.at(0) != "}"; {
		f := field{name: p.next()}
		switch {
		case f.name == "..." && p.at(0) == "on":
			p.next()
			p.next()
			f.fields = p.selection()
			fields = append(fields, f)
			continue
		case f.name == "...":
			f.name += p.next()
			fields = append(fields, f)
			continue
		case !isName(f.name):
			p.fail()
		}
		f.alias = f.name
		if p.at(0) == ":" {
			p.next()
			f.name = p.next()
		}
		if p.at(0) == "(" {
			p.next()
			f.args = p.pairs(")")
		}
		if p.at(0) == "{" {
			f.fields = p.selection()
		}
		fields = append(fields, f)
	}
	p.next()
	return fields
}

func (p *queryParser) pairs(end string) map[string]any {
	all := map[string]any{}
	for p.at(0) != end {
		name := p.next()
		p.want(":")
		all[name] = p.value()
	}
	p.next()
	return all
}

func (p *queryParser) value() any {
	if p.depth++; p.depth > 30 {
		panic(queryError("Value has too many levels"))
	}
	defer func() { p.depth-- }()
	switch t := p.next(); {
	case t == "{":
		return p.pairs("}")
	case t == "[":
		list := []any{}
		for p.at(0) != "]" {
			list = append(list, p.value())
		}
		p.next()
		return list
	case t == "$":
		return variable(p.next())
	case t[0] == '"':
		text, err := strconv.Unquote(t)
		if err != nil {
			panic(queryError("Bad string " + t))
		}
		return text
	case t == "true" || t == "false":
		return t == "true"
	case t == "null":
		return nil
	case isName(t):
		return enum(t)
	default:
		n, err := strconv.Atoi(t)
		if err != nil {
			panic(queryError("Bad value " + t))
		}
		return n
	}
}

func isName(t string) bool { return t[0] == '_' || unicode.IsLetter(rune(t[0])) }

// bind replaces variables by their values.
func bind(fields []field, variables map[string]any) {
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case variable:
			return variables[string(v)]
		case map[string]any:
			for key, one := range v {
				v[key] = walk(one)
			}
		case []any:
			for i, one := range v {
				v[i] = walk(one)
			}
		}
		return v
	}
	for _, f := range fields {
		walk(f.args)
		bind(f.fields, variables)
	}
}

// tokenize cuts a query into names, numbers, strings with their quotes, and punctuation. Commas are white space.
func tokenize(text string) (tokens []string, err error) {
	for {
		text = strings.TrimLeft(text, " \t\r\n,\ufeff")
		switch {
		case text == "":
			return tokens, nil
		case text[0] == '#':
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		n := 1
		switch {
		case strings.HasPrefix(text, "..."):
			n = 3
		case text[0] == '"':
			for n < len(text) && text[n] != '"' {
				if text[n] == '\\' {
					n++
				}
				n++
			}
			if n++; n > len(text) {
				return nil, queryError("Unterminated string")
			}
		case strings.ContainsRune("{}()[]:$!=@|&", rune(text[0])):
		default:
			n = strings.IndexFunc(text, func(r rune) bool {
				return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
			})
			if n == 0 {
				return nil, queryError(fmt.Sprintf("Unexpected character %q", text[0]))
			}
			if n < 0 {
				n = len(text)
			}
		}
		tokens, text = append(tokens, text[:n]), text[n:]
	}
}
