// How a source treats its server (sources.Source): it only reads, stops the run when its credentials are wrong, and
// tells nobody what they are.

package sourcetest

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

func (s *suite) accepted(t *testing.T) {
	if err := s.saw(s.New(t).Check(t.Context())); err != nil {
		t.Errorf("Check with the right credentials: %v", err)
	}
}

func (s *suite) rejected(t *testing.T) {
	source := s.Rejected(t)
	if err := s.saw(source.Check(t.Context())); !fault.IsStop(err) {
		t.Errorf("Check with wrong credentials must stop the run: %v", err)
	}
	var last error
	for item, err := range s.Rejected(t).Packages(t.Context(), sources.Start{}) {
		if last = s.saw(err); err == nil {
			t.Errorf("wrong credentials list %s", item.Package.PURL())
		}
	}
	if !fault.IsStop(last) {
		t.Errorf("a listing with wrong credentials must stop the run: %v", last)
	}
}

func (s *suite) onlyReads(t *testing.T) {
	requests := s.Requests(t)
	if len(requests) == 0 {
		t.Error("the server says that it got no request")
	}
	for _, request := range requests {
		if method, _, _ := strings.Cut(request, " "); method != "GET" && method != "HEAD" {
			t.Errorf("a source only reads, but sent %s", request)
		}
	}
}

func (s *suite) secret(t *testing.T) {
	forms := []string{s.Token, url.QueryEscape(s.Token), base64.StdEncoding.EncodeToString([]byte(s.Token))}
	for _, text := range s.errors {
		for _, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("an error tells the secret: %s", strings.ReplaceAll(text, form, "[the secret]"))
			}
		}
	}
}

// oddNames reads what is under names that servers and clients escape differently.
func (s *suite) oddNames(t *testing.T) {
	source, odd := s.New(t), 0
	for p, f := range s.files {
		name := strings.Join([]string{p.Name, p.Version, f.Path}, " / ")
		if !isOdd(p, f) {
			continue
		}
		odd++
		t.Run(name, func(t *testing.T) { s.truth(t, source, p, f) })
	}
	if odd == 0 {
		t.Error("no name in this case is odd: give it one with a scope, a plus, a percent sign, a space or beyond ASCII")
	}
}

func isOdd(p artifact.Package, f artifact.File) bool {
	if p.Format == artifact.Container { // whose names know little else
		return strings.ContainsAny(p.Name, "._")
	}
	name := p.Name + p.Version + f.Path
	return strings.ContainsAny(name, "@+% ") || len(name) != utf8.RuneCountInString(name)
}
