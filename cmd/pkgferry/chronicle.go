package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

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
// configuration, where its sources are, and every pause that a server asks for from now on.
func (a *app) chronicle(ctx context.Context, m *migration, store *checkpoint.Store) error {
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
	if err := store.Remember(ctx, homesFact, string(text)); err != nil {
		return err
	}
	rests := &rests{app: a, store: store, until: map[string]time.Time{}}
	m.hosts.OnPause(rests.note)
	return nil
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
