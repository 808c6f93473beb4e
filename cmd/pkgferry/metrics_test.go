package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// scrape is "scrape FILE": it writes what Prometheus would read from the run on pkgferry.db, and sets METRICS to its HOST:PORT.
func scrape(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("pkgferry", "status", "--json"))
	var status struct{ Live struct{ Metrics string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &status))
	at, err := url.Parse(status.Live.Metrics)
	ts.Check(err)
	ts.Setenv("METRICS", at.Host)
	resp, err := http.Get(at.String())
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}
