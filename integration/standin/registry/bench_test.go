package registry_test

import (
	"testing"

	"pkgferry/integration/standin/registry"
)

// What it costs to list one tag with its digest, where all are made up.
func BenchmarkMadeTag(b *testing.B) {
	s := registry.NewStore()
	s.Generate("r", 1_000_000)
	for i := 0; b.Loop(); i++ {
		names, _ := s.Page("r", registry.NameUp, i%1_000_000, 1)
		if _, ok := s.Tag("r", names[0]); !ok {
			b.Fatal(names)
		}
	}
}
