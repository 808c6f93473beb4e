package aql

// What criteria say about a row, and about many rows of which only a range is known: so a folder, or a whole repository,
// can be passed over without a look at its rows.

import "strings"

// Truth is what a condition is known to be.
type Truth int

// The truths, in the order in which "or" takes the highest and "and" the lowest.
const (
	False Truth = iota
	Unknown
	True
)

// Value is what a field holds: text, or a number, which for a date is in milliseconds since 1970.
type Value struct {
	Text   string
	Number int64
	// Null: there is nothing.
	Null bool
}

// Text is a value of letters.
func Text(s string) Value { return Value{Text: s} }

// Number is a value that counts.
func Number(n int64) Value { return Value{Number: n} }

// compare orders two values of one field; the one that is not used in it is zero on both sides.
func (v Value) compare(other Value) int {
	switch {
	case v.Number < other.Number:
		return -1
	case v.Number > other.Number:
		return 1
	}
	return strings.Compare(v.Text, other.Text)
}

// Property is one property of an item.
type Property struct{ Key, Value string }

// Facts are what is known of a row, or of many at once.
type Facts interface {
	// Span says between which values, these included, every row lies in a field; not ok: nothing is known.
	Span(f Field) (low, high Value, ok bool)
	// Properties are those of a row; not ok: they are not known.
	Properties() (list []Property, ok bool)
}

// Condition is one criterion, or several.
type Condition interface {
	Holds(facts Facts) Truth
	// among returns the only values that a field can have, and whether the condition says so.
	among(f Field) ([]string, bool)
}

// Among returns the only values that a field can have where c holds, each once; not ok: c does not limit them.
func Among(c Condition, f Field) ([]string, bool) { return c.among(f) }

// And holds where all of its conditions do, also when there are none.
type And []Condition

// Holds implements Condition.
func (a And) Holds(facts Facts) Truth {
	result := True
	for _, one := range a {
		if result = min(result, one.Holds(facts)); result == False {
			break
		}
	}
	return result
}

func (a And) among(f Field) (values []string, ok bool) {
	for _, one := range a {
		if fewer, limited := one.among(f); limited && (!ok || len(fewer) < len(values)) {
			values, ok = fewer, true
		}
	}
	return values, ok
}

// Or holds where one of its conditions does.
type Or []Condition

// Holds implements Condition.
func (o Or) Holds(facts Facts) Truth {
	result := False
	for _, one := range o {
		if result = max(result, one.Holds(facts)); result == True {
			break
		}
	}
	return result
}

func (o Or) among(f Field) (values []string, ok bool) {
	seen := map[string]bool{}
	for _, one := range o {
		more, limited := one.among(f)
		if !limited {
			return nil, false
		}
		for _, value := range more {
			if !seen[value] {
				seen[value] = true
				values = append(values, value)
			}
		}
	}
	return values, true
}

// Same holds where one single property meets all of its conditions: $msp.
type Same struct{ And }

// Holds implements Condition.
func (s Same) Holds(facts Facts) Truth {
	list, ok := facts.Properties()
	if !ok {
		return Unknown
	}
	for _, one := range list {
		if s.And.Holds(onlyProperty{facts, one}) == True {
			return True
		}
	}
	return False
}

func (Same) among(Field) ([]string, bool) { return nil, false }

type onlyProperty struct {
	Facts
	property Property
}

func (o onlyProperty) Properties() ([]Property, bool) { return []Property{o.property}, true }

// comparison is one field against one value.
type comparison struct {
	field Field
	op    operator
	value Value
}

// Holds implements Condition.
func (c comparison) Holds(facts Facts) Truth {
	if c.field == PropertyKey || c.field == PropertyValue {
		return c.anyProperty(facts)
	}
	low, high, ok := facts.Span(c.field)
	switch {
	case !ok:
		return Unknown
	case low == high:
		return truth(c.op.met(low, c.value))
	case c.value.Null || low.Null || high.Null:
		return Unknown
	}
	below, above := c.value.compare(low), c.value.compare(high)
	switch c.op {
	case equal:
		return possible(below >= 0 && above <= 0)
	case greater:
		return between(below < 0, above < 0)
	case greaterOrEqual:
		return between(below <= 0, above <= 0)
	case less:
		return between(above > 0, below > 0)
	case lessOrEqual:
		return between(above >= 0, below >= 0)
	case match:
		prefix := literal(c.value.Text)
		return possible(prefix <= high.Text && (low.Text <= prefix || strings.HasPrefix(low.Text, prefix)))
	}
	return Unknown
}

func truth(yes bool) Truth {
	if yes {
		return True
	}
	return False
}

// possible is what can be said when some rows may meet a condition, or none.
func possible(some bool) Truth {
	if some {
		return Unknown
	}
	return False
}

// between is what can be said when all rows meet a condition, some may, or none.
func between(all, some bool) Truth {
	if all {
		return True
	}
	return possible(some)
}

func (c comparison) anyProperty(facts Facts) Truth {
	list, ok := facts.Properties()
	if !ok {
		return Unknown
	}
	for _, one := range list {
		value := one.Value
		if c.field == PropertyKey {
			value = one.Key
		}
		if c.op.met(Text(value), c.value) {
			return True
		}
	}
	return False
}

func (c comparison) among(f Field) ([]string, bool) {
	literally := c.op == match && !strings.ContainsAny(c.value.Text, "*?")
	if c.field != f || c.value.Null || c.op != equal && !literally {
		return nil, false
	}
	return []string{c.value.Text}, true
}

// property is a property by its key against one value: "@key". What denies holds also where there is no such property.
type property struct {
	key   string
	op    operator
	value Value
}

// Holds implements Condition.
func (p property) Holds(facts Facts) Truth {
	list, ok := facts.Properties()
	if !ok {
		return Unknown
	}
	op, wanted := p.op, True
	switch op {
	case notEqual:
		op, wanted = equal, False
	case notMatch:
		op, wanted = match, False
	}
	found := False
	for _, one := range list {
		if matches(one.Key, p.key, false) && op.met(Text(one.Value), p.value) {
			found = True
		}
	}
	return truth(found == wanted)
}

func (property) among(Field) ([]string, bool) { return nil, false }
