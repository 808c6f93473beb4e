package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader walks the syntax tree of one file along the table of structs. It goes on after an error, so that a check finds
// everything at once.
type reader struct {
	file    string
	options Options
	anchors map[string]ast.Node
	key     string // whose value is being read, for errors
	errs    Errors
}

// value is a scalar or list with a grammar of its own. The error of read must not quote a secret.
type value interface {
	read(r *reader, n ast.Node) error
	schema() schema
	show() any
}

// document decodes text into file and tells whether the tree could be walked at all.
func (r *reader) document(text []byte, file *File) (ok bool) {
	defer func() {
		if recover() != nil { // the parser meets bytes that it was not made for
			r.errs = append(r.errs, Error{File: r.file, Line: 1, Column: 1, Text: "this is not YAML"})
			ok = false
		}
	}()
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return false
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		r.errs = append(r.errs, Error{File: r.file, Line: 1, Column: 1, Text: "one YAML document is expected here"})
		return false
	}
	r.anchors = map[string]ast.Node{}
	ast.Walk(anchorWalker(r.anchors), tree.Docs[0].Body)
	r.into(tree.Docs[0].Body, reflect.ValueOf(file).Elem())
	return true
}

// syntax takes only position and message from the parser's error: its text shows lines of the file.
func (r *reader) syntax(err error) {
	e := Error{File: r.file, Line: 1, Column: 1, Text: "this is not YAML"}
	if y, ok := err.(yaml.Error); ok { //nolint:errorlint // the parser never wraps
		e.Text = y.GetMessage()
		if t := y.GetToken(); t != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
	}
	r.errs = append(r.errs, e)
}

type anchorWalker map[string]ast.Node

func (w anchorWalker) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok {
		w[a.Name.String()] = a.Value
	}
	return w
}

// deref follows anchors, aliases and tags to the node that holds a value; nil when there is none.
func (r *reader) deref(n ast.Node) ast.Node {
	for range 16 {
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.AliasNode:
			n = r.anchors[t.Value.String()]
		case *ast.TagNode:
			n = t.Value
		default:
			return n
		}
	}
	return nil
}

// into decodes n into v, whose type chooses the grammar.
func (r *reader) into(n ast.Node, v reflect.Value) {
	at := n
	if n = r.deref(n); n == nil {
		r.fail(at, "an alias to nothing")
		return
	}
	if own, ok := v.Addr().Interface().(value); ok {
		if err := own.read(r, n); err != nil {
			r.fail(n, "%s%s", r.prefix(), err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.object(n, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.into(n, v.Elem())
	case reflect.Slice:
		r.sequence(n, v)
	case reflect.Map:
		r.table(n, v)
	default:
		r.scalar(n, v)
	}
}

// object decodes a mapping with known keys.
func (r *reader) object(n ast.Node, v reflect.Value) {
	pairs, ok := r.pairs(n)
	if !ok {
		return
	}
	fields := fieldsOf(v.Type())
	where := Place{file: r.file, self: position(n), keys: map[string]spot{}}
	for _, pair := range pairs {
		key := keyText(pair.Key)
		f, known := fields[key]
		if !known {
			r.fail(pair.Key, "unknown key %q%s", key, suggestion(key, slices.Collect(maps.Keys(fields))))
			where.unknown = true
			continue
		}
		where.keys[key], r.key = position(r.orSelf(pair.Value)), key
		r.into(pair.Value, v.FieldByIndex(f.index))
		if f.enum != "" {
			r.enum(pair.Value, key, v.FieldByIndex(f.index).String(), f.enum)
		}
	}
	for _, f := range tableOf(v.Type()) {
		if f.need {
			r.require(where, f.key)
		}
	}
	v.FieldByName("Place").Set(reflect.ValueOf(where))
}

// require refuses a mapping without key. One with an unknown key has been refused already: that may be the one.
func (r *reader) require(p Place, key string) {
	if !p.given(key) && !p.unknown {
		r.at(p, "", "the key %s is missing", key)
	}
}

func (r *reader) enum(n ast.Node, key, word, enum string) {
	if enum == typesEnum { // judged in check, which knows more to say
		return
	}
	if words := strings.Fields(enum); word != "" && !slices.Contains(words, word) {
		r.fail(n, "%s is one of %s", key, strings.Join(words, ", "))
	}
}

// pairs returns the entries of a mapping in the order of the file.
func (r *reader) pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	r.fail(n, "%sa mapping (key: value) is expected here", r.prefix())
	return nil, false
}

func (r *reader) sequence(n ast.Node, v reflect.Value) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "%sa list is expected here", r.prefix())
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values)))
	for i, item := range s.Values {
		r.into(item, v.Index(i))
	}
}

// table decodes a mapping whose keys are the operator's.
func (r *reader) table(n ast.Node, v reflect.Value) {
	pairs, ok := r.pairs(n)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range pairs {
		key := reflect.ValueOf(keyText(pair.Key)).Convert(v.Type().Key())
		item := reflect.New(v.Type().Elem()).Elem()
		if err := checkKey(key.Interface()); err != nil {
			r.fail(pair.Key, "%s%s", r.prefix(), err)
		}
		r.into(pair.Value, item)
		v.SetMapIndex(key, item)
	}
}

func keyText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.GetToken().Value
}

// prefix names the key whose value is being read; nothing at the top of the file.
func (r *reader) prefix() string {
	if r.key == "" {
		return ""
	}
	return r.key + ": "
}

func (r *reader) orSelf(n ast.Node) ast.Node {
	if to := r.deref(n); to != nil {
		return to
	}
	return n
}

// position is where a node begins for a reader's eye: a block mapping begins at its first key, not at its colon.
func position(n ast.Node) spot {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return position(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(m.Key)
	}
	return spotOf(n.GetToken())
}

func spotOf(t *token.Token) spot {
	if t == nil || t.Position == nil {
		return spot{1, 1}
	}
	return spot{t.Position.Line, t.Position.Column}
}

func (r *reader) fail(n ast.Node, format string, args ...any) {
	at := position(n)
	r.errs = append(r.errs, Error{File: r.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...)})
}
