package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml"

	"pkgferry/internal/artifact"
)

// Show returns the effective configuration as YAML that Read accepts again: variables expanded, defaults filled in.
// Secrets stay references; a comment says whether each can be had.
func (f *File) Show(o Options) ([]byte, error) {
	effective := *f
	if len(f.Routes) == 0 && o.Routes != nil {
		effective.Routes = o.Routes(f)
	}
	comments := yaml.CommentMap{}
	tree := shown(reflect.ValueOf(effective))
	secretComments(o, "$", tree, comments)
	return yaml.MarshalWithOptions(strip(tree), yaml.WithComment(comments), yaml.IndentSequence(true))
}

// shown is v as plain YAML values; nil for what the file need not say.
func shown(v reflect.Value) any {
	if !v.IsValid() || v.IsZero() && v.Kind() != reflect.Struct {
		return nil
	}
	holder := reflect.New(v.Type())
	holder.Elem().Set(v)
	if own, ok := holder.Interface().(value); ok {
		if v.IsZero() {
			return nil
		}
		return own.show()
	}
	switch v.Kind() {
	case reflect.Struct:
		return shownObject(v)
	case reflect.Pointer:
		return shown(v.Elem())
	case reflect.Slice:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = shown(v.Index(i))
		}
		return items
	case reflect.Map:
		return shownTable(v)
	}
	return v.Interface()
}

// shownTable is a mapping whose keys are the operator's: formats in their order, else by name.
func shownTable(v reflect.Value) any {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		place := func(k reflect.Value) int { return slices.Index(artifact.Formats(), artifact.Format(k.String())) }
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.String(), b.String()))
	})
	items := yaml.MapSlice{}
	for _, key := range keys {
		items = append(items, yaml.MapItem{Key: key.String(), Value: shown(v.MapIndex(key))})
	}
	return items
}

func shownObject(v reflect.Value) any {
	items := yaml.MapSlice{}
	for _, row := range tableOf(v.Type()) {
		item := shown(v.FieldByIndex(row.index))
		if inner, ok := item.(yaml.MapSlice); item == nil || ok && len(inner) == 0 && !row.need {
			continue
		}
		items = append(items, yaml.MapItem{Key: row.key, Value: item})
	}
	return items
}

// secretRef is a secret on its way into the shown file.
type secretRef string

func secretComments(o Options, path string, tree any, comments yaml.CommentMap) {
	switch t := tree.(type) {
	case yaml.MapSlice:
		for _, item := range t {
			secretComments(o, fmt.Sprintf("%s.%s", path, item.Key), item.Value, comments)
		}
	case []any:
		for i, item := range t {
			secretComments(o, fmt.Sprintf("%s[%d]", path, i), item, comments)
		}
	case secretRef:
		state := " is set, not shown"
		if _, ok := o.lookup(string(t)); !ok {
			state = " is not set"
		}
		comments[path] = []*yaml.Comment{yaml.LineComment(state)}
	}
}

// strip turns secretRef into the text of the file.
func strip(tree any) any {
	switch t := tree.(type) {
	case yaml.MapSlice:
		for i := range t {
			t[i].Value = strip(t[i].Value)
		}
	case []any:
		for i := range t {
			t[i] = strip(t[i])
		}
	case secretRef:
		return "${" + string(t) + "}"
	}
	return tree
}

func (t *Text) show() any    { return string(*t) }
func (u *URL) show() any     { return u.String() }
func (p *Pattern) show() any { return p.String() }
func (s *Secret) show() any  { return secretRef(s.Env) }

func (d *Date) show() any {
	if midnight := d.UTC(); midnight.Equal(midnight.Truncate(24 * time.Hour)) {
		return midnight.Format(time.DateOnly)
	}
	return d.Format(time.RFC3339Nano)
}

func (s *Size) show() any {
	if text := strings.ReplaceAll(humanize.IBytes(uint64(*s)), " ", ""); sizeOf(text) == *s {
		return text
	}
	return fmt.Sprintf("%dB", int64(*s))
}

func sizeOf(text string) Size {
	bytes, _ := humanize.ParseBytes(text)
	return Size(bytes)
}

func (l *List) show() any {
	items := make([]any, len(*l))
	for i, text := range *l {
		items[i] = text
	}
	if len(items) == 1 {
		return items[0]
	}
	return items
}

func (c *Command) show() any {
	if len(c.Words) == 0 {
		return c.Shell
	}
	words := List(c.Words)
	items := make([]any, len(words))
	for i, word := range words {
		items[i] = word
	}
	return items
}
