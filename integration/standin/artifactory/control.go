package artifactory

// What is under /_standin/: stats and dump for every stand-in alike, mutate and clock.

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
)

const maxChanges = 64 << 20

func (s *Server) control(w http.ResponseWriter, r *http.Request, what string) {
	switch r.Method + " " + what {
	case "GET stats":
		s.stats.ServeHTTP(w, r)
	case "GET dump":
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = standin.WriteDump(w, s.Dump)
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
	err := json.NewDecoder(io.LimitReader(r.Body, maxChanges)).Decode(&changes)
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
	for i := range changes {
		changes[i].Body = "" // who made the changes knows the bytes
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"changes": changes})
}

// moveClock advances the server's time: {"advance":"10m"}.
func (s *Server) moveClock(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Advance string `json:"advance"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<10)).Decode(&wanted)
	d, failed := time.ParseDuration(wanted.Advance)
	if err = errors.Join(err, failed); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Advance(d)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"now": stamp(s.clock.now())})
}

// Advance moves the server's clock.
func (s *Server) Advance(d time.Duration) { s.clock.advance(d) }

// Dump yields every stored file of every repository that holds any, system repositories included. What belongs to no
// package has no package name.
func (s *Server) Dump(yield func(standin.DumpLine) bool) {
	s.mu.RLock()
	stores := s.content.stores()
	s.mu.RUnlock()
	for _, one := range stores {
		s.mu.RLock()
		folders := slices.Collect(one.held.Folders(func(string) bool { return false }))
		s.mu.RUnlock()
		for _, folder := range folders {
			if !s.dumpFolder(one, folder, yield) {
				return
			}
		}
	}
}

func (s *Server) dumpFolder(one *repository, folder string, yield func(standin.DumpLine) bool) bool {
	if folder == "." {
		folder = ""
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for item := range one.held.Children(folder) {
		if !item.Folder && !yield(dumpLine(one, item)) {
			return false
		}
	}
	return true
}

func dumpLine(one *repository, item *storage.Item) standin.DumpLine {
	line := standin.DumpLine{
		Repository: item.Repo, Format: one.packageType, File: item.At(), Size: item.Size(), SHA256: item.Blob.Digests().SHA256,
	}
	identify(one, item, &line)
	return line
}

// Body reads the content that is stored in a repository at a path; nil when there is none.
func (s *Server) Body(repository, path string) io.Reader {
	s.mu.RLock()
	defer s.mu.RUnlock()
	item, _ := s.find(repository, path)
	if item == nil || item.Folder {
		return nil
	}
	return item.Blob.Reader()
}
