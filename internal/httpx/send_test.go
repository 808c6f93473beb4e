package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pkgferry/internal/fault"
)

func discard(r io.Reader) int64 {
	n, _ := io.Copy(io.Discard, r)
	return n
}

// put is a request that publishes body.
func put(c *Client, body []byte) Request {
	return Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: int64(len(body)), Body: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(body)), nil
	}}
}

// watched counts what happens to a content.
type watched struct {
	io.Reader
	bytes, closed atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.bytes.Add(int64(n))
	return n, err
}
func (w *watched) Close() error { w.closed.Add(1); return nil }

func (w *watched) open(context.Context) (io.ReadCloser, error) { return w, nil }

// zeros is endless.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSendMarksWhatItsErrorsCost(t *testing.T) {
	status := http.StatusOK
	var arrived atomic.Int64
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		discard(r.Body)
		w.WriteHeader(status)
	})
	c := client(t, base)
	for _, tc := range []struct {
		status          int
		temporary, stop bool
	}{
		{200, false, false}, {201, false, false}, {204, false, false}, {400, false, false}, {401, false, true}, {403, false, false}, {404, false, false},
		{408, true, false}, {409, false, false}, {413, false, false}, {425, true, false}, {500, true, false}, {501, false, false}, {502, true, false},
		{503, true, false}, {504, true, false}, {505, false, false}, {301, false, false}, {307, false, false},
	} {
		arrived.Store(0)
		status = tc.status
		resp, err := c.Send(t.Context(), put(c, []byte("content")))
		_, temporary := fault.IsTemporary(err)
		if (err == nil) != (tc.status < 300) || temporary != tc.temporary || fault.IsStop(err) != tc.stop || arrived.Load() != 1 {
			t.Errorf("%d: %v, temporary %v, %d requests", tc.status, err, temporary, arrived.Load())
		}
		if err == nil {
			resp.Body.Close()
		} else if got := statusOf(err); got != tc.status {
			t.Errorf("%d: %d", tc.status, got)
		}
	}
}

func TestSendNeverFollowsARedirect(t *testing.T) {
	var arrived []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived = append(arrived, r.Method+r.URL.Path)
		http.Redirect(w, r, "/elsewhere?private_token=geheim123", http.StatusTemporaryRedirect)
	})
	c := client(t, base)
	for _, request := range []Request{put(c, []byte("content")), {Method: http.MethodPost, URL: c.URL("x", nil)}} {
		arrived = nil
		_, err := c.Send(t.Context(), request)
		if statusOf(err) != http.StatusTemporaryRedirect || len(arrived) != 1 || !strings.Contains(err.Error(), "/elsewhere") || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v, %v", err, arrived)
		}
	}
}

func TestSendOpensTheContentOnlyWhenItsTurnHasCome(t *testing.T) {
	c := client(t, serve(t, func(http.ResponseWriter, *http.Request) {}))
	h := c.o.Hosts.of(c.o.Base)
	h.gate <- struct{}{} // somebody else is at the gate
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := c.Send(ctx, Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 1, Body: func(context.Context) (io.ReadCloser, error) {
			t.Error("the content was opened")
			return nil, errors.New("no")
		}})
		ended <- err
	}()
	for h.state(time.Now()).Waiting == 0 {
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-h.gate
}

func TestTheContentsOwnErrorIsNotTheServers(t *testing.T) {
	c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) { discard(r.Body) }))
	broken := fault.At(fault.Source, errors.New("digest differs"))
	body := &watched{Reader: io.MultiReader(strings.NewReader("half"), failing{broken})}
	_, err := c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 100, Body: body.open})
	_, temporary := fault.IsTemporary(err)
	if !errors.Is(err, broken) || temporary || fault.SideOf(err) != fault.Source || body.closed.Load() != 1 {
		t.Errorf("%v, temporary %v, side %s", err, temporary, fault.SideOf(err))
	}
	refused := errors.New("no such file")
	_, err = c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: 100, Body: func(context.Context) (io.ReadCloser, error) {
		return nil, refused
	}})
	if err != refused { //nolint:errorlint // as it came, nothing added
		t.Error(err)
	}
	assertIdle(t, c)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestSendKnowsItsSize(t *testing.T) {
	for name, tc := range map[string]struct {
		size    int64
		content string
		want    string // what arrived
		broken  bool
	}{
		"exact":         {4, "four", "4 four", false},
		"empty":         {0, "", "0 ", false},
		"unknown":       {-1, "four", "-1 four", false},
		"unknown empty": {-1, "", "-1 ", false},
		"too short":     {9, "four", "", true},
		"too long":      {2, "four", "", true},
		"not empty":     {0, "four", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(io.LimitReader(r.Body, 100))
				if err == nil {
					fmt.Fprintf(w, "%d %s", r.ContentLength, body)
				}
			}))
			body := &watched{Reader: strings.NewReader(tc.content)}
			resp, err := c.Send(t.Context(), Request{Method: http.MethodPut, URL: c.URL("x", nil), Size: tc.size, Body: body.open})
			if (err != nil) != tc.broken {
				t.Fatal(err)
			}
			if _, temporary := fault.IsTemporary(err); temporary {
				t.Error("another attempt with the same content can not help")
			}
			if err == nil {
				if got := text(t, resp); got != tc.want {
					t.Errorf("%q arrived", got)
				}
			}
			if body.closed.Load() != 1 {
				t.Errorf("closed %d times", body.closed.Load())
			}
			assertIdle(t, c)
		})
	}
}

func TestANetworkErrorOfASendIsTemporary(t *testing.T) {
	c := client(t, serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := c.Send(t.Context(), put(c, []byte("content")))
	if _, temporary := fault.IsTemporary(err); !temporary || !strings.HasPrefix(err.Error(), "source lab: PUT http://127.0.0.1") {
		t.Error(err)
	}
	assertIdle(t, c)
}

// assertIdle checks that every turn was given back.
func assertIdle(t *testing.T, c *Client) {
	t.Helper()
	for _, host := range c.o.Hosts.States() {
		if host.Active != 0 || host.Waiting != 0 {
			t.Errorf("%+v", host)
		}
	}
}
