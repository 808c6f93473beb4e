package gitlab

import (
	"net/http"
)

// Background work: GitLab's app/workers/concerns/packages/error_handling.rb.

// refusal is why a publish failed. status is the answer's in sync mode.
type refusal struct {
	status  int
	message string
}

func (r refusal) Error() string { return r.message }

func refused(message string) error { return refusal{http.StatusBadRequest, message} }

// crashed is an exception that GitLab does not foresee.
func crashed(class string) error {
	return refusal{http.StatusInternalServerError, "Unexpected error: " + class}
}

// later runs a stage of a package's background work when the clock says so.
func (s *Server) later(one *pkg, stage func() error) {
	delay, held := s.modes.settle()
	s.clock.later(task{pkg: one, stage: stage}, delay, held)
}

// maxMessage is the longest status message, in characters.
const maxMessage = 255

// work runs one stage; what it refuses stays as a package in error.
func (s *Server) work(t task) {
	err := t.stage()
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.pkg.status == statusProcessing {
		t.pkg.status, t.pkg.message = statusError, truncate(err.Error(), maxMessage)
	}
}

// truncate is Rails' String#truncate: what is too long ends in three dots.
func truncate(text string, most int) string {
	if all := []rune(text); len(all) > most {
		return string(all[:most-3]) + "..."
	}
	return text
}
