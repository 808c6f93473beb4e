package metrics

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newRun is a run on an empty checkpoint, with a target that refuses for going too fast and another host that was led to.
func newRun(t *testing.T) Run {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.db")
	store, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	hosts := httpx.NewHosts()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") }))
	t.Cleanup(elsewhere.Close)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/pause":
			w.Header().Set("RateLimit-Remaining", "0")
			w.Header().Set("RateLimit-Reset", "300")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(target.Close)
	base, err := url.Parse(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Hosts: hosts, Limits: httpx.Limits{RequestsPerSecond: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	for _, path := range []string{"missing", "away", "pause"} {
		if resp, err := client.Get(t.Context(), client.URL(path, nil), nil); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	budget := httpx.NewDaily(70)
	return Run{
		Version: "1.2.3", Store: store, Checkpoint: path, Crew: engine.NewCrew(3), Hosts: hosts, Sources: []string{"nexus", "hub"},
		Budgets: map[string]*httpx.Daily{"hub": budget}, Servers: map[string]string{"target": "target gitlab", "hub": "source hub"},
	}
}

func record(format artifact.Format, name string) checkpoint.Record {
	return checkpoint.Record{ID: 1, Package: artifact.Package{Source: "nexus", Format: format, Name: name, Version: "1"}}
}

func TestMetricsAreNamedAsPrometheusWantsThem(t *testing.T) {
	m := New(newRun(t))
	feed(m)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// feed tells of one event of each kind.
func feed(m *Metrics) {
	r := record(artifact.NPM, "ui")
	m.Event(engine.Event{Kind: engine.Listed, Source: "nexus", Count: 7})
	m.Event(engine.Event{Kind: engine.Problem, Source: "hub", Err: errors.New("closed")})
	m.Event(engine.Event{Kind: engine.Started, Record: r})
	m.Event(engine.Event{Kind: engine.Copied, Record: r, Count: 1000})
	m.Event(engine.Event{Kind: engine.Postponed, Record: r})
	m.Event(engine.Event{Kind: engine.Postponed, Record: r, Err: fault.Temporary(fault.At(fault.Sink, errors.New("502")), 0)})
	m.Event(engine.Event{Kind: engine.Postponed, Record: r, Err: fault.Errorf(artifact.SourceDigestMismatch, "other bytes")})
	m.Event(engine.Event{Kind: engine.Postponed, Record: r, Err: fault.Errorf("made-up", "unknown")})
	m.Event(engine.Event{Kind: engine.Settled, Record: r, Outcome: artifact.Published})
	m.Event(engine.Event{Kind: engine.Settled, Record: record("rpm", "bash"), Outcome: artifact.Skipped})
	m.Event(engine.Event{Kind: engine.PutDown, Record: r})
	m.Event(engine.Event{Kind: engine.Paused, Source: "hub", Until: time.Unix(1_800_000_000, 0)})
}

func TestWhatIsShown(t *testing.T) {
	m := New(newRun(t))
	feed(m)
	got := scrape(t, m)
	for _, want := range []string{
		`pkgferry_build_info{goversion="*",version="1.2.3"} 1`,
		`pkgferry_workers 3`,
		`pkgferry_packages_in_hand 0`,
		`pkgferry_attempts_total 1`,
		`pkgferry_copied_bytes_total{source="nexus"} 1000`,
		`pkgferry_packages_listed_total{source="nexus"} 7`,
		`pkgferry_packages_listed_total{source="hub"} 0`,
		`pkgferry_listing_problems_total{source="hub"} 1`,
		`pkgferry_packages_postponed_total{reason="processing"} 1`,
		`pkgferry_packages_postponed_total{reason="target-failed"} 1`,
		`pkgferry_packages_postponed_total{reason="source-digest-mismatch"} 1`,
		`pkgferry_packages_postponed_total{reason="other"} 1`,
		`pkgferry_packages_settled_total{format="npm",outcome="published"} 1`,
		`pkgferry_packages_settled_total{format="other",outcome="skipped"} 1`,
		`pkgferry_packages_settled_total{format="maven",outcome="failed"} 0`,
		`pkgferry_source_quota_reset_timestamp_seconds{source="hub"} 1.8e+09`,
		`pkgferry_source_budget_remaining_requests{source="hub"} 70`,
		`pkgferry_checkpoint_packages{state="unsettled"} 0`,
		`pkgferry_listing_complete 0`,
		`pkgferry_host_requests_total{code="3xx",host="*",server="target"} 1`,
		`pkgferry_host_requests_total{code="4xx",host="*",server="target"} 1`,
		`pkgferry_host_requests_total{code="2xx",host="other",server="other"} 1`,
		`pkgferry_host_received_bytes_total{host="other",server="other"} 5`,
		`pkgferry_host_paused{host="*",server="target"} 1`,
		`pkgferry_host_pauses_total{host="*",server="target"} 1`,
		`pkgferry_host_quota_remaining_requests{host="*",server="target"} 0`,
		`pkgferry_host_limit_requests_per_second{host="*",server="target"} 1000`,
	} {
		if !shows(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// shows tells whether one line is like the pattern, whose * stands for anything.
func shows(text, pattern string) bool {
	before, after, _ := strings.Cut(pattern, "*")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == pattern || strings.Contains(pattern, "*") && strings.HasPrefix(line, before) && strings.HasSuffix(line, after) {
			return true
		}
	}
	return false
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	l, open, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil || open {
		t.Fatal(open, err)
	}
	s := m.Serve(l)
	defer s.Close()
	var client http.Client
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheNumberOfSeriesDoesNotGrow: neither names nor formats nor reasons nor hosts that others make up become labels.
func TestTheNumberOfSeriesDoesNotGrow(t *testing.T) {
	m := New(newRun(t))
	feed(m)
	before := names(t, m)
	for i := range 1000 {
		r := record(artifact.Format(fmt.Sprint("format", i)), fmt.Sprint("name", i))
		for _, e := range []engine.Event{
			{Kind: engine.Started, Record: r},
			{Kind: engine.Postponed, Record: r, Err: fault.Errorf(artifact.Reason(fmt.Sprint("reason", i)), "x")},
			{Kind: engine.Copied, Record: r, Count: 1},
			{Kind: engine.Settled, Record: r, Outcome: artifact.Skipped, Reason: artifact.Reason(fmt.Sprint("reason", i))},
		} {
			m.Event(e)
		}
	}
	if diff := cmp.Diff(before, names(t, m)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

// names are the series, without their values and without those of the Go runtime.
func names(t *testing.T, m *Metrics) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(scrape(t, m)) {
		if strings.HasPrefix(line, "pkgferry_") {
			all = append(all, line[:strings.LastIndexByte(line, ' ')])
		}
	}
	return all
}

func TestListen(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, ":0": true, "0.0.0.0:0": true} {
		l, open, err := Listen(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if open != want {
			t.Errorf("%s: open %v", address, open)
		}
		_, _, err = Listen(t.Context(), l.Addr().String())
		var op *net.OpError
		if !errors.As(err, &op) {
			t.Errorf("%s was taken twice: %v", address, err)
		}
		_ = l.Close()
	}
	for _, address := range []string{"9187", "127.0.0.1", "nowhere.example.test", ""} {
		if l, _, err := Listen(t.Context(), address); err == nil {
			_ = l.Close()
			t.Errorf("%q was taken for an address", address)
		}
	}
}
