package dockerhub_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lists have the fields of the contract's samples, which testdata/contract has, in their order and of their types.
func TestListsHaveTheShapeOfTheContract(t *testing.T) {
	s := start(t)
	for sample, path := range map[string]string{
		"repositories.json": "/v2/namespaces/acme/repositories?page=1&page_size=1",
		"tags.json":         "/v2/namespaces/acme/repositories/app/tags?page=1&page_size=2",
	} {
		want, err := os.ReadFile(filepath.Join("testdata", "contract", sample))
		if err != nil {
			t.Fatal(err)
		}
		got := s.get(path, s.owner())
		wanted, fields := shape(t, string(want)), shape(t, got.body)
		for i, field := range fields { // what is null in the sample may be anything
			if path, _, _ := strings.Cut(field, " "); slices.Contains(wanted, path+" <nil>") {
				fields[i] = path + " <nil>"
			}
		}
		fields = unique(fields)
		if diff := cmp.Diff(wanted, fields); diff != "" {
			t.Errorf("%s: %s", sample, diff)
		}
	}
}

func unique(list []string) (once []string) {
	for _, one := range list {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}

// shape is the fields of a JSON text in their order, with their types; elements of an array are one.
func shape(t *testing.T, text string) []string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	fields := []string{}
	var value func(path string)
	token := func() json.Token {
		next, err := decoder.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return next
	}
	value = func(path string) {
		switch next := token(); next {
		case json.Delim('{'):
			for decoder.More() {
				value(fmt.Sprintf("%s.%v", path, token()))
			}
			token()
		case json.Delim('['):
			for decoder.More() {
				value(path + "[]")
			}
			token()
		default:
			if field := fmt.Sprintf("%s %T", path, next); !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	value("")
	return fields
}
