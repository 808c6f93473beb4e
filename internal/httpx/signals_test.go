package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func FuzzSignals(f *testing.F) {
	for _, seed := range []string{"", "0", "30", "-1", "1.5", "99999999999999999999", "946684850", "76;w=21600", "Sat, 01 Jan 2000 00:00:45 GMT", "Sat, 01 Jan 9999 00:00:45 GMT", " 7 "} {
		f.Add(seed, seed, seed, "")
		f.Add(seed, "0", "1700000000", "Sat, 01 Jan 2000 00:00:45 GMT")
	}
	f.Fuzz(func(t *testing.T, retry, remaining, reset, date string) {
		header := http.Header{"Retry-After": {retry}, "Ratelimit-Remaining": {remaining}, "Ratelimit-Reset": {reset}, "Date": {date}}
		now := time.Unix(1_700_000_000, 0)
		s := readSignals(header, now)
		if s.retryAfter < 0 || s.retryAfter > farthest || s.reset < 0 || s.reset > farthest || s.remaining < -1 {
			t.Fatalf("%+v", s)
		}
		for _, status := range []int{200, 429, 503} {
			p := newPace()
			p.take(now)
			p.observe(status, header, now, 0, 3)
			if wait := p.delay(now); wait < 0 || wait > farthest {
				t.Fatalf("%d: waits %s", status, wait)
			}
			if p.last.Until.Sub(now) > longestPause {
				t.Fatalf("%d: pauses for %s", status, p.last.Until.Sub(now))
			}
			if status == 429 && p.delay(now) <= 0 {
				t.Fatal("a refusal without a pause")
			}
		}
	})
}

func TestSignalsUseTheServersClock(t *testing.T) {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Date", "Sat, 01 Jan 2000 00:00:00 GMT")
	recorder.Header().Set("RateLimit-Reset", "946684815")
	recorder.Header().Set("Retry-After", "Sat, 01 Jan 2000 00:00:20 GMT")
	s := readSignals(recorder.Header(), time.Now())
	if s.reset != 15*time.Second || s.retryAfter != 20*time.Second {
		t.Errorf("%+v", s)
	}
}
