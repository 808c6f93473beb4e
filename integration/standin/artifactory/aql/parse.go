package aql

// The grammar (org.artifactory.storage.db.aql.parser): sections in a fixed order, criteria that look like JSON and are not.
// Text in quotes has no escapes, so that it can not hold a quote; a value may stand without quotes when it is a number or
// null.

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dialect is what a release of Artifactory understands beyond that of 6.20.
type Dialect struct {
	// Now is the server's time, which $last and $before count from.
	Now time.Time
	// Seven: item.info, $eqic and $matchic, which came with Artifactory 7; .transitive() came with 7.17.
	Seven bool
	// Distinct: .distinct(), which came with 7.37.
	Distinct bool
}

// A SyntaxError is a query that can not be parsed, in Artifactory's words.
type SyntaxError struct{ Query, Rest string }

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("Failed to parse query: %s, it looks like there is syntax error near the following sub-query: %s", e.Query, e.Rest)
}

// maxDepth bounds how deep criteria may nest; what goes deeper is a syntax error.
const maxDepth = 64

// Parse reads a query. An error is a *SyntaxError, or what Artifactory says about a value.
func Parse(query string, d Dialect) (*Query, error) {
	p := &parser{query: query, rest: strings.TrimSpace(query), dialect: d, result: &Query{Limit: -1, Fields: slices.Clone(defaults)}}
	p.expect("items", ".", "find", "(")
	p.result.Where = p.criteria()
	p.expect(")")
	p.sections()
	if p.err == nil && p.rest != "" {
		p.fail()
	}
	if p.err != nil {
		return nil, p.err
	}
	if !p.result.Typed {
		p.result.Where = And{comparison{Type, equal, Text("file")}, p.result.Where}
	}
	return p.result, nil
}

// parser is the state of a parse. After an error nothing moves any more.
type parser struct {
	query, rest string
	dialect     Dialect
	result      *Query
	depth       int
	err         error
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = &SyntaxError{p.query, strings.TrimSpace(p.rest)}
	}
}

func (p *parser) refuse(format string, a ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, a...)
	}
}

// accept takes a token when it is next.
func (p *parser) accept(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok && p.err == nil {
		p.rest = strings.TrimLeft(rest, " \t\r\n")
	}
	return ok && p.err == nil
}

func (p *parser) expect(tokens ...string) {
	for _, token := range tokens {
		if !p.accept(token) {
			p.fail()
			return
		}
	}
}

// quoted takes a text in quotes, which ends at the next quote whatever stands before it.
func (p *parser) quoted() string {
	if !strings.HasPrefix(p.rest, `"`) {
		p.fail()
		return ""
	}
	text, rest, ok := strings.Cut(p.rest[1:], `"`)
	if !ok {
		p.fail()
		return ""
	}
	p.rest = strings.TrimLeft(rest, " \t\r\n")
	return text
}

// each takes one or more texts in quotes, with commas between them; one that is not known is an error.
func (p *parser) each(known func(text string) bool) {
	for {
		before := p.rest
		if text := p.quoted(); p.err == nil && !known(text) {
			p.rest = before
			p.fail()
		}
		if !p.accept(",") {
			return
		}
	}
}

// section takes ".name(" when it is next.
func (p *parser) section(name string) bool {
	before := p.rest
	if p.accept(".") && p.accept(name) && p.accept("(") {
		return true
	}
	if p.err == nil {
		p.rest = before
	}
	return false
}

// sections takes what may follow find, in the only order that there is.
func (p *parser) sections() {
	if p.section("include") {
		p.include()
		p.expect(")")
	}
	if p.dialect.Seven && p.section("transitive") {
		p.expect(")")
	}
	if p.section("sort") {
		p.sort()
		p.expect(")")
	}
	if p.section("offset") {
		p.result.Offset = p.count()
		p.expect(")")
	}
	if p.section("limit") {
		p.result.Limit = p.count()
		p.expect(")")
	}
	if p.dialect.Distinct && p.section("distinct") {
		if !p.accept("true") && !p.accept("false") {
			p.fail()
		}
		p.expect(")")
	}
}

// sort takes {"$asc":["name"]}.
func (p *parser) sort() {
	p.expect("{")
	before := p.rest
	direction := p.quoted()
	if direction != "$asc" && direction != "$desc" {
		p.rest = before
		p.fail()
	}
	p.result.Descending = direction == "$desc"
	p.expect(":", "[")
	p.each(func(name string) bool {
		f := Field(name)
		kind, known := p.field(f)
		p.result.Sort = append(p.result.Sort, f)
		return known && kind != logical
	})
	p.expect("]", "}")
}

// count takes an offset or a limit. Artifactory reads it as a floating-point number.
func (p *parser) count() int64 {
	before := p.rest
	n, err := strconv.ParseFloat(p.bare(), 64)
	if err != nil || !(n >= 0) {
		p.rest = before
		p.fail()
		return 0
	}
	return int64(min(n, math.MaxInt32))
}

// bare takes what stands without quotes up to the next sign.
func (p *parser) bare() string {
	end := strings.IndexAny(p.rest, " \t\r\n<>()[]{}=':\",")
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 || p.err != nil {
		p.fail()
		return ""
	}
	word := p.rest[:end]
	p.rest = strings.TrimLeft(p.rest[end:], " \t\r\n")
	return word
}

// field finds a field of this release.
func (p *parser) field(f Field) (kind, bool) {
	if slices.Contains(info, f) && !p.dialect.Seven {
		return 0, false
	}
	kind, known := kinds[f]
	return kind, known
}

// include takes the fields and domains of the result. The first item field that is named takes the place of the default ones.
func (p *parser) include() {
	named := false
	p.each(func(name string) bool {
		if p.includeDomain(name) {
			return true
		}
		f := Field(strings.TrimPrefix(name, "item.info."))
		_, known := p.field(f)
		switch {
		case !known:
		case f == PropertyKey || f == PropertyValue:
			p.result.Properties = true
		case strings.HasPrefix(name, "stat."):
			p.result.Stats = append(p.result.Stats, f)
		default:
			if !named {
				p.result.Fields, named = nil, true
			}
			p.result.Fields = append(p.result.Fields, f)
		}
		return known
	})
}

// includeDomain takes a name that stands for a domain, or for properties of one key.
func (p *parser) includeDomain(name string) bool {
	key, isKey := strings.CutPrefix(name, "@")
	switch {
	case name == "*":
		p.result.Fields = append(p.result.Fields, all...)
	case name == "property" || name == "property.*" || name == "@*":
		p.result.Properties = true
	case isKey && key != "":
		p.result.Properties = true
		p.result.Keys = append(p.result.Keys, key)
	case name == "stat" || name == "stat.*":
		p.result.Stats = append(p.result.Stats, stats...)
	case p.dialect.Seven && (name == "item.info" || name == "item.info.*"):
		p.result.Fields = append(p.result.Fields, info...)
	default:
		return false
	}
	return true
}
