package config

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// schema is a JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12/schema).
type schema map[string]any

// Schema describes the configuration file to editors, as far as a schema can: what depends on more than one value is
// told by "config check" alone.
func Schema(o Options) ([]byte, error) {
	s := o.object(reflect.TypeFor[File]())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "pkgferry.yaml"
	s["description"] = "The configuration of pkgferry."
	return json.MarshalIndent(s, "", "  ")
}

func (o Options) object(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	for _, row := range tableOf(t) {
		if !o.applies(row) {
			continue
		}
		s := o.of(row.typ)
		s["description"] = row.doc + onlyFor(row.types)
		switch row.enum {
		case "":
		case typesEnum:
			s["enum"] = o.Types
		default:
			s["enum"] = strings.Fields(row.enum)
		}
		properties[row.key] = s
		if row.need {
			required = append(required, row.key)
		}
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// applies tells whether any source type that this program has takes the key.
func (o Options) applies(row field) bool {
	return len(row.types) == 0 ||
		slices.ContainsFunc(row.types, func(kind string) bool { return slices.Contains(o.Types, kind) })
}

func onlyFor(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return " Only for sources of type " + strings.Join(types, ", ") + "."
}

func (o Options) of(t reflect.Type) schema {
	if own, ok := reflect.New(t).Interface().(value); ok {
		return own.schema()
	}
	switch t.Kind() {
	case reflect.Struct:
		return o.object(t)
	case reflect.Pointer:
		return o.of(t.Elem())
	case reflect.Slice:
		return schema{"type": "array", "items": o.of(t.Elem())}
	case reflect.Map:
		s := schema{"type": "object", "additionalProperties": o.of(t.Elem())}
		if t.Key() == reflect.TypeFor[artifact.Format]() {
			s["propertyNames"] = schema{"enum": strings.Split(formatWords(" "), " ")}
		}
		return s
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int:
		return schema{"type": "integer", "minimum": 1}
	case reflect.Float64:
		return schema{"type": "number", "exclusiveMinimum": 0}
	}
	return schema{"type": "string", "minLength": 1}
}

// plain is every value that YAML may read an unquoted text as: a version 1.10 is a number to it.
func plain() schema { return schema{"type": []string{"string", "number", "boolean"}} }

func (t *Text) schema() schema    { return schema{"type": "string", "minLength": 1} }
func (u *URL) schema() schema     { return schema{"type": "string", "pattern": `^(https?://|\$\{)`} }
func (p *Pattern) schema() schema { return schema{"type": "string"} }

func (s *Secret) schema() schema {
	return schema{"type": "string", "pattern": "^" + environment.String() + "$"}
}

func (s *Size) schema() schema {
	return schema{"type": []string{"string", "integer"}, "pattern": `^[0-9.]+ ?([kKMGTPE]i?)?[bB]?$`, "minimum": 1}
}

func (d *Date) schema() schema {
	return schema{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$`}
}

func (l *List) schema() schema {
	return schema{"anyOf": []schema{plain(), {"type": "array", "items": plain(), "minItems": 1}}}
}

func (c *Command) schema() schema {
	return schema{"anyOf": []schema{{"type": "string"}, {"type": "array", "items": plain(), "minItems": 1}}}
}
