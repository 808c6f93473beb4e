package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml/ast"
)

// Bounds are the whole numbers from From on, and less than To where that is above 0, as the file spells them: "> 5MiB".
type Bounds struct {
	spelled  List
	From, To int64
}

// Sizes are bounds in bytes.
type Sizes struct{ Bounds }

// Ages are bounds in nanoseconds.
type Ages struct{ Bounds }

func (s *Sizes) read(r *reader, n ast.Node) error {
	return s.bound(r, n, "size", "100MiB", func(text string) (int64, bool) {
		bytes, err := humanize.ParseBytes(text)
		return int64(bytes), err == nil && bytes <= 1<<60
	})
}

func (a *Ages) read(r *reader, n ast.Node) error { return a.bound(r, n, "age", "2y", parseAge) }

// units are how ages are counted: a year has 365 days. Months are left out, since their letter is that of minutes.
var units = map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}

func parseAge(text string) (int64, bool) {
	if text == "" {
		return 0, false
	}
	unit, known := units[text[len(text)-1]]
	n, err := strconv.ParseFloat(strings.TrimSpace(text[:len(text)-1]), 64)
	age := n * float64(unit)
	return int64(age), known && err == nil && age > 0 && age < math.MaxInt64/2
}

// bound reads one comparison, or a list of those that must all hold.
func (b *Bounds) bound(r *reader, n ast.Node, what, example string, parse func(string) (int64, bool)) error {
	if err := b.spelled.read(r, n); err != nil {
		return err
	}
	for _, text := range b.spelled {
		sign, number := text, ""
		if i := strings.IndexFunc(text, func(c rune) bool { return c != '<' && c != '>' && c != '=' }); i >= 0 {
			sign, number = text[:i], strings.TrimSpace(text[i:])
		}
		limit, ok := parse(number)
		if !ok || limit <= 0 {
			return fmt.Errorf(`a comparison is expected here, for example "> %s" or "<= %s"`, example, example)
		}
		switch sign {
		case ">":
			b.From = max(b.From, limit+1)
		case ">=":
			b.From = max(b.From, limit)
		case "<":
			b.end(limit)
		case "<=":
			b.end(limit + 1)
		default:
			return errors.New("a comparison begins with one of > >= < <=")
		}
	}
	if b.To > 0 && b.From >= b.To {
		return fmt.Errorf("no %s is all of %s: this never matches", what, strings.Join(b.spelled, " and "))
	}
	return nil
}

func (b *Bounds) end(at int64) {
	if b.To == 0 || at < b.To {
		b.To = at
	}
}

func (b *Bounds) show() any { return b.spelled.show() }

// comparison is what JSON Schema says of one.
func comparison(number string) schema {
	one := schema{"type": "string", "pattern": `^[<>]=? *[0-9.]+ ?` + number + `$`}
	return schema{"anyOf": []schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

func (s *Sizes) schema() schema { return comparison(`([kKMGTPE]i?)?[bB]?`) }
func (a *Ages) schema() schema  { return comparison(`[hdwy]`) }
