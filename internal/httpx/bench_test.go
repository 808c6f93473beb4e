package httpx

import (
	"io"
	"net/http"
	"testing"
)

// BenchmarkOpen compares a download through Open with a bare one; the ratio of the two MB/s is what the guards cost.
func BenchmarkOpen(b *testing.B) {
	const size = 64 << 20
	block := make([]byte, 256<<10)
	base := serve(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "67108864")
		for range size / len(block) {
			_, _ = w.Write(block)
		}
	})
	c := client(b, base)
	transport := &http.Transport{ReadBufferSize: 64 << 10}
	b.Cleanup(transport.CloseIdleConnections)
	bare := &http.Client{Transport: transport}
	for name, open := range map[string]func() (*http.Response, error){
		"open": func() (*http.Response, error) { return c.Open(b.Context(), base, 0, nil) },
		"bare": func() (*http.Response, error) { return bare.Get(base.String()) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			buffer := make([]byte, 64<<10)
			for b.Loop() {
				resp, err := open()
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, buffer)
				resp.Body.Close()
				if err != nil || n != size {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkGet is the price of one small request.
func BenchmarkGet(b *testing.B) {
	base := serve(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	c := client(b, base, func(o *Options) { o.Auth, o.Secrets = Bearer("hunter2-hunter2"), []string{"hunter2-hunter2"} })
	transport := &http.Transport{}
	b.Cleanup(transport.CloseIdleConnections)
	bare := &http.Client{Transport: transport}
	for name, get := range map[string]func() (*http.Response, error){
		"get":  func() (*http.Response, error) { return c.Get(b.Context(), base, nil) },
		"bare": func() (*http.Response, error) { return bare.Get(base.String()) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				resp, err := get()
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}
