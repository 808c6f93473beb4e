package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"pkgferry/integration/standin"
)

// Every stand-in prints one line when it is ready, answers at that address, and ends with its context.
func TestServes(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			out, in := io.Pipe()
			cmd := command(in)
			cmd.SetArgs([]string{kind.name, "--seed", "3", "--fault", "500@list=1"})
			ended := make(chan error, 1)
			go func() { ended <- cmd.ExecuteContext(ctx) }()
			line, err := bufio.NewReader(out).ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			var ready standin.Ready
			if err := json.Unmarshal(line, &ready); err != nil || ready.Kind != kind.name {
				t.Fatalf("ready line %s, %v", line, err)
			}
			resp, err := http.Get(ready.URL + "/_standin/stats")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("stats: %s", resp.Status)
			}
			stop()
			if err := <-ended; err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{
		{"gitlab", "--mode", "npm"}, {"gitlab", "--mode", "npm=maybe"}, {"gitlab", "--mode", "colour=red"},
		{"gitlab", "--fault", "flip"}, {"gitlab", "--seed", "many"}, {"gitlab", "--listen", "nowhere"}, {"gitlab", "extra"},
	} {
		cmd := command(io.Discard)
		cmd.SetArgs(args)
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
