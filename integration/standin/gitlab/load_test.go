package gitlab_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/gitlab"
)

// TestTogether publishes from many sides at once: no row is lost and none is made twice.
func TestTogether(t *testing.T) {
	c := start(t, "settle=1ms")
	var all sync.WaitGroup
	const writers, each = 8, 12
	for w := range writers {
		all.Go(func() {
			for i := range each {
				c.put(fmt.Sprintf("%s/generic/shared/1.0/f-%d-%d", generic, w, i), "x", 201)
				c.put(fmt.Sprintf("%s/maven/com/acme/lib/1.%d/f-%d.jar", java, i, w), "x", 200)
				c.put(node+"/npm/a", publish{name: "a", version: fmt.Sprintf("%d.%d.0", w, i)}.document(t), 200)
				c.do("GET", java+"?per_page=100", "")
			}
		})
	}
	all.Wait()
	deadline := time.Now().Add(time.Minute)
	for len(c.rows(node+"?status=processing")) > 0 && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	lines := c.dump()
	if slices.Sort(lines); len(lines) != 3*writers*each || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Errorf("%d rows: %v", len(lines), lines)
	}
	if rows := c.rows(generic); len(rows) != 1 {
		t.Errorf("one package became %d", len(rows))
	}
	var counts standin.Counts
	if err := json.Unmarshal([]byte(c.do("GET", "/_standin/stats", "").body), &counts); err != nil {
		t.Fatal(err)
	}
	if counts.Requests["PUT npm"] != writers*each || counts.Writes["acme/artifact-management/node-packages/npm/a/0.0.0/a-0.0.0.tgz"] != 1 {
		t.Errorf("stats: %v", counts.Requests)
	}
}

// TestMemory sends bodies far larger than what the server may allocate for them.
func TestMemory(t *testing.T) {
	const size = 96 << 20
	c := start(t, "settle=immediate")
	upload, isForm := form(t, "name", "big", "version", "1.0", "content;big-1.0.zip", "HERE")
	before, after, _ := strings.Cut(upload, "HERE")
	for _, row := range []struct{ method, path, head, tail, header string }{
		{"PUT", generic + "/generic/big/1.0/f", "", "", "X-Nothing: 1"},
		{"PUT", java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "", "", "X-Nothing: 1"},
		{"PUT", modules + "/terraform/modules/big/aws/1.0.0/file", "", "", "X-Nothing: 1"},
		{"POST", python + "/pypi", before, after, isForm},
		{"PUT", node + "/npm/a", `{"name":"a","dist-tags":{"latest":"1.0.0"},"_attachments":{"a-1.0.0.tgz":{"data":"`,
			`"}},"versions":{"1.0.0":{"name":"a","version":"1.0.0","dist":{"tarball":"x","shasum":"x"}}}}`, "X-Nothing: 1"},
	} {
		body := io.MultiReader(strings.NewReader(row.head), io.LimitReader(repeat("A"), size), strings.NewReader(row.tail))
		req, err := http.NewRequest(row.method, c.url+row.path, io.NopCloser(body))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = int64(size + len(row.head) + len(row.tail))
		req.Header.Set("PRIVATE-TOKEN", c.token)
		name, value, _ := strings.Cut(row.header, ": ")
		req.Header.Set(name, value)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; resp.StatusCode >= 300 || allocated > size/8 {
			t.Errorf("%s: %s, %d bytes allocated for %d", row.path, resp.Status, allocated, size)
		}
	}
	lines := c.dump()
	want := []string{
		fmt.Sprintf("a 1.0.0 a-1.0.0.tgz %d", size/4*3), fmt.Sprintf("big 1.0 big-1.0.zip %d", size), fmt.Sprintf("big 1.0 f %d", size),
		fmt.Sprintf("big/aws 1.0.0 big-aws-1.0.0.tgz %d", size), fmt.Sprintf("com/acme/lib 1.0 lib-1.0.jar %d", size),
	}
	if slices.Sort(lines); !slices.Equal(lines, want) {
		t.Errorf("stored %v, want %v", lines, want)
	}
}

// repeat gives a text for ever.
type repeat string

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}

// TestFaults checks that faults reach the routes.
func TestFaults(t *testing.T) {
	for fault, want := range map[string]struct {
		status, again int
		rows          int
	}{
		"500@write=1":  {500, 201, 1},
		"429@write=1":  {429, 201, 1},
		"403@write=1":  {403, 201, 1},
		"500@stored=1": {500, 201, 2},
		"cut@write=1":  {500, 201, 1},
		"flip@write=1": {201, 201, 2},
	} {
		one, err := standin.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		c := startWith(t, standin.Options{Faults: []standin.Fault{one}})
		path := generic + "/generic/tool/1.0/f"
		if strings.Contains(fault, "stored") { // what was refused is not stored
			c.want(400, "*", "PUT", generic+"/generic/tool/1.0/f~", "body")
		}
		c.want(want.status, "*", "PUT", path, "body")
		c.want(want.again, "*", "PUT", path, "body")
		if lines := c.dump(); len(lines) != want.rows {
			t.Errorf("%s: %v", fault, lines)
		}
		c.want(200, "body", "GET", path, "")
	}
	c := start(t)
	c.mutate(`{"fault":"503@list=1"}`)
	c.want(503, `{"message":"503 Service Unavailable"}`, "GET", generic, "")
	c.mutate(`{"fault":"503@list=9"}`)
	c.mutate(`{"clear_faults":true}`)
	c.want(200, "*", "GET", generic, "")
}

// TestInnerFaults checks the faults behind the server's front: nothing is stored, and the next try succeeds.
func TestInnerFaults(t *testing.T) {
	c := start(t, "settle=immediate", "npm=sync")
	document := publish{name: "a", version: "1.0.0"}.document(t)
	body, header := form(t, wheel()...)
	const masked = `{"message":"403 Forbidden"}`
	for _, row := range []struct {
		fault, method, path, body, header string
		status, again                     int
		answer                            string
	}{
		{"objectstore", "PUT", generic + "/generic/a/1.0/f", "x", "X-Nothing: 1", 403, 201, masked},
		{"objectstore", "PUT", java + "/maven/com/acme/lib/1.0/lib-1.0.jar", "x", "X-Nothing: 1", 500, 200, `{"message":"Missing file"}`},
		{"objectstore", "POST", python + "/pypi", body, header, 403, 201, masked},
		{"lock", "PUT", node + "/npm/a", document, "X-Nothing: 1", 400, 200, "*"},
	} {
		rows := len(c.dump())
		c.mutate(`{"fault":"` + row.fault + `@write=1"}`)
		c.want(row.status, row.answer, row.method, row.path, row.body, row.header)
		if lines := c.dump(); len(lines) != rows {
			t.Errorf("%s: stored %v", row.path, lines)
		}
		c.want(row.again, "*", row.method, row.path, row.body, row.header)
		if lines := c.dump(); len(lines) != rows+1 {
			t.Errorf("%s: %v", row.path, lines)
		}
	}
}

// TestCloseEndsTheWork leaves background work undone.
func TestCloseEndsTheWork(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	server, err := gitlab.New(standin.Options{Modes: map[string]string{"settle": "1h"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadModes(t *testing.T) {
	for _, word := range []string{
		"npm=maybe", "settle=soon", "forward=nowhere", "maven.duplicates=yes", "generic.duplicates.except=(", "limit.npm=-1",
		"ratelimit=rack:1", "ratelimit=app:0", "visibility=secret", "colour=red", "limit.rust=1", "quota=-1", "store=here", "nuget=maybe", "helm.index=never", "ratelimit=packages:1",
	} {
		modes, err := standin.ParseModes([]string{word})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gitlab.New(standin.Options{Modes: modes}); err == nil {
			t.Errorf("%s is accepted", word)
		}
	}
}
