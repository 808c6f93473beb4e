package integration

// Speed and memory, beside what they can be compared with on the same machine in the same run.

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"pkgferry/checkpoint"
	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/httpx"
	"pkgferry/mapping"
	"pkgferry/sinks/gitlab"
	"pkgferry/sources"
)

// BenchmarkMigration migrates small packages from process to process, and then copies the same files with nothing but
// one GET and one PUT each, from as many goroutines.
func BenchmarkMigration(b *testing.B) {
	const workers = 16
	nexus := startStandin(b, "nexus", "--seed", "2000")
	var ferried, bare time.Duration
	var packages int
	for range b.N {
		to := startStandin(b, "gitlab")
		m := newMigration(b, to, nexus)
		start := time.Now()
		m.must(b, 0, "run", "--workers", fmt.Sprint(workers))
		ferried += time.Since(start)

		files := to.dump(b)
		distinct := map[[3]string]bool{}
		for _, f := range files {
			distinct[[3]string{f.Format, f.Package, f.Version}] = true
		}
		packages += len(distinct)
		start = time.Now()
		copyBare(b, nexus, startStandin(b, "gitlab"), files, workers)
		bare += time.Since(start)
	}
	b.ReportMetric(float64(packages)/ferried.Seconds(), "packages/s")
	b.ReportMetric(ferried.Seconds()/bare.Seconds(), "pkgferry/bare")
}

// copyBare copies the files of a dump with one GET and one PUT each. It proves nothing.
func copyBare(b *testing.B, from, to *server, files []standin.DumpLine, workers int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	copies := pool.New().WithMaxGoroutines(workers).WithErrors()
	for _, f := range files {
		copies.Go(func() error {
			repository, name := "maven-releases", f.Package
			if f.Format == string(artifact.Generic) {
				repository, name = "raw-hosted", strings.ReplaceAll(f.Package, ".", "/")
			}
			source := fmt.Sprintf("%s/repository/%s/%s/%s/%s", from.URL, repository, name, f.Version, f.File)
			target := fmt.Sprintf("%s/api/v4/projects/%s/packages/generic/bare/%s/%s/%s", to.URL,
				url.PathEscape(to.Group+"/generic-packages"), f.Version, name, f.File)
			return copyOne(client, from, to, source, target)
		})
	}
	if err := copies.Wait(); err != nil {
		b.Fatal(err)
	}
}

func copyOne(client *http.Client, from, to *server, source, target string) error {
	get, _ := http.NewRequest(http.MethodGet, source, nil)
	get.SetBasicAuth(from.Username, from.Password)
	got, err := client.Do(get)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	put, _ := http.NewRequest(http.MethodPut, target, got.Body)
	put.ContentLength = got.ContentLength
	put.Header.Set("PRIVATE-TOKEN", to.Token)
	done, err := client.Do(put)
	if err != nil {
		return err
	}
	defer done.Body.Close()
	if got.StatusCode != http.StatusOK || done.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s, %s: %s", source, got.Status, target, done.Status)
	}
	_, err = io.Copy(io.Discard, done.Body)
	return err
}

// BenchmarkGibibyte publishes one file of 1 GiB through the engine and the GitLab sink, to a stand-in that is another
// process, and prints the most heap that it took.
func BenchmarkGibibyte(b *testing.B) {
	const size = 1 << 30
	var peak atomic.Uint64
	for range b.N {
		to := startStandin(b, "gitlab")
		base, err := url.Parse(to.URL)
		if err != nil {
			b.Fatal(err)
		}
		client, err := httpx.New(httpx.Options{Name: "target", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", to.Token)})
		if err != nil {
			b.Fatal(err)
		}
		sink, err := gitlab.New(client, gitlab.Options{})
		if err != nil {
			b.Fatal(err)
		}
		router, err := mapping.New(to.Group, mapping.Defaults())
		if err != nil {
			b.Fatal(err)
		}
		store, err := checkpoint.Open(filepath.Join(b.TempDir(), "c.db"))
		if err != nil {
			b.Fatal(err)
		}
		stop := watchHeap(&peak)
		_, err = engine.Run(b.Context(), engine.Options{
			Sources: map[string]sources.Source{"big": big(size)}, Sink: sink, Router: router, Store: store,
		})
		stop()
		totals, counting := store.Totals(b.Context())
		if err != nil || counting != nil || totals.ByOutcome[artifact.Published] != 1 {
			b.Fatal(totals, err, counting)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
	b.ReportMetric(float64(peak.Load())/(1<<20), "peak-heap-MiB")
	b.ReportMetric(float64(peak.Load())/size, "peak-heap/file")
}

// watchHeap raises peak to the most heap in use, until it is stopped.
func watchHeap(peak *atomic.Uint64) (stop func()) {
	runtime.GC()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() { close(done); watching.Wait() }
}

// big is a source of one file of so many bytes, which are made when they are read.
type big int64

func (big) Check(context.Context) error { return nil }

func (s big) Packages(context.Context, sources.Start) iter.Seq2[sources.Listed, error] {
	return func(yield func(sources.Listed, error) bool) {
		yield(sources.Listed{Package: artifact.Package{
			Format: artifact.Generic, Name: "big", Version: "1.0.0", Files: []artifact.File{{Path: "big.bin", Size: int64(s)}},
		}}, nil)
	}
}

func (s big) Open(context.Context, artifact.File, int64) (artifact.Content, error) {
	return artifact.Content{ReadCloser: io.NopCloser(io.LimitReader(zeros{}, int64(s))), Size: int64(s)}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
