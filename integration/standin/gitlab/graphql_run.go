package gitlab

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Answering GraphQL requests: POST /api/graphql, GitLab's app/controllers/graphql_controller.rb.

// object is a GraphQL object: its type's name and what each of its fields gives.
type object struct {
	kind   string
	fields map[string]resolver
}

// resolver gives a scalar, an object, a list of objects, or nil.
type resolver func(args map[string]any) (any, error)

// give is the resolver of a value that takes no arguments.
func give(v any) resolver { return func(map[string]any) (any, error) { return v, nil } }

const maxQuery = 10_000 // characters

func (s *Server) graphql(e *exchange) {
	who, ok := e.identify(acceptGraphQL, false)
	if !ok {
		return
	}
	var request struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(io.LimitReader(e.r.Body, 1<<20)).Decode(&request); err != nil {
		e.json(http.StatusUnprocessableEntity, graphqlErrors("Unexpected end of document"))
		return
	}
	if len(request.Query) > maxQuery {
		e.json(http.StatusOK, graphqlErrors("Query too large"))
		return
	}
	q, err := parseQuery(request.Query, request.Variables)
	if err != nil {
		e.json(http.StatusOK, graphqlErrors(err.Error()))
		return
	}
	data, err := s.execute(q, who)
	if err != nil {
		e.json(http.StatusOK, graphqlErrors(err.Error()))
		return
	}
	e.json(http.StatusOK, map[string]any{"data": data})
}

func graphqlErrors(message string) any {
	return map[string]any{"errors": []any{map[string]any{"message": message, "locations": []any{}}}}
}

// execute holds the lock while it runs and returns plain values.
func (s *Server) execute(q query, who *token) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := s.queryRoot(who)
	if q.mutation {
		root = s.mutationRoot(who)
	}
	if n := countField(q.fields, "package"); n > 1 {
		return nil, wrongQuery(`"package" field can be requested only for 1 Query(s) at a time.`)
	}
	return q.complete(root, q.fields)
}

func countField(fields []field, name string) (n int) {
	for _, f := range fields {
		if f.name == name {
			n++
		}
	}
	return n
}

// complete resolves a selection on an object.
func (q query) complete(on object, fields []field) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range fields {
		if strings.HasPrefix(f.name, "...") {
			inner := f.fields
			if inner == nil {
				inner = q.fragments[f.name]
			}
			more, err := q.complete(on, inner)
			if err != nil {
				return nil, err
			}
			for key, value := range more {
				out[key] = value
			}
			continue
		}
		if f.name == "__typename" {
			out[f.alias] = on.kind
			continue
		}
		resolve, ok := on.fields[f.name]
		if !ok {
			return nil, wrongQuery("Field '%s' doesn't exist on type '%s'", f.name, on.kind)
		}
		value, err := resolve(f.args)
		if err != nil {
			return nil, err
		}
		if out[f.alias], err = q.completeValue(value, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (q query) completeValue(value any, f field) (any, error) {
	switch value := value.(type) {
	case object:
		if f.fields == nil {
			return nil, wrongQuery("Field must have selections (field '%s' returns %s but has no selections. Did you mean '%s { ... }'?)",
				f.name, value.kind, f.name)
		}
		return q.complete(value, f.fields)
	case []object:
		all := []any{}
		for _, one := range value {
			done, err := q.completeValue(one, f)
			if err != nil {
				return nil, err
			}
			all = append(all, done)
		}
		return all, nil
	}
	if f.fields != nil && value != nil {
		return nil, wrongQuery("Selections can't be made on scalars (field '%s' returns a scalar but has selections)", f.name)
	}
	return value, nil
}
