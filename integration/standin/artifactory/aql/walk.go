package aql

// What can be read off conditions without a row.

import "slices"

// Expand returns c with every value that a field must equal replaced by those that expand gives for it: so a virtual
// repository stands for its members.
func Expand(c Condition, f Field, expand func(value string) []string) Condition {
	switch c := c.(type) {
	case And:
		all := make(And, len(c))
		for i, one := range c {
			all[i] = Expand(one, f, expand)
		}
		return all
	case Or:
		all := make(Or, len(c))
		for i, one := range c {
			all[i] = Expand(one, f, expand)
		}
		return all
	case comparison:
		if c.field != f || c.op != equal || c.value.Null {
			return c
		}
		var all Or
		for _, value := range expand(c.value.Text) {
			all = append(all, comparison{f, equal, Text(value)})
		}
		return all
	}
	return c
}

// Mentions tells whether a condition says anything about a field.
func Mentions(c Condition, f Field) bool {
	mentions := func(list []Condition) bool {
		return slices.ContainsFunc(list, func(one Condition) bool { return Mentions(one, f) })
	}
	switch c := c.(type) {
	case And:
		return mentions(c)
	case Or:
		return mentions(c)
	case Same:
		return mentions(c.And)
	case comparison:
		return c.field == f
	}
	return false
}
