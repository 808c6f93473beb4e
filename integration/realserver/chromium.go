package realserver

// Chromium, driven by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) over two pipes: with
// --remote-debugging-pipe it reads messages from file 3 and writes them to file 4, each ended by a NUL.

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Chromium is a running browser without a window, which ends with the test.
type Chromium struct {
	out  *os.File
	mu   sync.Mutex
	next int
	// waiting are the calls that have no answer yet, by number.
	waiting map[int]chan reply
	gone    error
	pages   map[string]*Page // by session
}

type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Page is one page of a browser. Complaints are what its console got of errors, warnings and exceptions, Requests what it asked
// for beside the page itself.
type Page struct {
	browser    *Chromium
	session    string
	loaded     chan struct{} // closed by its load event
	mu         sync.Mutex
	complaints []string
	requests   []string
}

// NewChromium starts Debian's chromium.
func NewChromium(tb testing.TB) *Chromium {
	tb.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatalf("%v: run integration/install.sh first", err)
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	home := tb.TempDir()
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+home, "about:blank")
	var said output
	cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay = []*os.File{theirIn, theirOut}, &said, time.Second
	cmd.Env = append(os.Environ(), "HOME="+home)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	_ = theirIn.Close()
	_ = theirOut.Close()
	c := &Chromium{out: ourOut, waiting: map[int]chan reply{}, pages: map[string]*Page{}}
	read := make(chan struct{})
	go func() { c.read(ourIn); close(read) }()
	tb.Cleanup(func() {
		_, _ = c.call("", "Browser.close", nil)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = ourOut.Close()
		<-read
		_ = ourIn.Close()
		if tb.Failed() {
			tb.Logf("chromium printed:\n%.4000s", said.String())
		}
	})
	return c
}

// read takes in messages until the browser is gone.
func (c *Chromium) read(from *os.File) {
	in := bufio.NewReader(from)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			c.mu.Lock()
			c.gone = fmt.Errorf("chromium is gone: %w", err)
			for number, answer := range c.waiting {
				delete(c.waiting, number)
				close(answer)
			}
			c.mu.Unlock()
			return
		}
		var message struct {
			ID        int
			SessionID string
			Method    string
			Params    json.RawMessage
			reply
		}
		if json.Unmarshal(text[:len(text)-1], &message) != nil {
			continue
		}
		c.mu.Lock()
		answer, page := c.waiting[message.ID], c.pages[message.SessionID]
		delete(c.waiting, message.ID)
		c.mu.Unlock()
		switch {
		case message.ID > 0 && answer != nil:
			answer <- message.reply
		case page != nil:
			page.event(message.Method, message.Params)
		}
	}
}

func (c *Chromium) call(session, method string, params any) (json.RawMessage, error) {
	c.mu.Lock()
	if c.gone != nil {
		c.mu.Unlock()
		return nil, c.gone
	}
	c.next++
	answer := make(chan reply, 1)
	c.waiting[c.next] = answer
	text, err := json.Marshal(struct {
		ID        int    `json:"id"`
		SessionID string `json:"sessionId,omitempty"`
		Method    string `json:"method"`
		Params    any    `json:"params,omitempty"`
	}{c.next, session, method, params})
	if err == nil {
		_, err = c.out.Write(append(text, 0))
	}
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case got, ok := <-answer:
		switch {
		case !ok:
			return nil, errors.New("chromium ended before it answered " + method)
		case got.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, got.Error.Message)
		}
		return got.Result, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: no answer: %w", method, ctx.Err())
	}
}

// Open opens an address in a new page, of a width and height, waits until it is loaded, and listens to its console and network from the beginning.
func (c *Chromium) Open(tb testing.TB, url string, width, height int) *Page {
	tb.Helper()
	var target struct{ TargetID, SessionID string }
	must := func(session, method string, params any) {
		tb.Helper()
		text, err := c.call(session, method, params)
		if err == nil {
			err = json.Unmarshal(text, &target)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	must("", "Target.createTarget", map[string]any{"url": "about:blank"})
	must("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	p := &Page{browser: c, session: target.SessionID, loaded: make(chan struct{})}
	c.mu.Lock()
	c.pages[p.session] = p
	c.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		must(p.session, domain+".enable", nil)
	}
	must(p.session, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
	must(p.session, "Page.navigate", map[string]any{"url": url})
	select {
	case <-p.loaded:
	case <-time.After(patience):
		tb.Fatalf("%s was not loaded", url)
	}
	return p
}

func (p *Page) event(method string, params json.RawMessage) {
	var e struct {
		Type             string
		Args             []struct{ Value any }
		Entry            struct{ Level, Text string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Request struct{ URL string }
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case "Page.loadEventFired":
		close(p.loaded)
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case "Runtime.consoleAPICalled":
		p.complaints = append(p.complaints, fmt.Sprint(e.Type, e.Args))
	case "Log.entryAdded":
		p.complaints = append(p.complaints, e.Entry.Level+": "+e.Entry.Text)
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, e.Request.URL)
	}
}

// Complaints are what the console got until now.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// Requests are the addresses that were asked for until now, the page's own first.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Evaluate runs an expression in the page, waits for it if it is a promise, and reads its value. It stands outside of the page's
// own policy, as a person with the browser's tools does.
func (p *Page) Evaluate(tb testing.TB, expression string, into any) {
	tb.Helper()
	text, err := p.browser.call(p.session, "Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true})
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err == nil && got.ExceptionDetails != nil {
		err = errors.New(got.ExceptionDetails.Exception.Description)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(got.Result.Value, into)
	}
	if err != nil {
		tb.Fatalf("%.200s: %v", expression, err)
	}
}

// Key types a key as a person does.
func (p *Page) Key(tb testing.TB, key string, code int) {
	tb.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "windowsVirtualKeyCode": code}
		if key == "Enter" && kind == "keyDown" {
			params["text"] = "\r"
		}
		if _, err := p.browser.call(p.session, "Input.dispatchKeyEvent", params); err != nil {
			tb.Fatal(err)
		}
	}
}

// Prefer sets the colour scheme that the page is told: light or dark.
func (p *Page) Prefer(tb testing.TB, scheme string) {
	tb.Helper()
	params := map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}
	if _, err := p.browser.call(p.session, "Emulation.setEmulatedMedia", params); err != nil {
		tb.Fatal(err)
	}
}

// Screenshot is the page as a PNG: what is in sight, or all of it.
func (p *Page) Screenshot(tb testing.TB, all bool) []byte {
	tb.Helper()
	return p.picture(tb, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": all})
}

// PDF is the page on A4 paper.
func (p *Page) PDF(tb testing.TB) []byte {
	tb.Helper()
	return p.picture(tb, "Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": false})
}

func (p *Page) picture(tb testing.TB, method string, params any) []byte {
	tb.Helper()
	text, err := p.browser.call(p.session, method, params)
	var got struct{ Data string }
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	var picture []byte
	if err == nil {
		picture, err = base64.StdEncoding.DecodeString(got.Data)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return picture
}
