package aql

import (
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`items.find({"repo":"r","path":{"$match":"a/*"},"$or":[{"name":"x"},{"@k":{"$ne":"v"}}]}).include("repo","property").sort({"$asc":["repo"]}).offset(1).limit(2)`,
		`items.find()`, `items.find({"modified":{"$last":"15d"}}).include("*").distinct(false)`, `items.find({"size":{"$gt":10},"created":{"$lt":"2024-01-01"}})`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := Parse(query, Dialect{Now: time.Unix(1e9, 0), Seven: true, Distinct: true})
		if (q == nil) == (err == nil) {
			t.Fatalf("%q gives %v and %v", query, q, err)
		}
		if q != nil {
			q.Where.Holds(nothing{})
			_, _ = Among(q.Where, Path)
		}
	})
}

// nothing knows nothing.
type nothing struct{}

func (nothing) Span(Field) (low, high Value, ok bool) { return low, high, false }
func (nothing) Properties() ([]Property, bool)        { return nil, false }
