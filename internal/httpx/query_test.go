package httpx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"pkgferry/internal/fault"
)

// numbers is a take that decodes a list of numbers, and counts how often it was called.
func numbers(into *[]int, calls *int) func(*http.Response) error {
	return func(resp *http.Response) error {
		*calls++
		*into = nil
		return json.NewDecoder(resp.Body).Decode(into)
	}
}

func TestAQueryIsRepeatedLikeARead(t *testing.T) {
	for name, failure := range map[string]func(w http.ResponseWriter){
		"a status":               func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"too many requests":      func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		"a dropped connection":   func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"a body that breaks off": func(w http.ResponseWriter) { w.Header().Set("Content-Length", "99"); fmt.Fprint(w, "[1,2") },
		"JSON that breaks off":   func(w http.ResponseWriter) { fmt.Fprint(w, "[1,2") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrivals := newClock()
				c := pipes(t, func(w http.ResponseWriter, r *http.Request) {
					question, err := io.ReadAll(r.Body)
					if err != nil || string(question) != "which?" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "text/plain" {
						t.Errorf("%s %q %v: %v", r.Method, question, r.Header, err)
					}
					if arrivals.tick() < 3 {
						failure(w)
						return
					}
					fmt.Fprint(w, "[1,2,3]")
				})
				var got []int
				calls := 0
				header := http.Header{"Content-Type": {"text/plain"}}
				err := c.Query(t.Context(), c.URL("x", nil), header, "which?", numbers(&got, &calls))
				if err != nil || fmt.Sprint(got) != "[1 2 3]" || len(arrivals.times()) != 3 {
					t.Errorf("%v after %d requests: %v", got, len(arrivals.times()), err)
				}
				assertIdle(t, c)
			})
		})
	}
}

func TestAQueryEndsWhereRepeatingMakesNoSense(t *testing.T) {
	enough := errors.New("enough")
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		take   error
		is     func(error) bool
		want   int
	}{
		"a bad question":      {func(w http.ResponseWriter) { w.WriteHeader(400) }, nil, func(err error) bool { return statusOf(err) == 400 }, 1},
		"a wrong token":       {func(w http.ResponseWriter) { w.WriteHeader(401) }, nil, fault.IsStop, 1},
		"a redirect":          {func(w http.ResponseWriter) { w.Header().Set("Location", "/y"); w.WriteHeader(307) }, nil, func(err error) bool { return statusOf(err) == 307 }, 1},
		"an error of take":    {func(http.ResponseWriter) {}, enough, func(err error) bool { return errors.Is(err, enough) }, 1},
		"broken every time":   {func(w http.ResponseWriter) { fmt.Fprint(w, "[1") }, nil, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }, 5},
		"an error for people": {func(w http.ResponseWriter) { w.WriteHeader(500) }, nil, func(err error) bool { return statusOf(err) == 500 }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrivals := newClock()
				client := pipes(t, func(w http.ResponseWriter, _ *http.Request) {
					arrivals.tick()
					c.answer(w)
				})
				var got []int
				calls := 0
				take := numbers(&got, &calls)
				if c.take != nil {
					take = func(*http.Response) error { return c.take }
				}
				err := client.Query(t.Context(), client.URL("x", nil), nil, "which?", take)
				if !c.is(err) || len(arrivals.times()) != c.want {
					t.Errorf("%v after %d requests, want %d", err, len(arrivals.times()), c.want)
				}
				assertIdle(t, client)
			})
		})
	}
}
