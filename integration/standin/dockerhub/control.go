package dockerhub

// What is under /_standin/: stats and dump for every stand-in alike, mutate and clock.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin"
)

// Change is one thing that happens on the server.
type Change struct {
	// Op is push (a new image under Tag, different for every Body), move (Tag to what the tag or digest To names), delete
	// (Tag, or without a tag the repository), create (an empty repository, which may be private), lose (File is gone from
	// the storage), expire (every token that was issued), mode, fault, or clear (the faults).
	Op         string            `json:"op"`
	Repository string            `json:"repository,omitempty"`
	Tag        string            `json:"tag,omitempty"`
	To         string            `json:"to,omitempty"`
	Body       string            `json:"body,omitempty"`
	File       string            `json:"file,omitempty"` // "manifests/DIGEST" or "blobs/DIGEST"
	Private    bool              `json:"private,omitempty"`
	Mode       map[string]string `json:"mode,omitempty"`
	Fault      string            `json:"fault,omitempty"`
	// After waits: the change is made when that many requests more of a kind, as statistics call it, have come, before
	// the last of them is answered.
	After *After `json:"after,omitempty"`
}

// After is a number of requests: {"requests":2,"of":"GET hub tags"}.
type After struct {
	Requests int    `json:"requests"`
	Of       string `json:"of"`
}

const maxChanges = 64 << 20

func (s *Server) control(w http.ResponseWriter, r *http.Request, what string) {
	switch r.Method + " " + what {
	case "GET stats":
		s.stats.ServeHTTP(w, r)
	case "GET dump":
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = standin.WriteDump(w, s.store.Lines(""))
	case "POST mutate":
		s.mutate(w, r)
	case "POST clock":
		s.moveClock(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) mutate(w http.ResponseWriter, r *http.Request) {
	var changes []Change
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxChanges))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&changes)
	if errors.Is(err, io.EOF) {
		changes, err = s.ordinary(), nil
	}
	for i := 0; err == nil && i < len(changes); i++ {
		err = s.Change(changes[i])
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	send(w, http.StatusOK, object{"changes": changes})
}

// Change makes one change, or keeps it for later.
func (s *Server) Change(c Change) error {
	if c.After != nil {
		if c.After.Requests < 1 || c.After.Of == "" {
			return fmt.Errorf("after %+v is no number of requests of a kind", *c.After)
		}
		s.later.add(c)
		return nil
	}
	switch c.Op {
	case "push":
		s.known(c.Repository, c.Private)
		s.store.PutArtifact(c.Repository, c.Tag, made(c.Body))
	case "move":
		m, ok := s.store.Manifest(c.Repository, c.To)
		if !ok {
			return fmt.Errorf("there is no %q in %q", c.To, c.Repository)
		}
		return s.store.SetTag(c.Repository, c.Tag, m.Digest)
	case "delete":
		if c.Tag != "" {
			return s.store.DeleteTag(c.Repository, c.Tag)
		}
		if s.hub.find(c.Repository) == nil {
			return fmt.Errorf("there is no repository %q", c.Repository)
		}
		s.hub.remove(c.Repository)
		s.store.Drop(c.Repository)
	case "create":
		s.known(c.Repository, c.Private)
		s.store.Create(c.Repository)
	case "lose":
		return s.store.Lose(c.Repository, c.File)
	case "expire":
		s.keys.expire()
	case "mode":
		for key, value := range c.Mode {
			if err := s.modes.set(key, value); err != nil {
				return err
			}
		}
	case "fault":
		fault, err := standin.ParseFault(c.Fault)
		if err != nil {
			return err
		}
		s.Faults.Add(fault)
	case "clear":
		s.Faults.Clear()
	default:
		return fmt.Errorf("there is no change %q", c.Op)
	}
	return nil
}

// known makes the API know a repository.
func (s *Server) known(name string, private bool) {
	if s.hub.find(name) == nil && strings.Count(name, "/") == 1 {
		s.describe(name, private, "image", types.OCIConfigJSON)
	}
}

// ordinary are the changes of a working day: a new tag, one that moves to it, and one that is deleted.
func (s *Server) ordinary() []Change {
	all, _ := s.hub.of(Org)
	for _, one := range all {
		names, _ := s.store.Page(one.name, 0, 0, 1)
		if len(names) == 0 {
			continue
		}
		version := s.clock.now().UTC().Format("20060102-150405.000")
		return []Change{
			{Op: "push", Repository: one.name, Tag: version, Body: version}, {Op: "move", Repository: one.name, Tag: "edge", To: version},
			{Op: "delete", Repository: one.name, Tag: names[0]},
		}
	}
	return nil
}

// triggers are changes that wait for requests. The zero value is ready.
type triggers struct {
	mu      sync.Mutex
	waiting []Change
}

func (t *triggers) add(c Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	after := *c.After
	c.After = &after
	t.waiting = append(t.waiting, c)
}

// due counts a request of a kind and takes the changes that waited for it.
func (t *triggers) due(kind string) (due []Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(c Change) bool {
		if c.After.Of == kind {
			c.After.Requests--
		}
		if c.After.Requests > 0 {
			return false
		}
		c.After = nil
		due = append(due, c)
		return true
	})
	return due
}

// trigger makes the changes that waited for a request of a kind; what can not be done is counted as "CHANGE failed".
func (s *Server) trigger(kind string) {
	for _, c := range s.later.due(kind) {
		if s.Change(c) != nil {
			s.stats.Request("CHANGE", "failed")
		}
	}
}

func (s *Server) moveClock(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Advance string `json:"advance"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&body)
	by, bad := time.ParseDuration(body.Advance)
	if err != nil || bad != nil || by < 0 {
		http.Error(w, "advance is a duration such as 6h", http.StatusBadRequest)
		return
	}
	s.clock.advance(by)
	send(w, http.StatusOK, object{"now": s.clock.now().UTC().Format(time.RFC3339Nano)})
}
