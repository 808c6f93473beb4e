package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestMessageFindsTheReason(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"400 Bad request - Package is invalid"}`:                                         "400 Bad request - Package is invalid",
		`{"message":"404 Package Not Found","error":"Package not found"}`:                            "404 Package Not Found",
		`{"error":"file_name is invalid"}`:                                                           "file_name is invalid",
		`{"type":"x","title":"Forbidden","status":403,"detail":"Package is protected","error":"no"}`: "Package is protected",
		`{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`:  "This endpoint has been requested too many times. Try again later.",
		`{"message":{"version":["is invalid"]}}`:                                                     `{"version":["is invalid"]}`,
		`{"errors":[{"code":"DENIED","message":"requested access is denied"}]}`:                      "requested access is denied",
		`{"errors":[{"status":404,"message":"a"},{"status":404,"message":"b"}]}`:                     "a; b",
		`[{"id":"*","message":"Repository is offline"}]`:                                             "Repository is offline",
		`{"status-code":404,"siesta-faultid":"1","status-message":"NOT_FOUND"}`:                      "NOT_FOUND",
		`{"detail":"Rate limit exceeded","error":false}`:                                             "Rate limit exceeded",
		`{"error":"invalid_token","error_description":"Token was revoked"}`:                          "invalid_token",
		"Retry later\n": "Retry later",
		"<!DOCTYPE html><html><head><title>Access denied | lab used a shield</title><style>a{}</style></head><body><h1>Error 1015</h1>\n<p>Go away</p></body></html>": "Access denied | lab used a shield: Error 1015 Go away",
		"":                                     "",
		"{}":                                   "{}",
		"esc \x1b[31m red \x00":                "esc [31m red",
		`{"message":"cut he` + "\xff":          "cut he�",
		`{"message":"` + "line\\nbreak" + `"}`: "line break",
	} {
		if got := (&StatusError{Body: body}).Message(); got != want {
			t.Errorf("%s\n got %q\nwant %q", body, got, want)
		}
	}
}

func TestErrorBodiesAreCapped(t *testing.T) {
	sent := make(chan int64, 1)
	c := client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		var n int64
		for range 1000 {
			m, err := w.Write(make([]byte, 1<<20))
			if n += int64(m); err != nil {
				break
			}
		}
		sent <- n
	}))
	_, err := c.Get(t.Context(), c.URL("x", nil), nil)
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		t.Fatal(err)
	}
	if len(status.Body) > maxErrorBody || len(err.Error()) > maxErrorBody {
		t.Errorf("%d bytes", len(err.Error()))
	}
	if n := <-sent; n > 100<<20 {
		t.Errorf("%d bytes were read", n)
	}
	assertIdle(t, c)
}

// TestTheReasonPhraseCounts speaks to a server that says why in the status line, as Nexus does for content.
func TestTheReasonPhraseCounts(t *testing.T) {
	c := canned(t, "HTTP/1.1 404 Repository not found\r\nContent-Type: text/html\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<html><body>Oh</body></ht>")
	if _, err := c.Get(t.Context(), c.URL("x", nil), nil); err == nil || !strings.HasSuffix(err.Error(), ": 404 Not Found: Repository not found") {
		t.Error(err)
	}
}

func TestAStatusErrorKeepsNoCookieAndSaysHowLongToWait(t *testing.T) {
	c := client(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "session=geheim")
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	_, err := c.Get(Once(t.Context()), c.URL("x", nil), nil)
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(status.Header), "geheim") || status.RetryAfter != 3*time.Second || status.Name != "source lab" || status.Method != "GET" {
		t.Errorf("%+v", status)
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{"", `{"message":"x"}`, `[{"message":["a",{"error":"b"}]}]`, "<html><title>x", `{"message":"cut`, "\xff\xfe", strings.Repeat("[", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := (&StatusError{Body: body}).Message()
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t\x00\x1b\x7f") || len(got) > maxReason+len("…") {
			t.Errorf("%q", got)
		}
	})
}
