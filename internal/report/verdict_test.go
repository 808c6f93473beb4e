package report_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
	"pkgferry/internal/report"
)

func TestVerdict(t *testing.T) {
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	at := time.Date(2024, 5, 4, 3, 2, 1, 0, time.UTC)
	missing := report.Ground{Code: "missing", What: "missing on GitLab", Next: "run again"}
	for i := range 30 {
		missing.Add(fmt.Sprintf("- pkg:npm/a\x1b[2J@%d", i))
	}
	v := report.Verdict{Began: at}
	v.Tell(report.Ground{Code: "gone", What: "gone from the source", Count: 1, Names: []string{"pkg:npm/b@1"}})
	v.Oppose(report.Ground{Code: "differs", What: "other than at the source"}) // about nothing
	v.Oppose(missing)
	v.Conclude(at)
	want := "\nTo be known, and nothing against it:\n\n1 gone from the source\n  pkg:npm/b@1\n\nAgainst it:\n\n30 missing on GitLab: run again\n"
	for i := range 20 {
		want += fmt.Sprintf("  - pkg:npm/a [2J@%d\n", i)
	}
	want += "  … and 10 more\n\nNO-GO:\n  30 missing on GitLab: - pkg:npm/a [2J@0, - pkg:npm/a [2J@1, - pkg:npm/a [2J@2, and 27 more\n"
	text(t, v, want)
	if err := report.Decide(t.Context(), store, v); err != nil {
		t.Fatal(err)
	}
	back, err := report.Decided(t.Context(), store)
	if err != nil || back == nil {
		t.Fatal(back, err)
	}
	if diff := cmp.Diff(v, *back); diff != "" {
		t.Errorf("other than it was (-was +is):\n%s", diff)
	}
	if err := report.Undecide(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if back, err := report.Decided(t.Context(), store); back != nil || err != nil {
		t.Errorf("a gate that began anew has the verdict %v, %v", back, err)
	}
	v = report.Verdict{Began: at}
	v.Conclude(at)
	text(t, v, "\nGO: everything that the sources have is on GitLab, as of 2024-05-04T03:02:01Z\n")
}

func text(t *testing.T, v report.Verdict, want string) {
	t.Helper()
	var b strings.Builder
	if err := v.Text(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
