package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/fault"
)

// day is a budget at a time that the test sets.
func day(limit int, at *time.Time) *Daily {
	d := NewDaily(limit)
	d.now = func() time.Time { return *at }
	return d
}

func TestDaily(t *testing.T) {
	now := time.Date(2026, 5, 3, 23, 59, 0, 0, time.FixedZone("", -3600)) // the fourth in UTC
	d := day(3, &now)
	d.Resume("2026-05-03", 3)
	d.Resume("2026-05-04", 1)
	for range 2 {
		if err := d.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	err := d.take(t.Context())
	until, spent := fault.IsSpent(err)
	if want := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC); !spent || !until.Equal(want) || !strings.Contains(err.Error(), "2026-05-04 (UTC)") {
		t.Errorf("%v until %s", err, until)
	}
	now = now.Add(-48 * time.Hour)
	if err := d.take(t.Context()); err == nil {
		t.Error("a clock that went back gives another budget")
	}
	now = now.Add(72 * time.Hour)
	if err := d.take(t.Context()); err != nil {
		t.Errorf("the next day: %v", err)
	}
	var none *Daily
	if err := errors.Join(none.take(t.Context()), none.Settle(t.Context())); err != nil {
		t.Error(err)
	}
}

// Whoever is killed finds noted what it may have used, and not much more.
func TestDailyIsNotedBeforeItIsUsed(t *testing.T) {
	now := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	d := day(250, &now)
	var told []string
	if err := d.take(t.Context()); err != nil { // before anybody keeps it
		t.Fatal(err)
	}
	d.Keep(func(_ context.Context, day string, used int) error {
		told = append(told, fmt.Sprint(day, " ", used))
		return nil
	})
	for used := 1; used < 6; used++ {
		if err := d.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now = now.AddDate(0, 0, 1)
	_ = d.take(t.Context())
	_ = d.Settle(t.Context())
	want := []string{"2026-05-03 3", "2026-05-03 5", "2026-05-03 7", "2026-05-04 2", "2026-05-04 1"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	d.Keep(func(context.Context, string, int) error { return errors.New("full disk") })
	if err := d.take(t.Context()); !fault.IsStop(err) || !strings.Contains(err.Error(), "full disk") {
		t.Errorf("what can not be noted: %v", err)
	}
}

// The server gets no request beyond the budget, whatever is asked at once, retries and refusals included; another server that it
// redirects to is not part of it.
func TestDailyHoldsForAClient(t *testing.T) {
	var here, there atomic.Int32
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		there.Add(1)
		_, _ = io.WriteString(w, "content")
	}))
	t.Cleanup(store.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := here.Add(1); {
		case r.URL.Path == "/redirect":
			http.Redirect(w, r, store.URL, http.StatusFound)
		case n%5 == 0:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Name: "source x", Base: base, Daily: NewDaily(30)})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := c.Beside(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	var refused atomic.Int32
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			ask, path := c, "/file"
			if i%2 == 0 {
				ask, path = beside, "/redirect"
			}
			resp, err := ask.Open(t.Context(), ask.URL(path, nil), 0, nil)
			if _, spent := fault.IsSpent(err); spent {
				refused.Add(1)
				return
			}
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			if _, spent := fault.IsSpent(err); err != nil && !spent {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if here.Load() != 30 || there.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d requests of 30, %d elsewhere, %d refused", here.Load(), there.Load(), refused.Load())
	}
	if _, err := c.Get(t.Context(), c.URL("/file", nil), nil); fault.IsStop(err) || !strings.Contains(err.Error(), "source x: GET ") {
		t.Errorf("%v", err)
	}
}
