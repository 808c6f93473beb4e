package npmjs

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
)

// changeHost is c at the change host.
func (c client) host() client { return client{Server: c.Server, t: c.t, url: c.changesAt} }

// rows are the ids in an answer's list.
func rows(body object, list string) (ids []string) {
	all, _ := body[list].([]any)
	for _, one := range all {
		row, _ := one.(object)
		ids = append(ids, fmt.Sprint(row["id"]))
	}
	return ids
}

func TestAllDocs(t *testing.T) {
	c := start(t, with("private=@acme/core", "changes.page=2")).host()
	for query, want := range map[string][]string{
		"":                                {"@acme/cli", "@acme/ui"},
		`startkey="@acme/ui"`:             {"@acme/ui", "_design/scratch"},
		`startkey="tidy-lines"`:           {"tidy-lines"},
		`startkey="zz"`:                   nil,
		`startkey_docid=@acme/ui&limit=1`: {"@acme/ui"},
		`startkey="@acme/ui"&endkey="@acme/` + "\ufff0" + `"`: {"@acme/ui"},
		`limit=20000`: {"@acme/cli", "@acme/ui"},
	} {
		body := c.get("/registry/_all_docs?"+strings.NewReplacer(`"`, "%22", "\ufff0", url.QueryEscape("\ufff0"), "@", "%40").Replace(query), 200)
		if diff := cmp.Diff(want, rows(body, "rows")); diff != "" || body["total_rows"] != 4. {
			t.Errorf("%s: %v (-want +got):\n%s", query, body, diff)
		}
	}
	for _, query := range []string{"skip=1", "startkey=@acme", "limit=-1", "limit=x", "include_docs=true"} {
		if resp, text := c.ask("GET", "/_all_docs?"+query, ""); resp.StatusCode != 400 || string(text) != "\"Bad Request\"\n" {
			t.Errorf("%s: %s %s", query, resp.Status, text)
		}
	}
	ignored := start(t, with("changes.endkey=ignored")).host()
	if got := rows(ignored.get("/_all_docs?endkey=%22%40acme%2Fcli%22", 200), "rows"); len(got) != 5 {
		t.Errorf("endkey is not ignored: %v", got)
	}
	if resp, _ := c.ask("POST", "/_all_docs", "{}"); resp.StatusCode != 405 {
		t.Errorf("POST: %s", resp.Status)
	}
}

// TestAllDocsOfManyNames: pages by startkey, of names that are made on reading and names that are kept, in one order.
func TestAllDocsOfManyNames(t *testing.T) {
	c := start(t, standin.Options{Seed: "20", Modes: map[string]string{"changes.page": "3"}})
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"@acme/bulk-0000001","version":"9.0.0","tag":"latest"}}`)
	c.ask("POST", "/_standin/mutate", `{"publish":{"name":"@acme/bulk-00000015","version":"9.0.0","tag":"latest"}}`)
	var all []string
	for start := ""; ; {
		got := rows(c.host().get("/_all_docs?startkey="+url.QueryEscape(`"`+start+`"`), 200), "rows")
		if len(all) > 0 {
			got = got[1:]
		}
		if len(got) == 0 {
			break
		}
		all = append(all, got...)
		start = got[len(got)-1]
	}
	want := []string{"@acme/bulk-0000000", "@acme/bulk-0000001", "@acme/bulk-00000015", "@acme/bulk-0000002", "@acme/bulk-0000003", "@acme/bulk-0000004", "_design/scratch"}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestChanges(t *testing.T) {
	c := start(t, standin.Options{Seed: "10", Modes: map[string]string{"private": "@acme/secret"}})
	since := func(seq any, more string) object {
		return c.host().get(fmt.Sprintf("/registry/_changes?since=%v%s", seq, more), 200)
	}
	all := since(0, "")
	if got := rows(all, "results"); len(got) != 3 || all["last_seq"] != c.host().get("/", 200)["update_seq"] {
		t.Errorf("everything: %v", all)
	}
	if first := since(0, "&limit=1"); first["last_seq"].(float64) >= all["last_seq"].(float64) || len(rows(since(first["last_seq"], ""), "results")) != 2 {
		t.Errorf("one row: %v", first)
	}
	for _, change := range []string{
		`{"publish":{"name":"@acme/bulk-0000000","version":"9.0.0","tag":"latest"}}`,
		`{"deprecate":{"name":"@acme/bulk-0000000","version":"9.0.0","message":"x"}}`,
		`{"publish":{"name":"@acme/secret","version":"1.0.0","tag":"latest"}}`,
		`{"unpublish":{"name":"@acme/bulk-0000002"}}`,
	} {
		c.ask("POST", "/_standin/mutate", change)
	}
	after := since(all["last_seq"], "")
	if diff := cmp.Diff([]string{"@acme/bulk-0000000", "@acme/bulk-0000002"}, rows(after, "results")); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	row := after["results"].([]any)[0].(object)
	rev := row["changes"].([]any)[0].(object)["rev"]
	if got := c.get("/@acme%2fbulk-0000000", 200)["_rev"]; got != rev || !strings.HasPrefix(fmt.Sprint(rev), "6-") {
		t.Errorf("the feed tells %v, the document %v", rev, got)
	}
	if ahead := since(1_000_000, ""); len(rows(ahead, "results")) != 0 || ahead["last_seq"].(float64) >= 1_000_000 {
		t.Errorf("behind the head: %v", ahead)
	}
	for _, query := range []string{"feed=continuous", "include_docs=true", "since=x", "filter=_doc_ids"} {
		if resp, _ := c.host().ask("GET", "/_changes?"+query, ""); resp.StatusCode != 400 {
			t.Errorf("%s: %s", query, resp.Status)
		}
	}
}

func TestLateChanges(t *testing.T) {
	c := start(t, with("changes.order=late", "tombstone=404"))
	head := c.host().get("/", 200)["update_seq"]
	c.ask("POST", "/_standin/mutate", `{"unpublish":{"name":"tidy-lines"}}`)
	if got := rows(c.host().get(fmt.Sprintf("/_changes?since=%v", head), 200), "results"); len(got) != 0 {
		t.Errorf("told in order: %v", got)
	}
	_, text := c.host().ask("GET", "/_changes", "")
	var body struct {
		Results []struct {
			ID      string
			Deleted bool
		}
	}
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	deleted := slices.IndexFunc(body.Results, func(row struct {
		ID      string
		Deleted bool
	}) bool {
		return row.ID == "tidy-lines" && row.Deleted
	})
	if deleted < 0 {
		t.Errorf("the late row: %s", text)
	}
	c.get("/tidy-lines", 404)
	if got := rows(c.host().get("/_all_docs", 200), "rows"); slices.Contains(got, "tidy-lines") {
		t.Errorf("what is deleted is listed: %v", got)
	}
}

func TestChangeHostTakesNoCredentials(t *testing.T) {
	c := start(t, standin.Options{})
	c.host().get("/", 200, bearer)
	if n := c.Stats().ForeignCredentials; n != 1 || c.Ready("x").Changes != c.changesAt {
		t.Errorf("counted %d", n)
	}
	if s := start(t, with("flavour=verdaccio")); s.changesAt != "" {
		t.Error("Verdaccio has a change host")
	}
}
