package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/sourcegraph/conc"

	"pkgferry/checkpoint"
	"pkgferry/internal/config"
	"pkgferry/internal/httpx"
	"pkgferry/sources/dockerhub"
)

// homesFact is the checkpoint's fact that says where each source is, as JSON.
const homesFact = "homes"

// home is where a source is: its type, and its address without credentials.
type home struct {
	Type string `json:"type"`
	URL  string `json:"url,omitempty"`
}

// chronicle notes in the checkpoint what a report tells of the work beside the packages: who works on it and by which
// configuration, where its sources are, and from now on, until it is ended, the requests to each server and the pauses that it
// asks for.
func (a *app) chronicle(ctx context.Context, m *migration, store *checkpoint.Store) (end func(), err error) {
	if err := a.introduce(ctx, m, store); err != nil {
		return func() {}, err
	}
	rests := &rests{app: a, store: store, until: map[string]time.Time{}}
	m.hosts.OnPause(rests.note)
	traffic := &traffic{app: a, store: store, hosts: m.hosts, noted: map[string]int64{}}
	if m.unnoted {
		traffic.fresh()
	}
	return traffic.start(), nil
}

// introduce notes who works on the migration, and where its sources are.
func (a *app) introduce(ctx context.Context, m *migration, store *checkpoint.Store) error {
	config, err := m.file.Show(a.configOptions())
	if err != nil {
		return err
	}
	sum := sha256.Sum256(config)
	err = store.Work(ctx, checkpoint.Tool{Since: time.Now(), Version: programVersion(), Config: hex.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	homes, err := a.homes(ctx, store)
	if err != nil {
		return err
	}
	for _, s := range m.file.Sources {
		homes[s.Name] = homeOf(s)
	}
	text, err := json.Marshal(homes)
	if err != nil {
		return err
	}
	return store.Remember(ctx, homesFact, string(text))
}

// trafficTick is how often the requests to servers are noted: some times in each of the minutes by which they are.
const trafficTick = 10 * time.Second

// traffic notes how many requests went to each host.
type traffic struct {
	app   *app
	store *checkpoint.Store
	hosts *httpx.Hosts
	noted map[string]int64 // by host: how many are noted
}

// start notes what is new after every tick, and once more at the end.
func (t *traffic) start() (end func()) {
	done := make(chan struct{})
	var noting conc.WaitGroup
	noting.Go(func() {
		ticker := time.NewTicker(trafficTick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				t.note()
			case <-done:
				t.note()
				return
			}
		}
	})
	return func() {
		close(done)
		noting.Wait()
	}
}

// fresh are the requests since it was last asked.
func (t *traffic) fresh() map[string]int64 {
	fresh := map[string]int64{}
	for _, host := range t.hosts.States() {
		if n := host.Requests - t.noted[host.Host]; n > 0 {
			fresh[host.Host], t.noted[host.Host] = n, host.Requests
		}
	}
	return fresh
}

func (t *traffic) note() {
	fresh := t.fresh()
	if len(fresh) == 0 {
		return
	}
	if err := t.store.Sent(context.Background(), time.Now(), fresh); err != nil {
		t.app.log.Debug("requests are not in the checkpoint", "error", err)
	}
}

// homeOf is where a source's files lie: Docker Hub's are in its registry.
func homeOf(s config.Source) home {
	at, own := s.URL, ""
	if s.Type == "dockerhub" {
		at, own = s.RegistryURL, dockerhub.Registry
	}
	if at.URL != nil {
		own = at.String()
	}
	return home{Type: s.Type, URL: own}
}

// homes reads where the sources are; those of a checkpoint that does not say are missing.
func (a *app) homes(ctx context.Context, store *checkpoint.Store) (map[string]home, error) {
	homes := map[string]home{}
	text, err := store.Fact(ctx, homesFact)
	if err != nil || text == "" {
		return homes, err
	}
	return homes, json.Unmarshal([]byte(text), &homes)
}

// rests notes the pauses that hosts ask for. One that is extended is told again, and its rest is noted.
type rests struct {
	app   *app
	store *checkpoint.Store
	mu    sync.Mutex
	until map[string]time.Time // by host: how far it is noted
}

func (r *rests) note(p httpx.Pause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := p.Since
	if noted := r.until[p.Host]; noted.After(from) {
		from = noted
	}
	if !p.Until.After(from) {
		return
	}
	r.until[p.Host] = p.Until
	if err := r.store.Pause(context.Background(), p.Host, from, p.Until); err != nil {
		r.app.log.Debug("a pause is not in the checkpoint", "host", p.Host, "error", err)
	}
}
