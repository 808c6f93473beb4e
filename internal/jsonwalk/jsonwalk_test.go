package jsonwalk

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestDocumentLimit(t *testing.T) {
	g := &guard{from: endless{}, total: maxDocument - 10}
	if n, err := io.Copy(io.Discard, g); err == nil {
		t.Errorf("read %d bytes more than a document may have", n)
	}
	if _, err := g.Read(make([]byte, 1)); err == nil {
		t.Error("the limit holds only once")
	}
}

// endless is one empty list after the other.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "[],"), nil }

func TestOddTypesArePassedOver(t *testing.T) {
	w := New(strings.NewReader(`{"a":[1,{"b":2}],"c":"text","d":{"e":null},"f":1e999}`))
	var seen []string
	isObject, err := w.Object(func(key string) error {
		text, err := w.Text()
		seen = append(seen, key+"="+text)
		return err
	})
	if err = errors.Join(err, w.End()); !isObject || err != nil || fmt.Sprint(seen) != "[a= c=text d= f=]" {
		t.Errorf("%v, %v, %v", isObject, seen, err)
	}
	w = New(strings.NewReader(`[1]`))
	if isObject, err = w.Object(func(string) error { return errors.New("visited") }); isObject || err != nil || w.End() != nil {
		t.Errorf("a list as an object: %v, %v", isObject, err)
	}
}

// FuzzWalker reads anything; what it accepts, it has read to the end.
func FuzzWalker(f *testing.F) {
	f.Add(`{"a":[1,{"b":"\u00e4"}],"c":null}`)
	f.Add(`[[[]]]`)
	f.Add(`{"a`)
	f.Fuzz(func(t *testing.T, document string) {
		w, members := New(strings.NewReader(document)), 0
		isObject, err := w.Object(func(key string) error {
			members++
			return errors.Join(w.Hold(key), w.Skip())
		})
		if !isObject && members > 0 {
			t.Errorf("%q is no object and has %d members", document, members)
		}
		if err == nil && w.End() == nil && strings.TrimSpace(document) == "" {
			t.Errorf("%q was read as a document", document)
		}
	})
}
