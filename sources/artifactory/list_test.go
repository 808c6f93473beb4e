package artifactory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	art "pkgferry/integration/standin/artifactory"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sources"
)

// holds are the paths of all files of a seed that has only Maven and generic repositories, as a user sees them.
func (s *server) holds(user string) (all []string) {
	for line := range s.Dump {
		p := artifact.Package{Format: artifact.Format(line.Format), Name: line.Package, Version: line.Version}
		at := line.Repository + "/" + placed(p, artifact.File{Path: line.File})
		if sees(user, at) {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

// difference compares what is there with what is listed.
func difference(there, listed []string) string { return cmp.Diff(there, listed) }

// Whatever fits on a page: folders that are smaller, just as large, and larger, for those who may page and those who may not.
func TestPagesOfEverySize(t *testing.T) {
	s := start(t, "300")
	for _, user := range []string{art.Username, art.Reader} {
		there := s.holds(user)
		for page := 2; page < 150; page = page*3/2 + 1 {
			items, errs := list(t, s.source(user, Options{Page: page}), sources.Start{})
			if diff := difference(there, paths(items)); diff != "" || len(errs) > 0 {
				t.Errorf("%s, pages of %d: %v (-there +listed):\n%s", user, page, errs, diff)
			}
		}
	}
}

// A folder that exactly fills a page has to be looked at again, also the root, among whose rows is the root itself.
func TestAFolderThatJustFillsAPage(t *testing.T) {
	s := start(t, "0")
	for i := range 24 {
		s.change(art.Change{Op: "deploy", Repository: art.Files, Path: fmt.Sprintf("%02d.txt", i), Body: "x"})
	}
	for page := 22; page < 28; page++ {
		items, errs := list(t, s.source(art.Username, Options{Page: page}), sources.Start{})
		if n := len(paths(items)); n != 24 || len(errs) > 0 {
			t.Errorf("pages of %d: %d files, errors %v", page, n, errs)
		}
	}
}

// Rows that move between two pages, because others delete or store files meanwhile, are neither lost nor made up.
func TestPagesShift(t *testing.T) {
	for _, mode := range []string{"shift=delete:40", "shift=insert:40"} {
		s := start(t, "900", mode)
		before := s.holds(art.Username)
		items, errs := list(t, s.source(art.Username, Options{Page: 20}), sources.Start{})
		if len(errs) > 0 {
			t.Errorf("%s: %v", mode, errs)
		}
		still := s.holds(art.Username)
		if len(before) == len(still) {
			t.Errorf("%s: nothing has moved", mode)
		}
		listed := paths(items)
		for _, path := range before {
			if _, stayed := slices.BinarySearch(still, path); !stayed {
				continue
			}
			if _, found := slices.BinarySearch(listed, path); !found {
				t.Errorf("%s: %s is lost", mode, path)
			}
		}
		for _, path := range listed {
			_, was := slices.BinarySearch(before, path)
			if _, is := slices.BinarySearch(still, path); !was && !is {
				t.Errorf("%s: %s was never there", mode, path)
			}
		}
	}
}

// More rows than a page shows again are deleted at once, and even all of a page.
func TestPagesShiftFar(t *testing.T) {
	const files = 400
	name := func(i int) string { return fmt.Sprintf("flat/%04d.txt", i) }
	for _, gone := range []int{3, 9, 45, 100, 250} {
		for _, back := range []bool{false, true} {
			s := start(t, "0")
			for i := range files {
				s.change(art.Change{Op: "deploy", Repository: art.Files, Path: name(i), Body: "x"})
			}
			pages, deleted := 0, map[string]bool{}
			s.answer(func(_ http.ResponseWriter, _ *http.Request, question string) bool {
				if !strings.Contains(question, `"type":"file"`) {
					return false
				}
				if pages++; pages == 7 { // some 300 rows have been read
					for i := range gone {
						if back {
							i = 280 - gone + i
						}
						s.change(art.Change{Op: "delete", Repository: art.Files, Path: name(i)})
						deleted[art.Files+"/"+name(i)] = true
					}
				}
				return false
			})
			items, errs := list(t, s.source(art.Username, Options{Page: 50, Listings: 1}), sources.Start{})
			listed := paths(items)
			for i := range files {
				path := art.Files + "/" + name(i)
				if _, found := slices.BinarySearch(listed, path); !found && !deleted[path] {
					t.Errorf("%d deleted: %s is lost", gone, path)
				}
			}
			if len(errs) > 0 || len(deleted) != gone {
				t.Errorf("%d deleted, of %d: %v", len(deleted), gone, errs)
			}
		}
	}
}

// A server that trims now and then is asked for smaller pages: what was listed does not come again, and a folder of which even the
// smallest page is trimmed is given up.
func TestPagesThatAreTrimmed(t *testing.T) {
	for seed := range uint64(6) {
		s := start(t, "small")
		there := s.holds(art.Username)
		source := s.source(art.Username, Options{Page: 8})
		if _, err := source.repositories(t.Context()); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(seed, 0))
		ctx, cancel := context.WithCancel(t.Context())
		const most = 2000 // smallest pages of all there is
		s.answer(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
			mu.Lock()
			defer mu.Unlock()
			switch asked := len(s.asked("/aql")); {
			case !strings.HasSuffix(r.URL.Path, "/aql"):
			case asked > most:
				cancel()
			case random.Float64() < 0.3:
				s.Faults.Add(standin.Fault{Kind: standin.Trim, Stage: standin.List, Rate: 1})
			}
			return false
		})
		var items []sources.Listed
		trims := 0
		for item, err := range source.Packages(ctx, sources.Start{}) {
			switch {
			case err != nil:
				trims++
			case item.Package.Name != "":
				items = append(items, item)
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("trimmed in the way of %d, the listing does not end", seed)
		}
		cancel()
		if diff := difference(there, paths(items)); (diff == "") != (trims == 0) {
			t.Errorf("trimmed in the way of %d, %d folders are not listed (-there +listed):\n%s", seed, trims, diff)
		}
	}
}

// What pages have listed does not come again when they become smaller.
func TestPagesThatBecomeSmaller(t *testing.T) {
	s := start(t, "900")
	source := s.source(art.Username, Options{Page: 200, Listings: 1})
	trimmed := 0
	s.answer(func(_ http.ResponseWriter, _ *http.Request, question string) bool {
		if trimmed < 4 && strings.Contains(question, ".offset(") {
			trimmed++
			s.Faults.Add(standin.Fault{Kind: standin.Trim, Stage: standin.List, Rate: 1})
		}
		return false
	})
	items, errs := list(t, source, sources.Start{})
	if diff := difference(s.holds(art.Username), paths(items)); diff != "" || len(errs) > 0 || trimmed != 4 {
		t.Errorf("trimmed %d times: %v (-there +listed):\n%s", trimmed, errs, diff)
	}
	times := map[string]int{}
	for _, item := range items {
		for _, f := range item.Package.Files {
			times[f.Locator]++
		}
	}
	for at, n := range times {
		if n > 1 {
			t.Errorf("%s is listed %d times", at, n)
		}
	}
}

// Whatever befalls the queries: what is listed is exactly what is there, or the listing says that something is missing.
func TestFaults(t *testing.T) {
	kinds := []string{standin.Cut, standin.Short, standin.Reset, standin.Trim, "408", "429", "500", "502", "503", "504"}
	for _, user := range []string{art.Username, art.Reader} {
		for _, edition := range []string{"pro", "oss"} {
			for _, kind := range kinds {
				for _, rate := range []float64{1, 2, 0.3, 1000} {
					if kind == "429" && rate != 1 { // every one is a pause
						continue
					}
					name := fmt.Sprintf("%s %s %s@list=%v", user, edition, kind, rate)
					t.Run(name, func(t *testing.T) {
						t.Parallel() // most of the time they wait
						s := start(t, "120", "edition="+edition)
						there := s.holds(user)
						source := s.source(user, Options{Page: 30})
						if _, err := source.repositories(t.Context()); err != nil {
							t.Fatal(err)
						}
						s.answer(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
							if strings.HasSuffix(r.URL.Path, "/aql") && len(s.asked("/aql")) == 1 {
								s.Faults.Add(standin.Fault{Kind: kind, Stage: standin.List, Rate: rate})
							}
							return false
						})
						items, errs := list(t, source, sources.Start{})
						listed := paths(items)
						if diff := difference(there, listed); diff != "" && len(errs) == 0 {
							t.Errorf("the listing calls itself complete (-there +listed):\n%s", diff)
						}
						for _, path := range listed {
							if _, is := slices.BinarySearch(there, path); !is {
								t.Errorf("%s was never there", path)
							}
						}
						if rate == 1 && kind != standin.Trim && len(errs) > 0 {
							t.Errorf("one failure is too many: %v", errs)
						}
					})
				}
			}
		}
	}
}

// A token that expires inside ends the run, and another one goes on.
func TestATokenThatExpires(t *testing.T) {
	s := start(t, "400", "token-expires=12")
	there := s.holds(art.Username)
	source := s.source(art.Username, Options{Page: 20})
	var cursor sources.Cursor
	var first []sources.Listed
	var last error
	for item, err := range source.Packages(t.Context(), sources.Start{}) {
		if last = err; err == nil {
			first, cursor = append(first, item), item.Cursor
		}
	}
	if !fault.IsStop(last) || len(first) == 0 {
		t.Fatalf("%d items, then %v", len(first), last)
	}
	fresh := start(t, "400")
	rest, errs := list(t, fresh.source(art.Username, Options{Page: 20}), sources.Start{Cursor: cursor})
	if diff := difference(there, paths(append(first, rest...))); diff != "" || len(errs) > 0 {
		t.Errorf("%v (-there +listed):\n%s", errs, diff)
	}
}

var folderAsked = regexp.MustCompile(`"path":"[^"]*"`)

// looked is how many places the queries so far ask for, each once: folders, and pages of big ones. How many folders a query asks for
// depends on how fast the server answers.
func (s *server) looked() int {
	places := map[string]bool{}
	for _, query := range s.asked("/aql") {
		_, page, _ := strings.Cut(query, ".sort(")
		for _, folder := range folderAsked.FindAllString(query, -1) {
			places[folder+page] = true
		}
	}
	return len(places)
}

// What has been listed is not asked for again: a listing that goes on looks at the way to its folder and at what follows.
func TestAResumedListingRepeatsNothing(t *testing.T) {
	for _, c := range []struct{ user, modes string }{{art.Username, ""}, {art.Reader, ""}, {art.Username, "edition=oss"}} {
		s := start(t, "3000", strings.Fields(c.modes)...)
		there := s.holds(c.user)
		o := Options{Page: 100}
		all, _ := list(t, s.source(c.user, o), sources.Start{})
		whole := s.looked()
		for _, part := range []int{10, 30, 50, 70, 90, 99} {
			var items []sources.Listed
			ctx, cancel := context.WithCancel(t.Context())
			for item, err := range s.source(c.user, o).Packages(ctx, sources.Start{}) {
				if err != nil {
					t.Fatal(err)
				}
				if items = append(items, item); len(items) >= len(all)*part/100 {
					break
				}
			}
			cancel()
			s.forget()
			rest, errs := list(t, s.source(c.user, o), sources.Start{Cursor: items[len(items)-1].Cursor})
			asked := s.looked()
			if diff := difference(there, paths(append(items, rest...))); diff != "" || len(errs) > 0 {
				t.Errorf("%s: %v (-there +listed):\n%s", c.user, errs, diff)
			}
			if most := whole*(100-part)/100 + 15; asked > most {
				t.Errorf("%s %s: after %d %% of a listing that looks at %d places, the rest looks at %d, at most %d", c.user, c.modes, part, whole, asked, most)
			}
			again := len(paths(items)) + len(paths(rest)) - len(there)
			if again > 2*o.Page+100 {
				t.Errorf("%s: after %d %%, %d files came again", c.user, part, again)
			}
		}
	}
}

// Fewer files than the server counts are an error with both numbers, and the next listing of changes is a whole one.
func TestFewerFilesThanTheServerCounts(t *testing.T) {
	s := start(t, "200")
	s.answer(func(w http.ResponseWriter, _ *http.Request, question string) bool {
		if strings.Contains(question, `"path":"."`) && strings.Contains(question, art.Files) { // a folder that is in none
			_, _ = w.Write([]byte(`{"results":[],"range":{"start_pos":0,"end_pos":0,"total":0,"limit":10000}}`))
			return true
		}
		return false
	})
	notes := map[string]string{}
	var errs []error
	for item, err := range s.source(art.Username, Options{}).Packages(t.Context(), sources.Start{}) {
		if err != nil {
			errs = append(errs, err)
		}
		for key, value := range item.Notes {
			notes[key] = value
		}
	}
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "80 files, and 0 were listed") || fault.IsStop(errs[0]) {
		t.Errorf("errors %v", errs)
	}
	if notes[note(art.Files)] != "" || notes[note(art.Releases)] == "" {
		t.Errorf("notes %v", notes)
	}
}

// Figures that are older than the deletion of a file are computed anew, and files that come meanwhile are none that are missing.
func TestCountsThatAreOld(t *testing.T) {
	s := start(t, "50", "storageinfo=cached")
	if _, err := s.source(art.Username, Options{}).counts(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(s.holds(art.Username)[0], art.Files+"/")
	s.change(art.Change{Op: "delete", Repository: art.Files, Path: path})
	source := s.source(art.Username, Options{})
	source.recounts = recounts[:1]
	items, errs := list(t, source, sources.Start{})
	if diff := difference(s.holds(art.Username), paths(items)); diff != "" || len(errs) > 0 {
		t.Errorf("%v (-there +listed):\n%s", errs, diff)
	}
	if n := len(s.asked("POST /artifactory/api/storageinfo/calculate")); n != 1 {
		t.Errorf("the figures were asked for anew %d times", n)
	}
}

// An incremental listing costs as many requests as there are changes, not as there are files.
func TestChangesCostWhatTheyAre(t *testing.T) {
	s := start(t, "20000")
	notes := map[string]string{}
	remember := func(start sources.Start) (items []sources.Listed) {
		known := notes
		start.Recall = func(_ context.Context, key string) (string, error) { return known[key], nil }
		for item, err := range s.source(art.Username, Options{}).Packages(t.Context(), start) {
			if err != nil {
				t.Fatal(err)
			}
			for key, value := range item.Notes {
				notes[key] = value
			}
			if item.Package.Name != "" {
				items = append(items, item)
			}
		}
		return items
	}
	remember(sources.Start{})
	s.Advance(48 * time.Hour)
	var want []string
	for i := range 100 {
		path := fmt.Sprintf("changed/%d/file-%03d.bin", i%7, i)
		s.change(art.Change{Op: "deploy", Repository: art.Files, Path: path, Body: "changed"})
		want = append(want, art.Files+"/"+path)
	}
	slices.Sort(want)
	s.Advance(time.Hour)
	s.forget()
	if diff := difference(want, paths(remember(sources.Start{Changes: true}))); diff != "" {
		t.Errorf("(-changed +listed):\n%s", diff)
	}
	if n := len(s.asked("")); n > 20 {
		t.Errorf("100 changes in 2 repositories took %d requests", n)
	}
	s.Advance(48 * time.Hour)
	if items := remember(sources.Start{Changes: true}); len(items) > 0 {
		t.Errorf("nothing changed since, and %d items are listed", len(items))
	}
}
