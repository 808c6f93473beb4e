package artifactory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
)

const folderQuery = `items.find({"repo":"files-local","path":"docs"}).include("repo","path","name").sort({"$asc":["name"]})`

// An answer that breaks off has status 200, and is no whole document; one that ends too early has not even an error.
func TestTruncatedAnswers(t *testing.T) {
	for _, kind := range []string{standin.Cut, standin.Short} {
		s := start(t, "small")
		s.Faults.Add(standin.Fault{Kind: kind, Stage: standin.List, Rate: 1})
		req, err := http.NewRequest(http.MethodPost, s.url+"/api/search/aql", strings.NewReader(folderQuery))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(s.user, artifactory.Password)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		broken := errors.Is(err, io.ErrUnexpectedEOF)
		if resp.StatusCode != http.StatusOK || broken != (kind == standin.Cut) || json.Valid(body) || !strings.Contains(string(body), `"name"`) {
			t.Errorf("%s: %s, %v: %s", kind, resp.Status, err, body)
		}
		if n := len(s.query(folderQuery).Results); n != 7 {
			t.Errorf("%s: %d rows the second time", kind, n)
		}
	}
}

// Rows that go or come between two pages move those behind them.
func TestPagesShift(t *testing.T) {
	for mode, want := range map[string]string{
		"off":      "[#1 100%.txt %20.txt a+b.txt][a;b.jar empty.bin größe.txt][~tilde@home:8.txt][]",
		"delete:1": "[#1 100%.txt %20.txt a+b.txt][empty.bin größe.txt ~tilde@home:8.txt][][]", // a;b.jar is in none
		"insert":   "[#1 100%.txt %20.txt a+b.txt][a+b.txt a;b.jar empty.bin][größe.txt ~tilde@home:8.txt][]",
	} {
		s := start(t, "small", "shift="+mode)
		got := ""
		for offset := 0; offset < 12; offset += 3 {
			got += fmt.Sprint(s.names(fmt.Sprintf(`items.find({"repo":"files-local","path":"docs"}).include("repo","path","name").sort({"$asc":["name"]}).offset(%d).limit(3)`, offset)))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
}

// The store counts credentials, and its addresses end.
func TestTheStore(t *testing.T) {
	s := start(t, "small", "redirect=0", "redirect-sums=off", "redirect-expiry=10s")
	away := s.get("/files-local/root.txt?skipUpdateStats=true")
	if away.status != http.StatusFound || away.header.Get("X-Checksum-Sha1") != "" {
		t.Fatalf("%d %v", away.status, away.header)
	}
	at := func(header ...string) answer {
		req, err := http.NewRequest(http.MethodGet, away.header.Get("Location"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return send(t, req)
	}
	if got := at(); got.status != http.StatusOK || got.body != "at the root\n" || s.Stats().ForeignCredentials != 0 {
		t.Errorf("%d %q, %d foreign credentials", got.status, got.body, s.Stats().ForeignCredentials)
	}
	for i, name := range []string{"Authorization", "X-JFrog-Art-Api", "Cookie", "Private-Token"} {
		if got := at(name, "x"); got.status != http.StatusBadRequest || s.Stats().ForeignCredentials != i+1 {
			t.Errorf("%s: %d, %d counted", name, got.status, s.Stats().ForeignCredentials)
		}
	}
	s.Faults.Add(standin.Fault{Kind: "403", Stage: standin.Blob, Rate: 1})
	if got := at(); got.status != http.StatusForbidden || !strings.Contains(got.body, "<Message>Request has expired</Message>") {
		t.Errorf("%d %s", got.status, got.body)
	}
	s.Faults.Add(standin.Fault{Kind: standin.Flip, Stage: standin.Blob, Rate: 1})
	if got := at(); got.status != http.StatusOK || got.body == "at the root\n" {
		t.Errorf("%d %q", got.status, got.body)
	}
	s.Advance(10 * time.Second)
	if got := at(); got.status != http.StatusForbidden {
		t.Errorf("ten seconds later: %d", got.status)
	}
	if got := s.do(http.MethodHead, "/files-local/root.txt", ""); got.status != http.StatusOK {
		t.Errorf("HEAD is answered %d", got.status)
	}
}

// Without a folder's permission, pages have holes; a whole answer has what may be read.
func TestHoles(t *testing.T) {
	s := start(t, "200")
	all := s.names(`items.find({"repo":"files-local"}).include("repo","path","name").sort({"$asc":["name"]})`)
	some := s.as(artifactory.Reader).names(`items.find({"repo":"files-local"}).include("repo","path","name").sort({"$asc":["name"]})`)
	page := s.as(artifactory.Reader).query(`items.find({"repo":"files-local"}).include("repo","path","name").sort({"$asc":["name"]}).limit(20)`)
	if len(all) != 80 || len(some) != 72 || len(page.Results) != 18 || page.Range.Total != 18 || *page.Range.Limit != 20 {
		t.Errorf("%d of %d rows, %d on a page whose range is %+v", len(some), len(all), len(page.Results), page.Range)
	}
}
