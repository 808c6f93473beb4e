package gitlab

import "regexp"

// What GitLab demands of a Chart.yaml: app/validators/json_schemas/helm_metadata.json. It knows fewer keys than Helm 2 had,
// and takes no number where Helm takes any scalar.

// schema tells whether a value is as it must be.
type schema func(any) bool

func isText(v any) bool { _, ok := v.(string); return ok }
func isBool(v any) bool { _, ok := v.(bool); return ok }

func listOf(item schema) schema {
	return func(v any) bool {
		list, ok := v.([]any)
		for _, one := range list {
			ok = ok && item(one)
		}
		return ok
	}
}

// mapOf checks the keys of a map; others gives what the rest must be, nil that there may be none.
func mapOf(keys map[string]schema, others schema) schema {
	return func(v any) bool {
		all, ok := v.(map[string]any)
		for key, value := range all {
			check, known := keys[key]
			switch {
			case known:
				ok = ok && check(value)
			case others != nil:
				ok = ok && others(value)
			default:
				return false
			}
		}
		return ok
	}
}

func either(a, b schema) schema { return func(v any) bool { return a(v) || b(v) } }

func anything(any) bool { return true }

var (
	chartAlias = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

	dependencySchema = mapOf(map[string]schema{
		"name": isText, "version": isText, "repository": isText, "condition": isText, "tags": listOf(isText), "enabled": isBool,
		"import-values": listOf(either(isText, mapOf(map[string]schema{"child": isText, "parent": isText}, nil))),
		"alias":         func(v any) bool { text, ok := v.(string); return ok && chartAlias.MatchString(text) },
	}, anything)

	chartSchema = mapOf(map[string]schema{
		"name": isText, "home": isText, "sources": listOf(isText), "version": isText, "description": isText, "keywords": listOf(isText),
		"maintainers": listOf(mapOf(map[string]schema{"name": isText, "email": isText, "url": isText}, nil)),
		"icon":        isText, "apiVersion": isText, "condition": isText, "tags": isText, "appVersion": isText, "deprecated": isBool,
		"annotations": mapOf(nil, isText), "kubeVersion": isText, "dependencies": listOf(dependencySchema),
		"type": func(v any) bool { return v == "application" || v == "library" },
	}, nil)
)

// chartFits tells whether a Chart.yaml fits the schema.
func chartFits(chart map[string]any) bool {
	for _, required := range []string{"name", "version", "apiVersion"} {
		if _, ok := chart[required]; !ok {
			return false
		}
	}
	return chartSchema(chart)
}
