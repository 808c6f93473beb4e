package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in the file. Where Line is 0 the text itself says where it stands.
type Error struct {
	File         string
	Line, Column int
	Text         string
}

func (e Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Errors are all mistakes in the file, in its order; never empty.
type Errors []Error

// Error is one line: the first mistake, and how many there are besides.
func (e Errors) Error() string {
	first := e[0].Error()
	if len(e) == 1 {
		return first
	}
	return fmt.Sprintf("%s (and %d more: pkgferry config check lists them)", first, len(e)-1)
}

// Lines is every mistake on a line of its own.
func (e Errors) Lines() string {
	var b strings.Builder
	for _, one := range e {
		b.WriteString(one.Error() + "\n")
	}
	return b.String()
}

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(e)
}

type spot struct{ line, column int }

// Place is where a mapping stands in the file, and where the value of each of its keys does.
type Place struct {
	file string
	self spot
	keys map[string]spot

	unknown bool // it holds a key that is none
}

// Position is where the value of key stands, as "file:line:column"; the mapping itself when it does not hold key.
func (p Place) Position(key string) string {
	at := p.at(key)
	return fmt.Sprintf("%s:%d:%d", p.file, at.line, at.column)
}

// given tells whether the mapping holds key.
func (p Place) given(key string) bool {
	_, ok := p.keys[key]
	return ok
}

func (p Place) at(key string) spot {
	if at, ok := p.keys[key]; ok {
		return at
	}
	return p.self
}

func (p Place) errorf(key, format string, args ...any) Error {
	at := p.at(key)
	return Error{File: p.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...)}
}
