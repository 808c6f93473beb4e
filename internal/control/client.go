package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Ask asks the run at a socket for its status. Without a run the error is ErrNoRun.
func Ask(ctx context.Context, path string) (Status, error) {
	var s Status
	return s, call(ctx, path, http.MethodGet, "/status", nil, &s)
}

// Refused is what a run says of settings that it does not take. It changed nothing.
type Refused struct{ text string }

func (e *Refused) Error() string { return e.text }

// Tell has the run at a socket change settings, as ParseSettings reads them. Without a run the error is ErrNoRun.
func Tell(ctx context.Context, path string, settings []string) (SetAnswer, error) {
	var a SetAnswer
	return a, call(ctx, path, http.MethodPost, "/set", setQuestion{settings}, &a)
}

func call(ctx context.Context, path, method, what string, question, into any) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dial(ctx, path)
	}}
	defer transport.CloseIdleConnections()
	var body bytes.Buffer
	if question != nil {
		if err := json.NewEncoder(&body).Encode(question); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://pkgferry"+what, &body)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if errors.Is(err, ErrNoRun) {
		return ErrNoRun
	}
	if err != nil {
		return fmt.Errorf("the run does not answer at %s: %w", path, err)
	}
	defer resp.Body.Close()
	answered := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode == http.StatusOK {
		if err := answered.Decode(into); err != nil {
			return fmt.Errorf("the run's answer at %s can not be read: %w", path, err)
		}
		return nil
	}
	var why refusal
	_ = answered.Decode(&why) // the status says enough
	if resp.StatusCode == http.StatusBadRequest {
		return &Refused{why.Error}
	}
	return fmt.Errorf("the run answers at %s: %s: %s", path, resp.Status, why.Error)
}
