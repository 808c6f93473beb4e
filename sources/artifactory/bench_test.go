package artifactory

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	art "pkgferry/integration/standin/artifactory"
	"pkgferry/sources"
)

// peak lists everything, looks at the heap after every so many items, and returns how many files there were and the most heap in use.
func peak(t testing.TB, s *Source, every int) (files int, heap uint64) {
	t.Helper()
	items := 0
	for item, err := range s.Packages(t.Context(), sources.Start{}) {
		if err != nil {
			t.Fatal(err)
		}
		files += len(item.Package.Files)
		if items++; items%every == 0 {
			heap = max(heap, inUse())
		}
	}
	return files, heap
}

// inUse is the heap after a collection.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What a listing holds does not grow with what it lists.
func TestMemoryDoesNotGrow(t *testing.T) {
	measure := func(seed int, user string) uint64 {
		source := start(t, strconv.Itoa(seed)).source(user, Options{Page: 500})
		before := inUse()
		files, most := peak(t, source, seed/100)
		if user == art.Username && files != seed {
			t.Errorf("%d of %d files", files, seed)
		}
		return most - min(before, most)
	}
	for _, user := range []string{art.Username, art.Reader} {
		small, large := measure(2_000, user), measure(40_000, user)
		if large > 4*small+8<<20 {
			t.Errorf("%s: a listing of 2,000 files holds %d KiB, one of 40,000 holds %d KiB", user, small>>10, large>>10)
		}
	}
}

// BenchmarkListing lists a million files over loopback, with the stand-in in the same process.
func BenchmarkListing(b *testing.B) {
	const million = 1_000_000
	s := start(b, strconv.Itoa(million))
	for b.Loop() {
		s.forget()
		began := time.Now()
		files, heap := peak(b, s.source(art.Username, Options{}), 10_000)
		if files != million {
			b.Fatalf("%d files", files)
		}
		b.ReportMetric(float64(files)/time.Since(began).Seconds(), "files/s")
		b.ReportMetric(float64(heap>>20), "MiB-heap")
		b.ReportMetric(float64(len(s.asked(""))), "requests")
	}
}
