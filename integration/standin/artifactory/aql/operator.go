package aql

// The comparators of a criterion (org.artifactory.aql.model.AqlComparatorEnum), and the patterns of $match.

import "strings"

// operator is how a field is compared.
type operator string

const (
	equal          operator = "$eq"
	notEqual       operator = "$ne"
	greater        operator = "$gt"
	greaterOrEqual operator = "$gte"
	less           operator = "$lt"
	lessOrEqual    operator = "$lte"
	match          operator = "$match"
	notMatch       operator = "$nmatch"
	equalAnyCase   operator = "$eqic"
	matchAnyCase   operator = "$matchic"
)

// met compares what a row has with what a criterion says. Nothing is compared with nothing by $eq and $ne alone.
func (op operator) met(has, wanted Value) bool {
	if has.Null || wanted.Null {
		return op == equal && has.Null && wanted.Null || (op == notEqual || op == notMatch) && has.Null != wanted.Null
	}
	order := has.compare(wanted)
	switch op {
	case equal:
		return order == 0
	case notEqual:
		return order != 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case match:
		return matches(has.Text, wanted.Text, false)
	case notMatch:
		return !matches(has.Text, wanted.Text, false)
	case equalAnyCase:
		return strings.EqualFold(has.Text, wanted.Text)
	case matchAnyCase:
		return matches(has.Text, wanted.Text, true)
	}
	return false
}

// matches tells whether text is what a pattern with * and ? describes.
func matches(text, pattern string, anyCase bool) bool {
	if anyCase {
		text, pattern = strings.ToLower(text), strings.ToLower(pattern)
	}
	if prefix := literal(pattern); prefix == pattern || prefix+"*" == pattern {
		return text == pattern || prefix != pattern && strings.HasPrefix(text, prefix)
	}
	t, p := []rune(text), []rune(pattern)
	at, star, resume := 0, -1, 0 // star is where the latest * stands, resume what it has not eaten
	for i := 0; i < len(t); {
		switch {
		case at < len(p) && p[at] == '*':
			star, resume = at, i
			at++
		case at < len(p) && (p[at] == '?' || p[at] == t[i]):
			at++
			i++
		case star >= 0:
			resume++
			at, i = star+1, resume
		default:
			return false
		}
	}
	for at < len(p) && p[at] == '*' {
		at++
	}
	return at == len(p)
}

// literal is the beginning that everything has which matches a pattern.
func literal(pattern string) string {
	if end := strings.IndexAny(pattern, "*?"); end >= 0 {
		return pattern[:end]
	}
	return pattern
}
