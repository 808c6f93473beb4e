package httpx

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"pkgferry/internal/fault"
)

// Nexus blocks a user name after failed sign-ins, and every request prolongs the block: one answer ends the run.
func TestTooManySignInsAreNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals := newClock()
		c := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
			arrivals.tick()
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, "<html><p>Too many authentication attempts</p></html>")
		})
		_, err := c.Get(t.Context(), c.URL("x", nil), nil)
		if got := len(arrivals.times()); got != 1 || !fault.IsStop(err) || !strings.Contains(err.Error(), "authentication attempts") {
			t.Errorf("%d requests, error %v", got, err)
		}
		assertIdle(t, c)
	})
}
