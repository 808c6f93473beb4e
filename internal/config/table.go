package config

import (
	"reflect"
	"strings"
	"sync"
)

// typesEnum is the enum tag of a key whose words are Options.Types.
const typesEnum = "types"

// field is one row of the table: a key that a mapping may hold.
type field struct {
	key   string
	doc   string
	need  bool
	enum  string   // the words it may be, or typesEnum
	types []string // the source types that take it; nil for all
	index []int
	typ   reflect.Type
}

var tables sync.Map // of reflect.Type to []field

// tableOf returns the rows of a struct in its order, embedded structs included.
func tableOf(t reflect.Type) []field {
	if rows, ok := tables.Load(t); ok {
		return rows.([]field)
	}
	var rows []field
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("key")
		switch {
		case key != "":
			rows = append(rows, field{
				key: key, doc: f.Tag.Get("doc"), need: f.Tag.Get("need") != "",
				enum: f.Tag.Get("enum"), types: strings.Fields(f.Tag.Get("for")), index: f.Index, typ: f.Type,
			})
		case f.Anonymous && f.Type != reflect.TypeFor[Place]():
			for _, row := range tableOf(f.Type) {
				row.index = append([]int{i}, row.index...)
				rows = append(rows, row)
			}
		}
	}
	tables.Store(t, rows)
	return rows
}

func tableFor[T any]() []field { return tableOf(reflect.TypeFor[T]()) }

func fieldsOf(t reflect.Type) map[string]field {
	byKey := map[string]field{}
	for _, row := range tableOf(t) {
		byKey[row.key] = row
	}
	return byKey
}

// suggestion is "; did you mean x?" when one of words is a slip of the finger away from word.
func suggestion(word string, words []string) string {
	best, distance := "", 3
	for _, w := range words {
		if d := editDistance(word, w); d < distance || d == distance && best != "" && w < best {
			best, distance = w, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance counts the insertions, deletions and replacements between two words (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
