package npmjs

import (
	"net/url"
	"testing"

	"pkgferry/internal/httpx"
)

// source is one on a server that need not exist.
func source(tb testing.TB, base string, o Options) *Source {
	tb.Helper()
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "source npm", Base: u, Attempts: 2})
	if err != nil {
		tb.Fatal(err)
	}
	return New("npm", client, o)
}

func TestLocate(t *testing.T) {
	s := source(t, "https://r.example/npm/", Options{})
	for _, c := range []struct{ name, tarball, locator, address string }{
		{"@acme/ui", "https://r.example/npm/@acme/ui/-/ui-1.0.0.tgz", "@acme/ui/-/ui-1.0.0.tgz", "https://r.example/npm/@acme/ui/-/ui-1.0.0.tgz"},
		{"@acme/ui", "https://r.example/npm/@acme%2fui/-/ui-1.0.0.tgz", "@acme%2fui/-/ui-1.0.0.tgz", "https://r.example/npm/@acme%2fui/-/ui-1.0.0.tgz"},
		{"@acme/ui", "https://r.example:443/npm/a/ui.tgz?x=%2f", "a/ui.tgz?x=%2f", "https://r.example/npm/a/ui.tgz?x=%2f"},
		{"@acme/ui", "http://r.example/files/ui.tgz#f", "/files/ui.tgz", "https://r.example/files/ui.tgz"},
		{"@acme/ui", "https://r.example//evil.example/ui.tgz", "//evil.example/ui.tgz", "https://r.example//evil.example/ui.tgz"},
		{"@acme/ui", "https://r.example/npm/http://evil.example/ui.tgz", "/npm/http://evil.example/ui.tgz", "https://r.example/npm/http://evil.example/ui.tgz"},
		{"@acme/ui", "http://old.example/@acme/ui/-/ui-1.0.0.tgz", "@acme/ui/-/ui-1.0.0.tgz", "https://r.example/npm/@acme/ui/-/ui-1.0.0.tgz"},
		{"@acme/ui", "http://old.example/some/prefix/@acme%2Fui/-/ui-1.0.0.tgz", "@acme%2Fui/-/ui-1.0.0.tgz", "https://r.example/npm/@acme%2Fui/-/ui-1.0.0.tgz"},
		{"ui", "http://old.example/ui/-/ui-1.0.0+b.tgz", "ui/-/ui-1.0.0+b.tgz", "https://r.example/npm/ui/-/ui-1.0.0+b.tgz"},
		{"ui", "http://u:p@files.example/other/-/ui-1.0.0.tgz", "http://files.example/other/-/ui-1.0.0.tgz", "http://files.example/other/-/ui-1.0.0.tgz"},
		{"ui", "https://files.example/ui.tgz?sig=a%2fb", "https://files.example/ui.tgz?sig=a%2fb", "https://files.example/ui.tgz?sig=a%2fb"},
		{"ui", "ui/-/ui-1.0.0.tgz", "ui/-/ui-1.0.0.tgz", "https://r.example/npm/ui/-/ui-1.0.0.tgz"},
		{"ui", "/ui.tgz", "/ui.tgz", "https://r.example/ui.tgz"},
	} {
		locator := s.locate(c.name, c.tarball)
		if locator != c.locator {
			t.Errorf("%s: locator %q, want %q", c.tarball, locator, c.locator)
		}
		address, err := s.address(locator)
		if err != nil || address.String() != c.address {
			t.Errorf("%s: address %v, want %s (%v)", c.tarball, address, c.address, err)
		}
	}
	for _, none := range []string{"", "file:///etc/passwd", "git+ssh://h.example/x", "http://", "http://%zz", "https:x"} {
		if locator := s.locate("ui", none); locator != "" {
			t.Errorf("%q is no address and became %q", none, locator)
		}
	}
}

func FuzzLocate(f *testing.F) {
	f.Add("@acme/ui", "https://r.example/npm/@acme/ui/-/ui-1.0.0.tgz")
	f.Add("ui", "//old.example/ui/-/ui.tgz?q")
	f.Add("", "/-/-/x")
	s := source(f, "https://r.example/npm/", Options{})
	f.Fuzz(func(t *testing.T, name, tarball string) {
		locator := s.locate(name, tarball)
		if locator == "" {
			return
		}
		u, err := s.address(locator)
		if err != nil {
			t.Fatalf("locate(%q, %q) gives %q: %v", name, tarball, locator, err)
		}
		if u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
			t.Fatalf("locate(%q, %q) gives %q, which leads to %q", name, tarball, locator, u)
		}
	})
}
