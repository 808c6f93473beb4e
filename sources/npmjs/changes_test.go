package npmjs

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/jsonwalk"
	"pkgferry/sources"
)

// again lists and keeps what is noted, as a checkpoint does.
func again(t *testing.T, s *Source, changes bool, notes map[string]string) (said []string, failed []error) {
	t.Helper()
	known := maps.Clone(notes)
	start := sources.Start{Changes: changes, Recall: func(_ context.Context, key string) (string, error) { return known[key], nil }}
	for item, err := range s.Packages(t.Context(), start) {
		maps.Copy(notes, item.Notes)
		switch {
		case err != nil:
			failed = append(failed, err)
		case item.Package.Name != "":
			said = append(said, item.Package.Name+" "+item.Package.Version)
		}
	}
	return said, failed
}

// TestNothingChanged: a listing of changes asks for every name once, and nothing is sent for what is as it was.
func TestNothingChanged(t *testing.T) {
	s := serve(t, "400")
	source, notes := s.source(t, Options{Scopes: []string{"@acme"}}), map[string]string{}
	if said, failed := again(t, source, false, notes); len(said) != 500 || len(failed) > 0 || len(notes) != 100 {
		t.Fatalf("%d items, %d notes, %v", len(said), len(notes), failed)
	}
	before := s.Stats()
	said, failed := again(t, source, true, notes)
	after := s.Stats()
	if len(said) > 0 || len(failed) > 0 {
		t.Errorf("changes without a change: %v, %v", said, failed)
	}
	for route, want := range map[string]int{"GET packument": 100, "GET not modified": 100, "GET org": 1} {
		if got := after.Requests[route] - before.Requests[route]; got != want {
			t.Errorf("%s: %d, want %d", route, got, want)
		}
	}
	if bytes := after.BytesOut - before.BytesOut; bytes > 20_000 {
		t.Errorf("the registry sent %d bytes", bytes)
	}
	if said, _ := again(t, source, false, notes); len(said) != 500 {
		t.Errorf("a listing of everything has %d items", len(said))
	}
	s.mutate(t, `{"publish":{"name":"@acme/bulk-0000042","version":"2.0.0","tag":"latest"}}`, `{"publish":{"name":"@acme/new","version":"1.0.0"}}`)
	said, failed = again(t, source, true, notes)
	want := []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0", ""}
	for i, version := range want {
		want[i] = "@acme/bulk-0000042 " + version
	}
	if diff := cmp.Diff(append(want, "@acme/new 1.0.0"), said); diff != "" || len(failed) > 0 {
		t.Errorf("%v (-want +got):\n%s", failed, diff)
	}
}

// TestStaleEdge: what the network in front of the registry still has never takes a newer state back, nor hides one that
// the change host knows.
func TestStaleEdge(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprintf("change host %v", known), func(t *testing.T) {
			s := serve(t, "small", "stale=2")
			o := Options{Scopes: []string{"@acme"}, Listings: 1}
			if known {
				o.Changes = s.changes(t)
			}
			source, notes := s.source(t, o), map[string]string{}
			again(t, source, false, notes)
			s.mutate(t, `{"publish":{"name":"@acme/cli","version":"1.0.0","tag":"latest"}}`)
			said, failed := again(t, source, true, notes)
			if len(failed) > 0 || (strings.Join(said, ",") == "@acme/cli 0.3.0+build.7,@acme/cli 1.0.0,@acme/cli ") != known {
				t.Errorf("the edge is behind: %v, %v", said, failed)
			}
			again(t, source, true, notes) // now the edge is not behind any more
			again(t, source, true, notes)
			s.mutate(t, `{"tag":{"name":"@acme/core","version":"1.1.0","tag":"good"}}`)
			for range 3 {
				again(t, source, true, notes)
			}
			key := source.noteKey("@acme/core")
			good := notes[key]
			notes[key] = noted{parseNoted(good).revision + 5, `"another"`}.String() // as another place of the edge told before
			said, failed = again(t, source, true, notes)
			if len(failed) > 0 || len(said) != 4 || notes[key] != good {
				t.Errorf("older than noted: %v, %v, noted %q", said, failed, notes[key])
			}
			if n := s.Stats().Requests["GET packument"]; n == 0 {
				t.Error("nothing was read")
			}
		})
	}
}

// TestBehindTheChangeHost: a registry that does not have what its change host knows is not complete.
func TestBehindTheChangeHost(t *testing.T) {
	registry, s := answers(t, map[string]string{"/@acme%2fui": `{"_rev":"3-x","versions":{"1.0.0":{"dist":{"tarball":"a/-/a.tgz"}}}}`})
	host, _ := answers(t, map[string]string{"/_all_docs": `{"rows":[{"id":"@acme/ui","value":{"rev":"4-y"}}]}`})
	s.o.Changes, s.o.Scopes, s.o.Names = source(t, host.URL, Options{}).client, []string{"@acme"}, ChangesNames
	notes := map[string]string{}
	said, failed := again(t, s, false, notes)
	if diff := cmp.Diff([]string{"@acme/ui 1.0.0"}, said); diff != "" || len(failed) != 1 || !strings.Contains(failed[0].Error(), "revision 3") {
		t.Errorf("%v %s", failed, diff)
	}
	if notes[registry.URL+"/@acme%2fui"] != "" {
		t.Errorf("it is noted as read: %v", notes)
	}
}

func TestHiddenFromTheToken(t *testing.T) {
	s := serve(t, "small", "private=yes")
	source := s.source(t, Options{Scopes: []string{"@acme"}})
	s.mutate(t, `{"revoke":{"name":"@acme/cli"}}`)
	got, failed := lines(t.Context(), source, "")
	if len(got) != 9 || len(failed) != 1 || fault.IsStop(failed[0]) || fault.CodeOf(failed[0]) != string(artifact.SourceFailed) ||
		!strings.Contains(failed[0].Error(), "@acme/cli is listed and not found") || !strings.Contains(failed[0].Error(), "the token is valid and reads @acme/") {
		t.Errorf("one: %q, %v", got, failed)
	}
	s.mutate(t, `{"revoke":{"name":"@acme/core"}}`, `{"revoke":{"name":"@acme/ui"}}`)
	got, failed = lines(t.Context(), source, "")
	if len(got) != 0 || len(failed) != 3 || !strings.Contains(failed[1].Error(), "reads no other package") {
		t.Errorf("all: %q, %v", got, failed)
	}
	f := artifact.File{Path: "@acme/ui-1.2.0.tgz", Size: -1, Locator: "@acme/ui/-/ui-1.2.0.tgz"}
	if _, err := source.Open(t.Context(), f, 0); fault.CodeOf(err) != string(artifact.SourceFailed) || fault.IsStop(err) {
		t.Errorf("a tarball that the token may not read any more: %v", err)
	}
}

// TestTokenExpires: wherever the token ends, the listing has everything or stops and says so.
func TestTokenExpires(t *testing.T) {
	for n := 1; n < 14; n++ {
		s := serve(t, "small", "private=yes", fmt.Sprintf("expires=%d", n))
		got, failed := lines(t.Context(), s.source(t, Options{Scopes: []string{"@acme"}}), "")
		complete := len(got) == 11 && len(failed) == 0
		stopped := len(failed) > 0 && fault.IsStop(failed[len(failed)-1]) && strings.Contains(failed[len(failed)-1].Error(), "whoami")
		if !complete && !stopped {
			t.Errorf("after %d requests: %q, %v", n, got, failed)
		}
		if n == 13 && !complete {
			t.Errorf("%d requests are not enough: %v", n, failed)
		}
	}
	s := serve(t, "small", "private=yes", "expires=1")
	source := s.source(t, Options{})
	if err := source.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := artifact.File{Path: "@acme/ui-1.2.0.tgz", Size: -1, Locator: "@acme/ui/-/ui-1.2.0.tgz"}
	if _, err := source.Open(t.Context(), f, 0); !fault.IsStop(err) || fault.CodeOf(err) == string(artifact.SourceMissing) {
		t.Errorf("a tarball whose token has expired: %v", err)
	}
}

func TestChangeHostIsOdd(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"no rows":     {`{"total_rows":1}`, "no rows"},
		"rows":        {`{"rows":{}}`, "no rows"},
		"not sorted":  {`{"rows":[{"id":"@acme/b"},{"id":"@acme/a"}]}`, "no order"},
		"from before": {`{"rows":[{"id":"@abc/b"},{"id":"@acme/a"}]}`, "no order"},
		"twice":       {`{"rows":[{"id":"@acme/b"},{"id":"@acme/b"}]}`, "no order"},
		"cut":         {`{"rows":[{"id":"@acme/b"},`, "unexpected EOF"},
		"not there":   {"", "404"},
	} {
		t.Run(name, func(t *testing.T) {
			bodies := map[string]string{}
			if c.body != "" {
				bodies["/registry/_all_docs"] = c.body
			}
			host, _ := answers(t, bodies)
			s := serve(t, "small").source(t, Options{Scopes: []string{"@acme"}, Changes: source(t, host.URL+"/registry", Options{}).client})
			names, doubts, err := sorted(t, s)
			if err != nil || len(names) < 3 || len(doubts) != 1 || !strings.Contains(doubts[0].Error(), c.want) {
				t.Errorf("%v, %v, %v", names, doubts, err)
			}
		})
	}
}

// TestChangeHostBeside: with the organisation's list refused, what is public is listed and what may be missing is said.
func TestChangeHostBeside(t *testing.T) {
	s := serve(t, "small", "org=403", "private=@acme/core")
	o := Options{Scopes: []string{"@acme"}, Changes: s.changes(t)}
	names, doubts, err := sorted(t, s.source(t, o))
	if diff := cmp.Diff([]string{"@acme/cli", "@acme/ui"}, names); diff != "" || err != nil || len(doubts) != 1 {
		t.Fatalf("%v, %v (-want +got):\n%s", doubts, err, diff)
	}
	for _, word := range []string{"told by the change host alone", "private packages may be missing", "may not list an organisation"} {
		if !strings.Contains(doubts[0].Error(), word) {
			t.Errorf("%q is not in %v", word, doubts[0])
		}
	}
	o.Names = ChangesNames
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	if _, doubts, err := sorted(t, s.source(t, o)); err != nil || len(doubts) > 0 {
		t.Errorf("when the change host is enough: %v, %v", doubts, err)
	}
	if diff := cmp.Diff([]string{"source npm: 2 packages in @acme, told by the change host"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestManyChangedNames: the range is paged by its last name, and nothing of it is lost or asked for without need.
func TestManyChangedNames(t *testing.T) {
	s := serve(t, "1000", "changes.page=100", "changes.endkey=ignored")
	s.mutate(t, `{"publish":{"name":"@acme-labs/x","version":"1.0.0"}}`, `{"publish":{"name":"@acmf/x","version":"1.0.0"}}`)
	names, doubts, err := sorted(t, s.source(t, Options{Scopes: []string{"@acme"}, Names: ChangesNames, Changes: s.changes(t)}))
	if len(names) != 250 || len(doubts) > 0 || err != nil {
		t.Errorf("%d names, %v, %v", len(names), doubts, err)
	}
	if n := s.Stats().Requests["GET all docs"]; n != 3 {
		t.Errorf("%d pages", n)
	}
}

// TestUnasked: "not modified" is no answer to who did not ask whether it is.
func TestUnasked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }))
	t.Cleanup(server.Close)
	s := source(t, server.URL, Options{Packages: []string{"a"}, Anonymous: true})
	if got, failed := lines(t.Context(), s, ""); len(got) > 0 || len(failed) != 1 {
		t.Errorf("%q, %v", got, failed)
	}
}

func TestAttestationsLocator(t *testing.T) {
	for address, want := range map[string]string{
		"https://r.example/npm/-/npm/v1/attestations/@acme%2fui@1.2.0": "-/npm/v1/attestations/@acme%2fui@1.2.0",
		"http://old.example/-/npm/v1/attestations/ui@1.0.0%2Bb?x=1":    "-/npm/v1/attestations/ui@1.0.0%2Bb",
		"https://evil.example/steal":                                   "",
		"https://r.example/-/npm/v1/attestations/../whoami":            "",
		"https://r.example/-/npm/v1/attestations/a%2f..%2fb":           "",
		"https://r.example/-/npm/v1/attestations/":                     "",
		"":    "",
		"%zz": "",
	} {
		if got := attestations(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	s := serve(t, "small").source(t, Options{Packages: []string{"@acme/cli"}})
	found := 0
	for item, err := range s.Packages(t.Context(), sources.Start{}) {
		if at := item.Package.Metadata[artifact.NPMAttestations]; err == nil && at != "" {
			found++
			content, err := s.Open(t.Context(), artifact.File{Path: "attestations", Size: -1, Locator: at}, 0)
			if err != nil {
				t.Fatal(err)
			}
			content.Close()
		}
	}
	if found != 1 {
		t.Errorf("%d versions have attestations", found)
	}
}

func FuzzAttestationsLocator(f *testing.F) {
	f.Add("https://r.example/npm/-/npm/v1/attestations/@acme%2fui@1.2.0")
	f.Add("/-/npm/v1/attestations/%2e%2e/x")
	s := source(f, "https://r.example/npm/", Options{})
	f.Fuzz(func(t *testing.T, address string) {
		at := attestations(address)
		if at == "" {
			return
		}
		u, err := s.address(at)
		if err != nil || u.Host != "r.example" || !strings.HasPrefix(u.Path, "/npm/-/npm/v1/attestations/") {
			t.Fatalf("%q leads to %v, %v", address, u, err)
		}
		for _, segment := range strings.Split(u.Path, "/") {
			if segment == ".." {
				t.Fatalf("%q leads up: %v", address, u)
			}
		}
	})
}

func FuzzKeyRange(f *testing.F) {
	f.Add(`{"total_rows":3,"rows":[{"id":"@acme/a","key":"@acme/a","value":{"rev":"5-x"}},{"id":"@acme/b"},{"id":"b"}]}`)
	f.Add(`{"rows":[{"id":7,"value":[]}]}`)
	f.Add(`{"rows":[{"id":"@acme/b"},{"id":"@acme/a"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		last := ""
		k := keyRange{prefix: "@acme/", last: "@acme/", keep: func(name string, revision int) {
			if !strings.HasPrefix(name, "@acme/") || name < last || revision < 0 {
				t.Fatalf("%q after %q at %d", name, last, revision)
			}
			last = name
		}}
		if err := k.page(jsonwalk.New(strings.NewReader(body))); err == nil && k.last < "@acme/" {
			t.Fatalf("the page ends at %q", k.last)
		}
	})
}

func TestQuoted(t *testing.T) {
	if got := (url.Values{"k": {quoted("@acme/\ufff0")}}).Encode(); got != "k=%22%40acme%2F%EF%BF%B0%22" {
		t.Error(got)
	}
}
