package report

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

var update = flag.Bool("update", false, "write the golden files anew")

// migration is a checkpoint with a package of every outcome, and with names that try to break out of each form.
func migration(t *testing.T) *checkpoint.Store {
	t.Helper()
	ctx := t.Context()
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	entry := func(format artifact.Format, name, version string, files ...artifact.File) checkpoint.Entry {
		return checkpoint.Entry{
			Package:     artifact.Package{Source: "src", Repository: "repo", Format: format, Name: name, Version: version, Files: files},
			Destination: artifact.Destination{Project: "acme/" + string(format), Format: format, Name: name, Version: version},
		}
	}
	digests := artifact.DigestsOf("x")
	excluded := entry(artifact.NPM, "@acme/old", "1.0.0", artifact.File{Path: "old.tgz", Size: 7})
	excluded.Skip, excluded.Detail, excluded.Destination = artifact.Excluded, "superseded", artifact.Destination{}
	entries := []checkpoint.Entry{
		entry(artifact.Maven, "com.acme:lib", "1.0", artifact.File{Path: "lib-1.0.jar", Size: 2048, Digests: digests}, artifact.File{Path: "lib-1.0.pom", Size: -1}),
		entry(artifact.NPM, "@acme/ui", "1.2.0", artifact.File{Path: "ui.tgz", Size: 100}),
		entry(artifact.NPM, "broken", "1.0.0", artifact.File{Path: "b.tgz", Size: 5}),
		entry(artifact.Generic, "=cmd|' /C calc'!A0", "0.0.0", artifact.File{Path: "+x", Size: 1}),
		entry(artifact.Generic, "late", "1.0", artifact.File{Path: "late", Size: 1}),
		excluded,
	}
	problems := []string{"repository <b>raw</b>: 500 after 5 attempts\nsecond line"}
	if err := store.List(ctx, "src", checkpoint.Batch{Entries: entries, Problems: problems, To: checkpoint.Listing{Cursor: "end", Complete: true}}); err != nil {
		t.Fatal(err)
	}
	settle(t, store, "lib", checkpoint.Settlement{
		Outcome: artifact.Published, Proof: artifact.Server,
		Arrivals: map[string]checkpoint.Arrival{"lib-1.0.jar": {
			Ours: digests, HeldSize: 2048, Held: "sha1:" + digests.SHA1, Proof: artifact.Server,
		}},
	})
	settle(t, store, "ui", checkpoint.Settlement{Outcome: artifact.Present, Proof: artifact.Declared})
	settle(t, store, "broken", checkpoint.Settlement{
		Outcome: artifact.Failed, Reason: artifact.TargetProcessingFailed, Error: "the target says | \x1b[31m`no`\nreally",
	})
	settle(t, store, "=cmd", checkpoint.Settlement{Outcome: artifact.Conflict, Reason: artifact.TargetHoldsOther, Error: "other bytes"})
	return store
}

func settle(t *testing.T, store *checkpoint.Store, part string, to checkpoint.Settlement) {
	t.Helper()
	for record, err := range store.Records(t.Context(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(record.Package.Name, part) {
			if err := store.Settle(t.Context(), record, to); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no package with %q in its name", part)
}

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)

var hashed = regexp.MustCompile(`("chain"|\.csv"|\.md"):"[0-9a-f]{64}"`)

func TestGolden(t *testing.T) {
	store := migration(t)
	dir := t.TempDir()
	written, err := Write(t.Context(), store, Options{Dir: dir, Version: "v0", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := Summarize(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "summary.txt")
	if err := ToFile(text, summary.Text); err != nil {
		t.Fatal(err)
	}
	for _, path := range append(written.Paths, text) {
		if filepath.Base(path) == pageFile {
			continue // the page has tests of its own
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got = hashed.ReplaceAll(moment.ReplaceAll(got, []byte("MOMENT")), []byte(`$1:"HASH"`)) // of moments
		golden := filepath.Join("testdata", filepath.Base(path))
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", filepath.Base(path), diff)
		}
	}
}

func TestSummaryTellsTheTruth(t *testing.T) {
	summary, err := Summarize(t.Context(), migration(t))
	if err != nil {
		t.Fatal(err)
	}
	want := "listed 6 = published 1 + present 1 + skipped 1 + failed 1 + conflict 1 + unsettled 1"
	if got := summary.Line(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := summary.Check(); err != nil {
		t.Error(err)
	}
	if summary.Complete() {
		t.Error("complete with failures in it")
	}
	summary.Totals.ByOutcome[artifact.Published]++
	if err := summary.Check(); err == nil {
		t.Error("numbers that do not add up pass")
	}
}

func TestComplete(t *testing.T) {
	sound := func() Summary {
		return Summary{Totals: checkpoint.Totals{
			Listed: 1, ListingComplete: true, ByOutcome: map[artifact.Outcome]int64{artifact.Skipped: 1},
		}}
	}
	if !sound().Complete() {
		t.Error("a migration that left one package out on purpose is complete")
	}
	for name, spoil := range map[string]func(*checkpoint.Totals){
		"unsettled":  func(t *checkpoint.Totals) { t.Unsettled = 1 },
		"unlisted":   func(t *checkpoint.Totals) { t.Problems = 1 },
		"unfinished": func(t *checkpoint.Totals) { t.ListingComplete = false },
		"failed":     func(t *checkpoint.Totals) { t.ByOutcome[artifact.Failed] = 1 },
		"conflict":   func(t *checkpoint.Totals) { t.ByOutcome[artifact.Conflict] = 1 },
	} {
		s := sound()
		if spoil(&s.Totals); s.Complete() {
			t.Errorf("complete although %s", name)
		}
	}
}

// TestReportIsInput feeds the failures back in.
func TestReportIsInput(t *testing.T) {
	store := migration(t)
	var text bytes.Buffer
	text.WriteString("\ufeff")
	dir := t.TempDir()
	if _, err := Write(t.Context(), store, Options{Dir: dir, Forms: []string{"csv"}}); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join(dir, failuresFile))
	if err != nil {
		t.Fatal(err)
	}
	text.Write(rows)
	set, err := ReadCSV(&text)
	if err != nil {
		t.Fatal(err)
	}
	for record, err := range store.Records(context.Background(), checkpoint.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		want := record.Outcome == artifact.Failed || record.Outcome == artifact.Conflict
		if set.Has(record.Package) != want {
			t.Errorf("%s: chosen is %v", record.Package.PURL(), !want)
		}
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":              "the file is empty; a report's CSV is expected",
		"purl,source\n": "the column repository is missing; a report's CSV is expected",
		"a\"b,c\n":      `parse error on line 1, column 2: bare " in non-quoted-field`,
		"purl,source,repository\npkg:npm/a@1,s,\nnope,s,r\n": "line 3: ",
	} {
		if _, err := ReadCSV(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestUnknownForm(t *testing.T) {
	_, err := Write(t.Context(), nil, Options{Dir: t.TempDir(), Forms: []string{"pdf"}})
	if err == nil || err.Error() != `there is no report form "pdf"; there are html, markdown, csv, ndjson` {
		t.Errorf("got %v", err)
	}
}

func FuzzHarmless(f *testing.F) {
	for _, cell := range []string{"", "=1", "'=1", "''", "'a", "@acme/ui", "\t=1", "plain", "-"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := harmless(cell)
		if safe != "" && strings.Contains(formulaStart, safe[:1]) {
			t.Errorf("%q stays a formula: %q", cell, safe)
		}
		if got := Plain(safe); got != cell {
			t.Errorf("%q came back as %q", cell, got)
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add("purl,source,repository\npkg:npm/a@1,s,r\n")
	f.Add("repository,x,purl,source\n'@r,1,pkg:maven/g/a@1,\"s\n\"\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = ReadCSV(strings.NewReader(text)) })
}

// TestEveryRowIsWritten writes many rows of a store that is read in pages.
func TestEveryRowIsWritten(t *testing.T) {
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var entries []checkpoint.Entry
	for i := range 1201 {
		entries = append(entries, checkpoint.Entry{Package: artifact.Package{
			Source: "s", Format: artifact.Generic, Name: "p", Version: time.Unix(int64(i), 0).UTC().Format("15.04.05"),
		}})
	}
	if err := store.List(t.Context(), "s", checkpoint.Batch{Entries: entries, To: checkpoint.Listing{Complete: true}}); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := CSV(&text, store.Records(t.Context(), checkpoint.Filter{})); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), "\n"); got != 1202 {
		t.Errorf("%d lines, want 1202", got)
	}
}
