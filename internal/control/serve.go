package control

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	maxQuestion = 64 << 10
	maxAnswer   = 8 << 20
	patience    = 5 * time.Second        // how long who asks may take to ask
	grace       = 500 * time.Millisecond // how long the end waits for them
)

// Server answers at the socket.
type Server struct {
	http     *http.Server
	done     chan struct{}
	answers  sync.WaitGroup
	listener *listener
}

// Serve answers for a run at a socket until Close. What is at path and answers, or is no socket, stays there and is an error.
func Serve(ctx context.Context, path string, run *Run) (*Server, error) {
	l, err := listen(ctx, path)
	if err != nil {
		return nil, err
	}
	s := &Server{done: make(chan struct{}), listener: l}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		status, err := run.Status(r.Context())
		if err != nil {
			answer(w, http.StatusInternalServerError, refusal{"the checkpoint can not be read: " + err.Error()})
			return
		}
		answer(w, http.StatusOK, status)
	})
	mux.HandleFunc("POST /set", func(w http.ResponseWriter, r *http.Request) {
		changes, err := change(run, http.MaxBytesReader(w, r.Body, maxQuestion))
		if err != nil {
			answer(w, http.StatusBadRequest, refusal{err.Error()})
			return
		}
		answer(w, http.StatusOK, changes)
	})
	s.http = &http.Server{
		Handler: s.counted(mux), ReadHeaderTimeout: patience, ReadTimeout: patience, IdleTimeout: patience, MaxHeaderBytes: 8 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // it ends with Close
	}()
	return s, nil
}

// counted lets Close wait for the answers under way.
func (s *Server) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answers.Add(1)
		defer s.answers.Done()
		h.ServeHTTP(w, r)
	})
}

// Close takes the socket away and returns when nobody is being answered any more.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	_ = s.http.Close() // hangs up on who did not ask yet
	<-s.done
	s.answers.Wait()
	return err
}

func change(run *Run, body io.Reader) (SetAnswer, error) {
	var question setQuestion
	if err := json.NewDecoder(body).Decode(&question); err != nil {
		return SetAnswer{}, err
	}
	settings, err := ParseSettings(question.Settings)
	if err != nil {
		return SetAnswer{}, err
	}
	changes, err := run.Set(settings)
	return SetAnswer{PID: os.Getpid(), Changes: changes}, err
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who asked may be gone
}
