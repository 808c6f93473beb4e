package aql

import (
	"strconv"
	"strings"
	"time"
)

// criteria takes what stands between the parentheses of find: nothing, or objects with commas between them.
func (p *parser) criteria() Condition {
	if !strings.HasPrefix(p.rest, "{") {
		return And{}
	}
	return p.objects()
}

func (p *parser) objects() And {
	all := And{p.object()}
	for p.accept(",") {
		all = append(all, p.object())
	}
	return all
}

// object takes {"field":…,"field":…}; all of its keys must hold.
func (p *parser) object() Condition {
	p.expect("{")
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.fail()
	}
	if p.accept("}") {
		return And{}
	}
	all := And{p.criterion()}
	for p.accept(",") {
		all = append(all, p.criterion())
	}
	p.expect("}")
	return all
}

// criterion takes one key with what it asks for.
func (p *parser) criterion() Condition {
	before := p.rest
	name := p.quoted()
	p.expect(":")
	switch {
	case p.err != nil:
		return And{}
	case name == "$and" || name == "$or" || name == "$msp":
		p.expect("[")
		list := p.objects()
		p.expect("]")
		return combined(name, list)
	case strings.HasPrefix(name, "@") && len(name) > 1:
		op, value := p.comparison(text)
		return property{name[1:], op, value}
	}
	f := Field(strings.TrimPrefix(name, "item.info."))
	kind, known := p.field(f)
	if !known || kind == logical {
		p.rest = before
		p.fail()
		return And{}
	}
	p.result.Typed = p.result.Typed || f == Type
	p.result.Downloaded = p.result.Downloaded || strings.HasPrefix(name, "stat.")
	op, value := p.comparison(kind)
	if f == Type && value.Text == "any" {
		return And{}
	}
	return comparison{f, op, value}
}

func combined(name string, list And) Condition {
	switch name {
	case "$or":
		return Or(list)
	case "$msp":
		return Same{list}
	}
	return list
}

// comparison takes a value, which means that it is equal, or an object with one operator and its value.
func (p *parser) comparison(k kind) (operator, Value) {
	if !p.accept("{") {
		return equal, p.value(k)
	}
	before := p.rest
	op := operator(p.quoted())
	p.expect(":")
	var value Value
	switch op {
	case equal, notEqual, greater, greaterOrEqual, less, lessOrEqual, match, notMatch:
		value = p.value(k)
	case "$last":
		op, value = greater, p.relative(k)
	case "$before":
		op, value = less, p.relative(k)
	case equalAnyCase, matchAnyCase:
		if !p.dialect.Seven {
			p.rest = before
			p.fail()
		}
		value = p.value(k)
	default:
		p.rest = before
		p.fail()
	}
	p.expect("}")
	return op, value
}

// value takes what a field is compared with: text in quotes, a number, or null.
func (p *parser) value(k kind) Value {
	if p.accept("null") {
		return Value{Null: true}
	}
	before, word := p.rest, ""
	if strings.HasPrefix(p.rest, `"`) {
		word = p.quoted()
	} else if word = p.bare(); p.err == nil {
		if _, err := strconv.ParseFloat(word, 64); err != nil {
			p.rest = before
			p.fail()
		}
	}
	if p.err != nil {
		return Value{}
	}
	switch k {
	case number:
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			p.refuse("AQL Expect long value but found:%s\n", word)
		}
		return Number(n)
	case date:
		at, ok := parseDate(word)
		if !ok {
			p.refuse("Invalid Date format: %s, AQL expect ISODateTimeFormat or long number", word)
		}
		return Number(at)
	case itemType:
		if word != "file" && word != "folder" && word != "any" {
			p.refuse("Invalid file type: %s, valid types are : file, folder, any", word)
		}
	}
	return Text(word)
}

// dateForms are ISO 8601 with an optional time, as Joda's dateOptionalTimeParser reads it.
var dateForms = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02T", "2006-01-02", "2006-01", "2006",
}

// parseDate reads a date in ISO 8601, or milliseconds since 1970; what has no zone is in UTC.
func parseDate(word string) (int64, bool) {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n, true
	}
	for _, form := range dateForms {
		if at, err := time.Parse(form, word); err == nil {
			return at.UnixMilli(), true
		}
	}
	return 0, false
}

// relative takes a period in quotes and returns the time that long ago. What can not be read is the year 1970.
func (p *parser) relative(k kind) Value {
	if k != date {
		p.fail()
	}
	at, ok := back(p.dialect.Now, p.quoted())
	if !ok {
		return Number(-1)
	}
	return Number(at.UnixMilli())
}

// back is the time a period ago, such as 15d or 2minutes.
func back(now time.Time, period string) (time.Time, bool) {
	digits := len(period) - len(strings.TrimLeft(period, "0123456789"))
	n, err := strconv.Atoi(period[:digits])
	if err != nil || n > 1<<33 {
		return now, false
	}
	switch period[digits:] {
	case "ms", "millis":
		return now.Add(-time.Duration(n) * time.Millisecond), true
	case "s", "seconds":
		return now.Add(-time.Duration(n) * time.Second), true
	case "mi", "minutes":
		return now.Add(-time.Duration(n) * time.Minute), true
	case "d", "days":
		return now.AddDate(0, 0, -n), true
	case "w", "weeks":
		return now.AddDate(0, 0, -7*n), true
	case "mo", "months":
		return now.AddDate(0, -n, 0), true
	case "y", "years":
		return now.AddDate(-n, 0, 0), true
	}
	return now, false
}
