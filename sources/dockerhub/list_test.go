package dockerhub

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	hub "pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sources"
)

// told is what a listing says.
type told struct {
	images  map[string]artifact.Package // by "name:tag"
	skipped map[string]artifact.Reason  // by name, with ":tag" where there is one
	errors  []error
}

// problems are the texts of the errors.
func (a told) problems() string {
	var all []string
	for _, err := range a.errors {
		all = append(all, err.Error())
	}
	return strings.Join(all, "\n")
}

func listed(t *testing.T, s *Source) told {
	t.Helper()
	all := told{images: map[string]artifact.Package{}, skipped: map[string]artifact.Reason{}}
	for item, err := range s.Packages(t.Context(), sources.Start{}) {
		name := strings.TrimSuffix(item.Package.Name+":"+item.Package.Version, ":")
		switch {
		case err != nil:
			all.errors = append(all.errors, err)
		case item.Skip != "":
			all.skipped[name] = item.Skip
		default:
			all.images[name] = item.Package
		}
	}
	return all
}

// same fails the test unless exactly the tags of want were listed, with their digests.
func (a told) same(t *testing.T, want []artifact.Package) {
	t.Helper()
	digests := func(all func(func(artifact.Package) bool)) map[string]string {
		found := map[string]string{}
		for p := range all {
			found[p.Name+":"+p.Version] = p.Files[0].Path
		}
		return found
	}
	if diff := cmp.Diff(digests(slices.Values(want)), digests(maps.Values(a.images))); diff != "" {
		t.Errorf("(-there +listed):\n%s", diff)
	}
}

func public(o *Options) { o.Public = true }

func only(globs ...string) func(*Options) {
	return func(o *Options) { o.Repositories = globs }
}

// TestOddRepositories: what can not be copied is told, and all else is listed, the 1,050 tags of one repository too.
func TestOddRepositories(t *testing.T) {
	for _, modes := range [][]string{nil, {"empty=list", "tags=link", "tags.page=100"}} {
		s := serve(t, "small", append(modes, "odd=true")...)
		got := listed(t, s.as(t, owner))
		if len(got.errors) > 0 {
			t.Error(got.problems())
		}
		got.same(t, s.images(hub.Org, hub.Plugin))
		want := map[string]artifact.Reason{hub.Plugin: artifact.FormatUnsupported, "acme/" + registry.Empty: artifact.EmptyRepository}
		if diff := cmp.Diff(want, got.skipped); diff != "" {
			t.Errorf("skipped (-want +got):\n%s", diff)
		}
		types := map[string]string{}
		for name, p := range got.images {
			if media := p.Metadata[artifact.ImageMediaType]; media != "" {
				types[name] = media
			}
		}
		config := "application/vnd.docker.container.image.v1+json"
		if diff := cmp.Diff(map[string]string{
			"acme/app:1.0": config, "acme/windows:ltsc": config, "acme/untyped:1": config,
			"acme/legacy:old": "application/vnd.docker.distribution.manifest.v1+prettyjws",
		}, types); diff != "" {
			t.Errorf("media types (-want +got):\n%s", diff)
		}
	}
}

func TestDates(t *testing.T) {
	s := serve(t, "small")
	f := listed(t, s.as(t, owner)).images["acme/app:1.0"].Files[0]
	tag, _ := s.Store().Tag("acme/app", "1.0")
	if !f.Modified.Equal(tag.Pushed) || !f.Downloaded.Equal(tag.Pushed.Add(71*time.Minute+257905741)) {
		t.Errorf("pushed %s, listed as modified %s and downloaded %s", tag.Pushed, f.Modified, f.Downloaded)
	}
}

// TestWhoSeesWhat: what an account may not see is said, as far as that can be known.
func TestWhoSeesWhat(t *testing.T) {
	private := []string{"acme/app", "acme/tool", "acme/chart", "acme/odd_name.with-all"}
	for _, c := range []struct {
		name   string
		who    who
		change func(*Options)
		lacks  []string
		says   string // in each problem; "" for none
	}{
		{"the owner", owner, nil, nil, ""},
		{"nobody", nobody, nil, private, "without credentials Docker Hub hides them"},
		{"nobody, public repositories", nobody, public, private, ""},
		{"nobody, one by name", nobody, only("scanned"), private, ""},
		{"nobody, a private one by name", nobody, only("scanned", "app"), private, "acme/app is to be listed and not shown"},
		{"a token for public repositories", whoever(hub.Username, hub.TokenPublic), nil, private, "no private repository of acme is shown; if it has any"},
		{"somebody else", whoever(hub.Outsider, hub.Password), nil, private, "no private repository of acme is shown"},
		{"an organization's token that lists nothing", whoever("", hub.TokenOrgBlind), nil, private, "scope-repository-list"},
		{"an organization's token for two", whoever("", hub.TokenOrgFew), nil, []string{"acme/tool", "acme/odd_name.with-all"}, "this account may not read it"},
		{"an organization's token for two, which are chosen", whoever("", hub.TokenOrgFew), only("app", "chart", "scann*"), []string{"acme/tool", "acme/odd_name.with-all"}, ""},
		{"the owner, public repositories", owner, public, private, ""},
		{"the owner, globs", owner, only("*", "!odd*", "!t??l"), []string{"acme/tool", "acme/odd_name.with-all"}, ""},
		{"the owner, nothing", owner, only("nothing-*"), append(private, "acme/scanned"), "no repository of acme is to be listed, of 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, "small")
			if c.change == nil {
				c.change = func(*Options) {}
			}
			got := listed(t, s.as(t, c.who, c.change))
			got.same(t, s.images(hub.Org, c.lacks...))
			if (len(got.errors) > 0) != (c.says != "") {
				t.Errorf("problems: %s", got.problems())
			}
			for _, err := range got.errors {
				if !strings.Contains(err.Error(), c.says) || fault.CodeOf(err) != string(artifact.NotPermitted) || fault.SideOf(err) != fault.Source || fault.IsStop(err) {
					t.Errorf("%v, reason %s", err, fault.CodeOf(err))
				}
			}
		})
	}
}

// TestPagesThatStandInTheWay: the registry's list closes what the pages of the API leave open.
func TestPagesThatStandInTheWay(t *testing.T) {
	tags := func(n string) func(string) hub.Change {
		return func(op string) hub.Change {
			return hub.Change{Op: op, Repository: "acme/many", Tag: n, Body: n, To: "build-0000000", After: &hub.After{Requests: 3, Of: "GET hub tags"}}
		}
	}
	for _, c := range []struct {
		name   string
		who    who
		modes  []string
		change []hub.Change
	}{
		{"nobody may page on", nobody, nil, nil},
		{"nobody may page on, and the registry has pages", nobody, []string{"tags=link", "tags.page=400"}, nil},
		{"somebody may not page on", owner, []string{"signedin.offset=300"}, nil},
		{"pages are short", owner, []string{"page_size=25"}, nil},
		{"tags are deleted meanwhile", owner, nil, []hub.Change{tags("build-0001040")("delete"), tags("build-0001030")("delete")}},
		{"tags are pushed meanwhile", owner, nil, []hub.Change{tags("one")("push"), tags("two")("push")}},
		{"tags move meanwhile", owner, nil, []hub.Change{tags("build-0000002")("move"), tags("build-0001030")("delete")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, "0", append(c.modes, "odd=true")...)
			s.change(t, c.change...)
			got := listed(t, s.as(t, c.who, public, only("many")))
			if len(got.errors) > 0 {
				t.Error(got.problems())
			}
			if n := s.Stats().Requests["CHANGE failed"]; n > 0 {
				t.Fatalf("%d changes failed", n)
			}
			for _, p := range s.images("acme") {
				if p.Name == "acme/many" && got.images[p.Name+":"+p.Version].Name == "" {
					t.Errorf("not listed: %s", p.Version)
				}
			}
			if n := s.Stats().Requests["GET manifest"]; n > 0 {
				t.Errorf("%d pulls", n)
			}
		})
	}
}

// TestRepositoriesThatMove: a list of several pages is read until it holds still.
func TestRepositoriesThatMove(t *testing.T) {
	s := serve(t, "0", "page_size=2")
	for i := range 9 {
		s.change(t, hub.Change{Op: "push", Repository: fmt.Sprintf("acme/r%d", i), Tag: "1", Body: "x", Private: true})
	}
	s.change(t, hub.Change{Op: "delete", Repository: "acme/r1", After: &hub.After{Requests: 2, Of: "GET hub repositories"}})
	got := listed(t, s.as(t, owner))
	got.same(t, s.images(hub.Org))
	if len(got.errors) > 0 {
		t.Error(got.problems())
	}
	for i := range 400 {
		s.change(t, hub.Change{Op: "push", Repository: fmt.Sprintf("acme/later%d", i), Tag: "1", Body: "x", Private: true, After: &hub.After{Requests: i + 2, Of: "GET hub repositories"}})
	}
	if got := listed(t, s.as(t, owner)); !strings.Contains(got.problems(), "does not hold still") {
		t.Errorf("a list that never holds still is taken for whole: %s", got.problems())
	}
}

// TestTokensEndMeanwhile: those of both kinds, in the middle of a listing and between its requests.
func TestTokensEndMeanwhile(t *testing.T) {
	s := serve(t, "small", "digests=none", "page_size=1")
	for of, all := range map[string][]int{"GET hub tags": {3, 9}, "HEAD manifest": {4, 10}} {
		for _, n := range all {
			s.change(t, hub.Change{Op: "expire", After: &hub.After{Requests: n, Of: of}})
		}
	}
	got := listed(t, s.as(t, owner, func(o *Options) { o.Listings = 1 })) // two ends in a row would be the account's
	got.same(t, s.images(hub.Org))
	if len(got.errors) > 0 {
		t.Error(got.problems())
	}
	if n := s.Stats().Requests["POST hub token"]; n < 3 {
		t.Errorf("signed in %d times", n)
	}
}

// TestOneTokenForAll: however many ask at once, one signs in.
func TestOneTokenForAll(t *testing.T) {
	s := serve(t, "small", "jwt=1h")
	source := s.as(t, owner, func(o *Options) { o.Listings = 8 })
	listed(t, source)
	listed(t, source)
	if n := s.Stats().Requests["POST hub token"]; n != 1 {
		t.Errorf("signed in %d times", n)
	}
}

func TestHowOneIsRefused(t *testing.T) {
	for _, c := range []struct {
		who  who
		mode string
		says string
	}{
		{whoever(hub.Username, "wrong"), "odd=false", "single sign-on takes no password"},
		{whoever(hub.Username, "dckr_pat_wrong"), "odd=false", "is it the right user"},
		{whoever(hub.Username, hub.TokenOrg), "odd=false", "goes with the organization's name"},
		{whoever(hub.Username, hub.Password), "2fa=true", "needs a second factor: use a personal access token"},
		{whoever(hub.Username, hub.Password), "sso=true", "single sign-on takes no password"},
		{owner, "softblock=true", "404"},
	} {
		s := serve(t, "small", c.mode)
		for what, err := range map[string]error{"Check": s.as(t, c.who).Check(t.Context()), "a listing": listed(t, s.as(t, c.who)).errors[0]} {
			if !strings.Contains(err.Error(), c.says) || what == "Check" && !fault.IsStop(err) {
				t.Errorf("%s as %s, %s: %v", what, c.who.name, c.mode, err)
			}
			if strings.Contains(err.Error(), c.who.secret) {
				t.Errorf("the secret is told: %v", err)
			}
		}
	}
}

func TestAnUnknownNamespace(t *testing.T) {
	s := serve(t, "small")
	source := s.as(t, owner, func(o *Options) { o.Namespace = "nobody-there" })
	err := source.Check(t.Context())
	if !fault.IsStop(err) || !strings.Contains(err.Error(), `there is no namespace "nobody-there"`) {
		t.Error(err)
	}
	if got := listed(t, source); len(got.errors) != 1 || fault.CodeOf(got.errors[0]) != string(artifact.SourceMissing) {
		t.Error(got.problems())
	}
}

// TestCheckLooksAtBothServers: a secret that the API takes and the token service does not is found before anything is read.
func TestCheckLooksAtBothServers(t *testing.T) {
	s := serve(t, "small")
	source := s.as(t, owner)
	other := s.as(t, whoever(hub.Username, "other"))
	source.registry = other.registry
	if err := source.Check(t.Context()); !fault.IsStop(err) || status(err) != http.StatusUnauthorized {
		t.Error(err)
	}
}

// TestADaysBudgetEnds: the listing ends where the budget does, and goes on from its last cursor.
func TestADaysBudgetEnds(t *testing.T) {
	s := serve(t, "small", "page_size=1")
	found, at, runs := map[string]bool{}, sources.Cursor(""), 0
	for ended := false; !ended && runs < 10; runs++ {
		s.daily = httpx.NewDaily(24)
		ended = true
		for item, err := range s.as(t, owner, func(o *Options) { o.Listings = 2 }).Packages(t.Context(), sources.Start{Cursor: at}) {
			if !ended {
				t.Error("it goes on without a budget")
			}
			if err != nil {
				if _, spent := fault.IsSpent(err); !spent {
					t.Fatal(err)
				}
				ended = false
				continue
			}
			found[item.Package.Name+":"+item.Package.Version], at = true, item.Cursor
		}
	}
	for _, p := range s.images(hub.Org) {
		if !found[p.Name+":"+p.Version] {
			t.Errorf("not listed: %s:%s", p.Name, p.Version)
		}
	}
	if runs < 2 || runs == 10 {
		t.Errorf("%d runs", runs)
	}
}

// TestACountThatIsNotMet: tags that Docker Hub counts and neither list has are said to be missing.
func TestACountThatIsNotMet(t *testing.T) {
	tag := fmt.Sprintf(`{"name":"1","digest":"sha256:%064d"}`, 1)
	for _, c := range []struct {
		name, tags, registry string
		says                 bool
	}{
		{"nothing of five", `{"count":5,"next":null,"results":[]}`, "", true},
		{"one of five, and the registry knows none", `{"count":5,"next":null,"results":[` + tag + `]}`, "", true},
		{"one of five, and the registry knows another", `{"count":5,"next":null,"results":[` + tag + `]}`, `{"tags":["2"]}`, true},
		{"an old count: both know one", `{"count":5,"next":null,"results":[` + tag + `]}`, `{"tags":["1"]}`, false},
		{"a page that can not be gone on from", `{"count":5,"next":"?page=1","results":[` + tag + `]}`, `{"tags":["1"]}`, false},
		{"no list at all", `{"detail":"maintenance"}`, `{"tags":[]}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/repositories"):
					_, _ = w.Write([]byte(`{"count":1,"next":null,"results":[{"name":"app","is_private":true}]}`))
				case strings.HasSuffix(r.URL.Path, "/tags"):
					_, _ = w.Write([]byte(c.tags))
				case strings.HasSuffix(r.URL.Path, "/tags/list") && c.registry != "":
					_, _ = w.Write([]byte(c.registry))
				case strings.Contains(r.URL.Path, "/manifests/"):
					w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%064d", 1))
				default:
					http.NotFound(w, r)
				}
			}))
			defer front.Close()
			both := (&server{}).client(t, front.URL)
			source, err := New("hub", both, both, Options{Namespace: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			got := listed(t, source)
			if (len(got.errors) > 0) != c.says || len(got.skipped) > 0 {
				t.Errorf("problems %q, skipped %v, listed %d", got.problems(), got.skipped, len(got.images))
			}
		})
	}
}
