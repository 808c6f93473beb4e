package dockerhub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

func TestReadRate(t *testing.T) {
	for _, c := range []struct {
		limit, left, source string
		want                rate
		ok                  bool
	}{
		{"100;w=21600", "76;w=21600", "192.0.2.1", rate{100, 76, 6 * time.Hour, "192.0.2.1"}, true},
		{"10;w=3600", "0;w=3600", "", rate{10, 0, time.Hour, ""}, true},
		{"", " 5 ; a=b; w=60", "", rate{0, 5, time.Minute, ""}, true},
		{"x", "5", "", rate{0, 5, 6 * time.Hour, ""}, true},
		{"100;w=0", "5;w=-1", "", rate{100, 5, 6 * time.Hour, ""}, true},
		{"1", "5;w=99999999999999", "", rate{1, 5, 7 * 24 * time.Hour, ""}, true},
		{"100;w=21600", "", "", rate{}, false},
		{"100", "-1;w=1", "", rate{}, false},
		{"100", "many", "", rate{}, false},
	} {
		h := http.Header{}
		h.Set("RateLimit-Limit", c.limit)
		h.Set("RateLimit-Remaining", c.left)
		h.Set("Docker-RateLimit-Source", c.source)
		if got, ok := readRate(h); got != c.want || ok != c.ok {
			t.Errorf("%+v: %+v, %v", c, got, ok)
		}
	}
}

// meter is a registry that counts pulls, in time that synctest makes.
type meter struct {
	mu            sync.Mutex
	limit, lowest int64
	pulls         []time.Time
	looks         int
	off           bool
}

const window = 6 * time.Hour

func (m *meter) header(pull bool) http.Header {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.pulls) > 0 && time.Since(m.pulls[0]) >= window {
		m.pulls = m.pulls[1:]
	}
	if pull {
		m.pulls = append(m.pulls, time.Now())
	} else {
		m.looks++
	}
	left := m.limit - int64(len(m.pulls))
	m.lowest = min(m.lowest, left)
	if m.off {
		return nil
	}
	return http.Header{"Ratelimit-Limit": {fmt.Sprintf("%d;w=21600", m.limit)}, "Ratelimit-Remaining": {fmt.Sprintf("%d;w=21600", left)}}
}

// pull is one pull, whose request and whose answer take a while each.
func (m *meter) pull(ctx context.Context, p *pulls, there, back time.Duration) error {
	ctx, held := p.holding(ctx, func(context.Context) (http.Header, error) { return m.header(false), nil })
	defer held.free()
	if _, err := p.before(ctx); err != nil {
		return err
	}
	time.Sleep(there)
	header := m.header(true)
	time.Sleep(back)
	p.after(header, nil)
	return nil
}

// TestPullsAreKept: however many workers pull at once and in whatever order answers come, exactly what may be used is used, and
// after the window it goes on.
func TestPullsAreKept(t *testing.T) {
	for _, workers := range []int{1, 2, 8, 50} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := &meter{limit: 60, lowest: 60}, &pulls{keep: 20}
				for range 30 { // by others, before
					m.header(true)
				}
				var done, spent atomic.Int64
				for round, want := range []int64{10, 40} {
					done.Store(0)
					var all sync.WaitGroup
					for w := range workers {
						all.Go(func() {
							for n := range 100 {
								err := m.pull(t.Context(), p, time.Duration(w*7%5)*time.Second, time.Duration((w+n)*3%7)*time.Second)
								until, is := fault.IsSpent(err)
								if is {
									spent.Add(1)
									if wait := time.Until(until); wait <= 0 || wait > longestLook {
										t.Errorf("spent for %s", wait)
									}
									return
								}
								if err != nil {
									t.Error(err)
								}
								done.Add(1)
							}
						})
					}
					all.Wait()
					if done.Load() != want || m.lowest != 20 {
						t.Errorf("round %d: %d pulls, %d left at the lowest", round, done.Load(), m.lowest)
					}
					time.Sleep(window)
				}
				if spent.Load() == 0 || m.looks > 20 {
					t.Errorf("%d times spent, %d looks", spent.Load(), m.looks)
				}
			})
		})
	}
}

// TestOthersPullToo: what others use meanwhile is not counted twice, and is not overrun.
func TestOthersPullToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := &meter{limit: 100, lowest: 100}, &pulls{keep: 20}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 100 {
					if m.pull(t.Context(), p, 0, time.Second) != nil {
						return
					}
				}
			})
		}
		time.Sleep(5 * time.Second)
		for range 50 {
			m.header(true)
		}
		all.Wait()
		if m.lowest < 20-4 || m.lowest > 20 { // those under way are sent already
			t.Errorf("%d left at the lowest", m.lowest)
		}
	})
}

func TestNoLimit(t *testing.T) {
	m, p := &meter{limit: 5, off: true}, &pulls{keep: 20}
	for range 100 {
		if err := m.pull(t.Context(), p, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	if m.looks != 1 {
		t.Errorf("%d looks", m.looks)
	}
	m.off = false // a limit after all
	m.limit = 121
	if err := m.pull(t.Context(), p, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, spent := fault.IsSpent(m.pull(t.Context(), p, 0, 0)); !spent || m.looks != 2 {
		t.Errorf("a limit that shows later is not kept: %v, %d looks", spent, m.looks)
	}
}

// TestAFailedLook fails the pull alone.
func TestAFailedLook(t *testing.T) {
	p, broken := &pulls{}, errors.New("broken")
	ctx, held := p.holding(t.Context(), func(context.Context) (http.Header, error) { return nil, broken })
	if _, err := p.before(ctx); !errors.Is(err, broken) {
		t.Error(err)
	}
	held.free()
	m := &meter{limit: 1}
	if err := m.pull(t.Context(), p, 0, 0); err != nil {
		t.Error(err)
	}
}

// pulled reads the manifests of tags through Open.
func pulled(t *testing.T, s *Source, packages ...artifact.Package) error {
	t.Helper()
	for _, p := range packages {
		if err := read(t, s, p.Files[0]); err != nil {
			return err
		}
	}
	return nil
}

func read(t *testing.T, s *Source, f artifact.File) error {
	t.Helper()
	content, err := s.Open(t.Context(), f, 0)
	if err == nil {
		_, err = io.Copy(io.Discard, content)
		err = errors.Join(err, content.Close())
	}
	return err
}

// TestTheQuota: what Open costs, and what it says when nothing may be pulled any more.
func TestTheQuota(t *testing.T) {
	s := serve(t, "50", "quota=30")
	all := s.images("acme", "acme/odd_name.with-all")
	source := s.as(t, owner, func(o *Options) { o.KeepPulls = 20 })
	if err := pulled(t, source, all[:10]...); err != nil {
		t.Fatal(err)
	}
	err := pulled(t, source, all[10])
	until, spent := fault.IsSpent(err)
	if !spent || time.Until(until) > longestLook || !strings.Contains(err.Error(), "20 of 30 pulls are left") || !strings.Contains(err.Error(), "20 are kept; a pull comes back 6h0m0s") {
		t.Errorf("until %s: %v", until, err)
	}
	if err := pulled(t, source, all[:10]...); err != nil { // again
		t.Error(err)
	}
	for range 100 {
		if _, err := s.as(t, owner).registry.Head(t.Context(), "acme/made-0000", "build-0000001"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Stats().Requests["PULL charged"]; n != 10 {
		t.Errorf("%d pulls", n)
	}
}

// TestTheQuotaIsRefused: whoever keeps nothing, or shares with others, meets the refusal, and nothing waits for it.
func TestTheQuotaIsRefused(t *testing.T) {
	for mode, least := range map[string]time.Duration{"quota.retry=false": 14 * time.Minute, "quota.retry=true": 5 * time.Hour} {
		s := serve(t, "5", "quota=3", mode)
		all := s.images("acme")
		one, two := s.as(t, owner), s.as(t, owner)
		if err := pulled(t, one, all[0]); err != nil { // it has seen that two are left
			t.Fatal(err)
		}
		if err := pulled(t, two, all[1:3]...); err != nil {
			t.Fatal(err)
		}
		err := pulled(t, one, all[3])
		until, spent := fault.IsSpent(err)
		if !spent || time.Until(until) < least || !strings.Contains(err.Error(), "You have reached your pull rate limit") {
			t.Errorf("%s: %s, %v", mode, time.Until(until), err)
		}
		if err := pulled(t, one, all[0]); err != nil {
			t.Errorf("%s: what was pulled is lost: %v", mode, err)
		}
	}
}

// TestTooFastIsNoQuota: the bare 429 holds up the host for a minute and more, and is neither a quota nor a failure.
func TestTooFastIsNoQuota(t *testing.T) {
	s := serve(t, "5", "quota=3", "abuse=1")
	s.pause = Pause
	source := s.as(t, owner)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := source.Open(ctx, s.images("acme")[0].Files[0], 0)
		ended <- err
	}()
	for {
		for _, host := range s.hosts.States() {
			if wait := time.Until(host.Until); wait > 0 {
				if wait < 50*time.Second {
					t.Errorf("held up for %s", wait)
				}
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
		}
		select {
		case err := <-ended:
			cancel()
			t.Fatal(err)
		default:
			time.Sleep(time.Millisecond)
		}
	}
}

// TestAManifestIsPulledOnce: two tags of one image, at once and later, and a retry; a damaged one is pulled again.
func TestAManifestIsPulledOnce(t *testing.T) {
	s := serve(t, "small", "quota=200")
	source := s.as(t, owner)
	var two, latest artifact.Package
	for _, p := range s.images("acme") {
		switch p.Name + ":" + p.Version {
		case "acme/app:2.0":
			two = p
		case "acme/app:latest":
			latest = p
		}
	}
	s.Faults.Add(standin.Fault{Kind: standin.Flip, Stage: standin.Manifest, Rate: 2})
	if err := pulled(t, source, two); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, p := range []artifact.Package{two, latest} {
				content, err := source.Open(t.Context(), p.Files[0], 10)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(content)
				m, _ := s.Store().Manifest(p.Name, p.Version)
				if diff := cmp.Diff(string(m.Body[10:]), string(body)); diff != "" || content.Size != int64(len(m.Body)) {
					t.Errorf("%s: size %d, %s", p.Version, content.Size, diff)
				}
			}
		})
	}
	all.Wait()
	if n := s.Stats().Requests["PULL charged"]; n != 2 {
		t.Errorf("%d pulls, want the damaged one and one more", n)
	}
}

// TestWhoWaitsForAManifestTriesItself when the one who read it could not.
func TestWhoWaitsForAManifestTriesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m manifests
		var reads atomic.Int64
		read := func(context.Context) ([]byte, bool, error) {
			n := reads.Add(1)
			time.Sleep(time.Second)
			if n < 3 {
				return nil, false, errors.New("broken")
			}
			return []byte("body"), true, nil
		}
		var all sync.WaitGroup
		var failed atomic.Int64
		for range 5 {
			all.Go(func() {
				if body, err := m.get(t.Context(), "digest", read); err != nil {
					failed.Add(1)
				} else if string(body) != "body" {
					t.Errorf("%q", body)
				}
			})
		}
		all.Wait()
		if reads.Load() != 3 || failed.Load() != 2 {
			t.Errorf("%d reads, %d failures", reads.Load(), failed.Load())
		}
	})
}

func TestManifestsAreBounded(t *testing.T) {
	var m manifests
	reads := 0
	get := func(digest string) {
		_, _ = m.get(t.Context(), digest, func(context.Context) ([]byte, bool, error) {
			reads++
			return make([]byte, maxHeld/4), true, nil
		})
	}
	for i := range 100 {
		get("first")
		get(fmt.Sprint(i))
	}
	if reads != 101 || m.size > maxHeld || len(m.known) != 4 || m.order.Len() != 4 || len(m.going) != 0 {
		t.Errorf("%d reads, %d bytes, %d known, %d in order", reads, m.size, len(m.known), m.order.Len())
	}
}
