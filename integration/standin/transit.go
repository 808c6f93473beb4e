package standin

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
)

// Wrap lets the faults of stage strike requests to next. At list and read they strike the answer, at write the request's
// body, at stored the answer of a request that succeeded: next has done its work, and the client does not learn it. At the
// stages of a container registry they strike the body of a request that has one, and the answer of others.
func (f *Faults) Wrap(stage string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if stage == Stored {
			f.lose(w, r, next)
			return
		}
		kind := f.next(stage)
		code := status(kind)
		switch {
		case kind == "":
			next.ServeHTTP(w, r)
		case code != 0:
			f.refuse(w, r, code)
		case strikesRequest(stage, r.Method):
			strikeRequest(kind, w, r, next)
		default:
			strikeAnswer(kind, w, r, next)
		}
	})
}

// strikesRequest tells whether a fault damages what the client sends, rather than what it gets.
func strikesRequest(stage, method string) bool {
	switch stage {
	case Write:
		return true
	case Upload, Manifest, Index:
		return method == http.MethodPut || method == http.MethodPatch
	}
	return false
}

// lose runs next and, when it succeeded, replaces its answer.
func (f *Faults) lose(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := &answer{header: make(http.Header)}
	next.ServeHTTP(answer, r)
	kind := ""
	if answer.status < http.StatusBadRequest {
		kind = f.next(Stored)
	}
	switch code := status(kind); {
	case code != 0:
		f.refuse(w, r, code)
	case kind == Stall:
		hang(w)
	case kind != "":
		reset(w)
	default:
		answer.send(w)
	}
}

// answer holds an upload's answer back; uploads are answered in a few bytes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) send(w http.ResponseWriter) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

// strikeRequest damages the body on its way in. It leaves r itself alone, as Stats.Measure does.
func strikeRequest(kind string, w http.ResponseWriter, r *http.Request, next http.Handler) {
	half := r.ContentLength / 2
	struck := *r
	switch kind {
	case Flip:
		struck.Body = &body{ReadCloser: r.Body, at: half, flip: true}
	case Cut, Short:
		struck.Body = &body{ReadCloser: r.Body, at: half}
	default:
		if half > 0 {
			_, _ = io.CopyN(io.Discard, r.Body, half)
		}
		if kind == Stall {
			hang(w)
		} else {
			reset(w)
		}
	}
	next.ServeHTTP(w, &struck)
}

// body is a request's body that changes the byte at an offset, or ends there.
type body struct {
	io.ReadCloser
	at   int64
	flip bool
}

func (b *body) Read(p []byte) (int, error) {
	if !b.flip && b.at <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if !b.flip && int64(len(p)) > b.at {
		p = p[:b.at]
	}
	n, err := b.ReadCloser.Read(p)
	if b.flip && b.at >= 0 && b.at < int64(n) {
		p[b.at] ^= 0x20
	}
	b.at -= int64(n)
	return n, err
}

// strikeAnswer damages the body on its way out.
func strikeAnswer(kind string, w http.ResponseWriter, r *http.Request, next http.Handler) {
	damaged := &damaged{ResponseWriter: w, kind: kind}
	next.ServeHTTP(damaged, r)
	damaged.release()
	if !damaged.struck && kind != Flip && kind != Short {
		damaged.strike()
	}
}

// damaged is the writer of an answer that strikes in the middle of its body. Of a body whose length is unknown it strikes
// in the middle of the first few thousand bytes, except for a flip, which changes the second byte.
type damaged struct {
	http.ResponseWriter
	kind    string
	at      int64 // bytes until the fault strikes
	begun   bool
	struck  bool
	holding bool // the length is unknown
	held    []byte
}

// maxHeld is how much of a body of unknown length waits until its middle is known.
const maxHeld = 4 << 10

func (d *damaged) WriteHeader(status int) {
	if d.begun {
		return
	}
	d.begun = true
	size, err := strconv.ParseInt(d.Header().Get("Content-Length"), 10, 64)
	if err != nil {
		size, d.holding = 2, d.kind != Flip
	}
	d.at = size / 2
	if d.kind == Short && err == nil {
		d.Header().Set("Content-Length", strconv.FormatInt(d.at, 10))
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *damaged) Write(p []byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	if d.holding {
		d.held = append(d.held, p...)
		if len(d.held) >= maxHeld {
			d.release()
		}
		return len(p), nil
	}
	return d.pass(p)
}

// release lets go what was held, and strikes in its middle.
func (d *damaged) release() {
	if d.holding {
		d.holding, d.at = false, int64(len(d.held))/2
		_, _ = d.pass(d.held) // whoever wrote it has been told that it went out
	}
}

func (d *damaged) pass(p []byte) (int, error) {
	if d.struck && d.kind == Short {
		return len(p), nil
	}
	if d.struck || int64(len(p)) <= d.at {
		n, err := d.ResponseWriter.Write(p)
		d.at -= int64(n)
		return n, err
	}
	d.struck = true
	if d.kind == Flip {
		p = bytes.Clone(p)
		p[d.at] ^= 0x20
		return d.ResponseWriter.Write(p)
	}
	if _, err := d.ResponseWriter.Write(p[:d.at]); err != nil {
		return 0, err
	}
	if d.kind != Short {
		d.strike()
	}
	return len(p), nil
}

// strike ends the exchange; it does not return.
func (d *damaged) strike() {
	d.struck = true
	_ = http.NewResponseController(d.ResponseWriter).Flush()
	switch d.kind {
	case Reset:
		reset(d.ResponseWriter)
	case Stall:
		hang(d.ResponseWriter)
	}
	panic(http.ErrAbortHandler)
}

// reset ends the connection with a TCP reset; it does not return.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hang keeps the connection open and silent until the client gives up; it does not return.
func hang(w http.ResponseWriter) {
	if conn, buffered, err := http.NewResponseController(w).Hijack(); err == nil {
		go swallow(conn, buffered.Reader)
	}
	panic(http.ErrAbortHandler)
}

func swallow(conn net.Conn, r *bufio.Reader) {
	_, _ = io.Copy(io.Discard, r)
	_ = conn.Close()
}
