package artifactory

import (
	"net/http"
	"testing"

	"pkgferry/integration/standin"
)

// A page of ten thousand rows with all checksums, as a listing asks for it: "rows" are those per second.
func BenchmarkPage(b *testing.B) {
	s, err := New(standin.Options{Seed: "100000"})
	if err != nil {
		b.Fatal(err)
	}
	admin := account{Username, true}
	q, err := s.understood(`items.find({"repo":"files-local","path":"nightly/app/1.100.0","type":"any"}).include("repo","path","name","type","size","created","modified","updated","sha256","actual_sha1","actual_md5").sort({"$asc":["name"]}).offset(10000).limit(10000)`, admin)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.page(&discarded{header: http.Header{}}, admin, q)
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "rows/s")
}
