package npmjs

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	registry "pkgferry/integration/standin/npmjs"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

func TestNames(t *testing.T) {
	acme := []string{"@acme/cli", "@acme/core", "@acme/ui"}
	everything := append(acme[:3:3], "tidy-lines")
	for name, c := range map[string]struct {
		modes []string
		o     Options
		want  []string
		doubt string
	}{
		"organisation":           {o: Options{Scopes: []string{"acme"}}, want: acme},
		"organisation, forced":   {o: Options{Scopes: []string{"@acme"}, Names: OrgNames}, want: acme},
		"scope and names":        {o: Options{Scopes: []string{"@acme"}, Packages: []string{"tidy-lines", "@acme/ui"}}, want: everything},
		"names alone":            {o: Options{Scopes: []string{"@acme"}, Packages: []string{"tidy-lines"}, Names: ListNames}, want: everything[3:]},
		"user":                   {modes: []string{"quirks=yes"}, o: Options{Scopes: []string{"@jane"}}, want: []string{"@jane/notes"}},
		"Verdaccio":              {modes: []string{"flavour=verdaccio"}, o: Options{Scopes: []string{"@acme"}}, want: acme},
		"Verdaccio, everything":  {modes: []string{"flavour=verdaccio"}, want: everything},
		"Verdaccio, forced":      {modes: []string{"flavour=verdaccio", "all=off", "web=ok"}, o: Options{Names: VerdaccioNames}, want: everything},
		"four words":             {modes: []string{"permissions=mixed"}, o: Options{Scopes: []string{"@acme"}}, want: acme},
		"a developer":            {modes: []string{"role=developer"}, o: Options{Scopes: []string{"@acme"}}, want: acme[1:], doubt: "standin is no owner"},
		"a developer, enough":    {modes: []string{"role=developer"}, o: Options{Scopes: []string{"@acme"}, Names: OrgNames}, want: acme[1:]},
		"an admin":               {modes: []string{"role=admin"}, o: Options{Scopes: []string{"@acme"}}, want: acme},
		"teams alone, 401":       {modes: []string{"org=401", "teams=ok"}, o: Options{Scopes: []string{"@acme"}}, want: acme[1:], doubt: "the list of the team developers and the list of the team design alone"},
		"teams alone, 403":       {modes: []string{"org=403", "teams=ok"}, o: Options{Scopes: []string{"@acme"}, Names: OrgNames}, want: acme[1:], doubt: "may not list an organisation"},
		"no teams":               {modes: []string{"teams=403"}, o: Options{Scopes: []string{"@acme"}}, want: acme},
		"names beside a refusal": {modes: []string{"org=403"}, o: Options{Scopes: []string{"@acme"}, Packages: []string{"@acme/ui"}}, want: acme[2:], doubt: "does not tell which packages there are in @acme"},
		"one-time password":      {modes: []string{"org=otp"}, o: Options{Scopes: []string{"@acme"}, Packages: []string{"@acme/ui"}}, want: acme[2:], doubt: "one-time password"},
		"nothing to be seen":     {modes: []string{"flavour=verdaccio"}, o: Options{Scopes: []string{"@nobody"}}, doubt: "no package in @nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "small", c.modes...)
			got, doubts, err := sorted(t, s.source(t, c.o))
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Stats().Requests["GET search"]; n > 0 {
				t.Errorf("search was asked %d times", n)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(doubts) > 0 != (c.doubt != "") || c.doubt != "" && !strings.Contains(doubts[0].Error(), c.doubt) {
				t.Errorf("doubts: %v", doubts)
			}
		})
	}
}

// sorted are the names that a source finds, when the account asks.
func sorted(t *testing.T, s *Source) (names []string, doubts []error, err error) {
	t.Helper()
	found, doubts, err := s.find(t.Context(), registry.Username)
	return slices.Sorted(maps.Keys(found)), doubts, err
}

func TestNamesStop(t *testing.T) {
	for name, c := range map[string]struct {
		modes []string
		o     Options
		want  string
	}{
		"unknown organisation":       {o: Options{Scopes: []string{"@nobody"}}, want: "packages:"},
		"forced and refused":         {modes: []string{"org=403"}, o: Options{Scopes: []string{"@acme"}, Names: OrgNames}, want: "packages:"},
		"everything of npm":          {want: "packages:"},
		"no names":                   {o: Options{Scopes: []string{"@acme"}, Names: ListNames}, want: "packages:"},
		"granular token 401":         {modes: []string{"org=401"}, o: Options{Scopes: []string{"@acme"}}, want: "packages:"},
		"granular token 403":         {modes: []string{"org=403"}, o: Options{Scopes: []string{"@acme"}}, want: "may not list an organisation"},
		"Verdaccio without a list":   {modes: []string{"flavour=verdaccio", "all=off", "web=off"}, o: Options{Scopes: []string{"@acme"}}, want: "packages:"},
		"no change host":             {o: Options{Scopes: []string{"@acme"}, Names: ChangesNames}, want: "packages:"},
		"token of another address":   {modes: []string{"token=ip"}, o: Options{Scopes: []string{"@acme"}}, want: "allowed ranges"},
		"one-time password":          {modes: []string{"token=otp"}, o: Options{Scopes: []string{"@acme"}}, want: "one-time password"},
		"one-time password in words": {modes: []string{"token=onetime"}, o: Options{Scopes: []string{"@acme"}}, want: "one-time password"},
		"nobody":                     {modes: []string{"whoami=empty"}, o: Options{Scopes: []string{"@acme"}}, want: "names nobody"},
		"a page for whoami":          {modes: []string{"whoami=page"}, o: Options{Scopes: []string{"@acme"}}, want: "no JSON"},
		"not a name":                 {o: Options{Packages: []string{"../secret"}}, want: "../secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "small", c.modes...).source(t, c.o)
			got, failed := lines(t.Context(), s, "")
			if len(got) > 0 || len(failed) != 1 || !fault.IsStop(failed[0]) || fault.SideOf(failed[0]) != fault.Source || !strings.Contains(failed[0].Error(), c.want) {
				t.Errorf("%v, errors %v", got, failed)
			}
		})
	}
}

// TestHiddenPackages: without a right to them, private packages are "not found", and the listing must not look complete.
func TestHiddenPackages(t *testing.T) {
	for _, flavour := range []string{"npmjs", "verdaccio"} {
		s := serve(t, "small", "private=yes", "flavour="+flavour).as(t, httpx.Anonymous(), Options{Packages: []string{"@acme/ui", "tidy-lines"}, Anonymous: true})
		got, failed := lines(t.Context(), s, "")
		if len(got) != 3 || len(failed) != 1 || fault.IsStop(failed[0]) || !strings.Contains(failed[0].Error(), "@acme/ui") {
			t.Errorf("%s: %q, errors %v", flavour, got, failed)
		}
	}
}

// TestPageInsteadOfList: some registries answer every address with a page for people.
func TestPageInsteadOfList(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/-/all" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"_updated":1,"@acme/ui":{},"../x":{},"other":{}}`))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>"))
	}))
	t.Cleanup(server.Close)
	names, doubts, err := sorted(t, source(t, server.URL, Options{Scopes: []string{"@acme"}, Anonymous: true}))
	if diff := cmp.Diff([]string{"@acme/ui"}, names); diff != "" || len(doubts) > 0 || err != nil {
		t.Errorf("%v, %v (-want +got):\n%s", doubts, err, diff)
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		flavour string
		auth    httpx.Auth
		o       Options
		fine    bool
	}{
		"token":                        {"npmjs", httpx.Bearer(registry.Token), Options{}, true},
		"password":                     {"npmjs", httpx.Basic(registry.Username, registry.Password), Options{}, true},
		"wrong token":                  {"npmjs", httpx.Bearer("wrong"), Options{}, false},
		"anonymous":                    {"npmjs", httpx.Anonymous(), Options{Anonymous: true}, true},
		"Verdaccio with a token":       {"verdaccio", httpx.Bearer(registry.Token), Options{}, true},
		"Verdaccio with a wrong token": {"verdaccio", httpx.Bearer("wrong"), Options{}, false},
	} {
		err := serve(t, "small", "flavour="+c.flavour).as(t, c.auth, c.o).Check(t.Context())
		if (err == nil) != c.fine || (err != nil && (!fault.IsStop(err) || fault.SideOf(err) != fault.Source)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOddNameListed(t *testing.T) {
	_, s := answers(t, map[string]string{"/-/org/acme/package": `{"@acme/ui":"read","@acme/..":"read","other":"read"}`})
	s.o.Scopes = []string{"@acme"}
	names, doubts, err := sorted(t, s)
	if diff := cmp.Diff([]string{"@acme/ui"}, names); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if len(doubts) != 1 || !strings.Contains(doubts[0].Error(), `"@acme/.."`) {
		t.Errorf("doubts: %v", doubts)
	}
}
