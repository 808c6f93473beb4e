package artifactory

import (
	"errors"
	"path"
	"strings"
	"testing"

	"pkgferry/integration/standin/artifactory/aql"
	"pkgferry/sources"
)

// An answer is whole only when it is closed, has a range and notifies of nothing; and what is kept of it has a place.
func FuzzAnswer(f *testing.F) {
	line := `{"repo":"libs","path":"com/acme","name":"a.jar","type":"file","size":12,"modified":"2024-03-01T10:00:00.001Z","actual_sha1":"3f786850e387550fdab836ed7e6dc881de23001b"}`
	span := `"range" : { "start_pos" : 0, "end_pos" : 1, "total" : 1, "limit" : 10 }`
	f.Add("\n{\n\"results\" : [ " + line + " ],\n" + span + "\n}\n")
	f.Add(`{"results":[` + line)
	f.Add(`{"results":[],"range":{"limit":3,"notification":"AQL query reached the search hard limit, results are trimmed."}}`)
	f.Add(`{"errors":[{"status":500,"message":"x"}]}`)
	f.Add(`{"results":[{"repo":"r","path":".","name":".","type":"folder","properties":[{"key":"npm.name","value":1},{"key":"x"}]}],"range":{}} x`)
	f.Fuzz(func(t *testing.T, text string) {
		err := readAnswer(strings.NewReader(text), 10, func(r row) error {
			one, ok, err := r.item([]string{"npm.name"})
			if err == nil && ok {
				at := one.at()
				if path.Clean("/"+at) != "/"+at || one.Size < -1 || len(one.Properties) > 1 {
					t.Errorf("%q became %+v", text, one)
				}
			}
			return nil
		})
		if err != nil {
			return
		}
		if trim := strings.TrimSpace(text); !strings.HasPrefix(trim, "{") || !strings.HasSuffix(trim, "}") || !strings.Contains(strings.ToLower(text), "range") {
			t.Errorf("%q is taken for a whole answer", text)
		}
	})
}

// Every text that may stand in a query stands there as itself: nothing in it is a part of the query.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"com/acme", "größe 1+1%_;'", `a"},{"repo":"other`, `back\slash`, "*", "x\x00", "\ufffd", "$or"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !quotable(text) {
			return
		}
		q := query{where: []string{is("repo", text), anyOf([]string{folderIs(text), allOf(is("name", text), is("path", "x"))})}, include: fileFields}
		parsed, err := aql.Parse(q.String(), aql.Dialect{Seven: true})
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		repos, ok := aql.Among(parsed.Where, aql.Repo)
		if !ok || len(repos) != 1 || repos[0] != text {
			t.Errorf("%q becomes the repositories %q", text, repos)
		}
	})
}

// A cursor is read as it was written, and whatever else one may be read from leads nowhere wrong.
func FuzzCursor(f *testing.F) {
	f.Add(`{"repository":"libs","began":1,"folder":"com/acme","files":true,"above":{"com":{"offset":10,"last":"com/acme"}}}`)
	f.Add(`{"repository":"libs","done":true}`)
	f.Add(`libs:*`)
	f.Add(`{"page":{"offset":-5}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p := parseCursor(sources.Cursor(text))
		if again := parseCursor(p.cursor()); again.cursor() != p.cursor() {
			t.Errorf("%q becomes %s and then %s", text, p.cursor(), again.cursor())
		}
		folder := &folder{resume: &p}
		for range 50 {
			next := folder.next()
			if next == "" {
				break
			}
			folder.path = join(folder.path, next)
		}
	})
}

func FuzzLocator(f *testing.F) {
	f.Add(`{"repository":"libs","path":"com/acme/a.jar"}`)
	f.Add(`{"text":"1.0.0"}`)
	f.Add(`{"repository":"docker","image":"a/b"}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLocator(text)
		if err != nil {
			return
		}
		again, err := parseLocator(l.String())
		if err != nil || again.String() != l.String() {
			t.Errorf("%q becomes %s, then %s: %v", text, l, again, err)
		}
	})
}

func TestAnswersThatAreNotWhole(t *testing.T) {
	const line = `{"repo":"libs","path":"a","name":"b","type":"file"}`
	for text, trims := range map[string]bool{
		"": false, "{": false, `{"results":[`: false, `{"results":[` + line: false, `{"results":[` + line + `]`: false, `{"results":[` + line + `]}`: false,
		`{"results":[],"range":{"start_pos":0}`:              false,
		`{"results":[],"range":null}`:                        false,
		`[]`:                                                 false,
		`{"results":{},"range":{}}`:                          false,
		`{"results":[],"range":{}}{}`:                        false,
		`{"errors":[{"message":"x"}]}`:                       false,
		`{"results":[],"range":{"notification":""}}`:         true,
		`{"results":[],"range":{"notification":"whatever"}}`: true,
		`{"results":[],"range":{"limit":5}}`:                 true,
	} {
		err := readAnswer(strings.NewReader(text), 10, func(row) error { return nil })
		var t1 *trimmed
		if err == nil || errors.As(err, &t1) != trims {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := readAnswer(strings.NewReader(`{"results":[`+line+`],"range":{"limit":1}}`), 0, func(row) error { return nil }); !crowded(err) {
		t.Errorf("as many rows as the server allows: %v", err)
	}
	large := `{"results":[{"repo":"` + strings.Repeat("x", 3*maxRow) + `"}],"range":{}}`
	if err := readAnswer(strings.NewReader(large), 0, func(row) error { return nil }); err == nil || !strings.Contains(err.Error(), "MiB") {
		t.Errorf("a row of any length is read: %v", err)
	}
}
