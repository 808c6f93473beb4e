package gitlab

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzWildcard compares with a matcher that only knows what * means.
func FuzzWildcard(f *testing.F) {
	for _, seed := range [][2]string{{"@acme/*", "@acme/ui"}, {"*", ""}, {"a.b", "axb"}, {"A*c", "abC"}, {"**", "x"}, {"com/acme/lib", "com/acme/lib2"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		foreign := func(r rune) bool { return r >= utf8.RuneSelf } // other letters fold in ways of their own
		if strings.ContainsFunc(pattern+name, foreign) || len(pattern) > 40 || len(name) > 80 || strings.Count(pattern, "*") > 6 {
			return
		}
		if got, want := wildcard(pattern).MatchString(name), matches(strings.ToLower(pattern), strings.ToLower(name)); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, name, got, want)
		}
	})
}

func matches(pattern, name string) bool {
	head, tail, star := strings.Cut(pattern, "*")
	rest, ok := strings.CutPrefix(name, head)
	if !star || !ok {
		return ok && rest == ""
	}
	for i := 0; i <= len(rest); i++ {
		if matches(tail, rest[i:]) {
			return true
		}
	}
	return false
}
