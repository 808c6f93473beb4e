//go:build integration

package integration

// The audit's page in a real browser, and its signature by the real ssh-keygen.

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/integration/realserver"
	"pkgferry/internal/artifact"
	"pkgferry/internal/report"
)

// auditOf makes a checkpoint of n files in packages of up to three, with a package of every outcome among them, and writes its
// report. It returns the report's directory.
func auditOf(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	store, err := checkpoint.Open(filepath.Join(dir, "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx := t.Context()
	for _, note := range []error{
		store.Remember(ctx, "target", "https://gitlab.example.test acme/artifact-management"),
		store.Work(ctx, checkpoint.Tool{Since: time.Now(), Version: "v1.0.0", Config: strings.Repeat("ab", 32)}),
		store.Pause(ctx, "gitlab.example.test:443", time.Now(), time.Now().Add(20*time.Second)),
		report.Decide(ctx, store, report.Verdict{At: time.Now(), Reasons: []string{"3 packages failed", hostile}}),
	} {
		if note != nil {
			t.Fatal(note)
		}
	}
	for made := 0; made < n; {
		made += auditBatch(ctx, t, store, made, n)
	}
	settleTheRest(t, filepath.Join(dir, "m.db"))
	_, err = report.Write(ctx, store, report.Options{
		Dir: filepath.Join(dir, "audit"), Version: "v1.0.0", Now: time.Now(),
		Address: func(p artifact.Package, f artifact.File) string {
			return "https://nexus.example.test/repository/" + p.Repository + "/" + f.Path
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "audit")
}

// hostile is a name that tries to become markup in every way, and to turn text around.
const hostile = `</script></title></style><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>` + "\u202egpj.exe\u2066" + `'"--><svg onload=document.title='owned'>@@ROWS@@{{.}}`

// auditBatch lists and settles some thousand files, the first of them with hostile names, and tells how many.
func auditBatch(ctx context.Context, t *testing.T, store *checkpoint.Store, from, to int) int {
	t.Helper()
	formats := artifact.Formats()
	var entries []checkpoint.Entry
	n := 0
	for i := from; from+n < to && len(entries) < 2000; i++ {
		format := formats[i%len(formats)]
		p := artifact.Package{
			Source: "nexus", Repository: string(format) + "-hosted", Format: format, Name: fmt.Sprintf("com.acme.team%d:library-%d", i%97, i/5), Version: fmt.Sprintf("%d.%d.%d", i%5, i%13, i),
		}
		if i == 0 {
			p.Name, p.Repository, p.Source = hostile, hostile, hostile
		}
		if i == 1 {
			p.Name = strings.Repeat("huge", 20_000)
		}
		for f := range min(1+i%3, to-from-n) {
			text := fmt.Sprintf("%d/%d", i, f)
			file := artifact.File{Path: fmt.Sprintf("library-%d-%s-%d.jar", i/5, p.Version, f), Size: int64(1000 + i*37%900_000), Digests: artifact.DigestsOf(text), Modified: time.Unix(1_600_000_000, 0)}
			if i == 0 {
				file.Path = hostile
			}
			p.Files = append(p.Files, file)
			n++
		}
		entries = append(entries, checkpoint.Entry{Package: p, Destination: artifact.Destination{
			Project: "acme/artifact-management/" + string(format) + "-packages", Format: format, Name: p.Name, Version: p.Version,
		}})
	}
	if err := store.List(ctx, "nexus", checkpoint.Batch{Entries: entries, To: checkpoint.Listing{Complete: from+n >= to}}); err != nil {
		t.Fatal(err)
	}
	for from == 0 {
		records, err := store.Take(ctx, time.Now().Add(time.Hour), 2000, nil, func(checkpoint.Record) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			break
		}
		for i, r := range records {
			if err := store.Settle(ctx, r, settlementOf(from, i, r)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// settleTheRest writes into the checkpoint what would take a migration hours.
func settleTheRest(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `
		UPDATE package SET outcome = 'failed', reason = 'target-rejected', error = 'GitLab says no', settled = listed WHERE outcome IS NULL AND id % 9973 = 5;
		UPDATE package SET outcome = iif(id % 7, 'published', 'present'), proof = 1 + id % 4, settled = listed + (id % 4096) * 1318, started = listed, sent = 1
			WHERE outcome IS NULL;
		UPDATE file SET our_sha256 = sha256, our_sha1 = sha1, held = 'sha256:' || sha256, held_size = size, proof = (SELECT proof FROM package WHERE id = package)
			WHERE held = '' AND package IN (SELECT id FROM package WHERE outcome IN ('published', 'present'));`)
	if err != nil {
		t.Fatal(err)
	}
}

func settlementOf(from, i int, r checkpoint.Record) checkpoint.Settlement {
	if from == 0 && i < 9 {
		return []checkpoint.Settlement{
			{Outcome: artifact.Failed, Reason: artifact.TargetRejected, Error: hostile},
			{Outcome: artifact.Conflict, Reason: artifact.TargetHoldsOther, Error: "other bytes"},
			{Outcome: artifact.Skipped, Reason: artifact.Excluded, Error: "superseded"},
		}[i%3]
	}
	to := checkpoint.Settlement{Outcome: artifact.Published, Proof: artifact.Proof(1 + i%4), Arrivals: map[string]checkpoint.Arrival{}}
	if i%7 == 0 {
		to.Outcome = artifact.Present
	}
	for _, f := range r.Package.Files {
		to.Arrivals[f.Path] = checkpoint.Arrival{Ours: f.Digests, Held: "sha256:" + f.Digests.SHA256, HeldSize: f.Size, Proof: to.Proof}
	}
	return to
}

// shownIn waits until the page's table is there.
func shownIn(t *testing.T, page *realserver.Page) {
	t.Helper()
	var ready string
	page.Evaluate(t, `new Promise(resolve => {
		const look = () => document.documentElement.dataset.ready ? resolve(document.documentElement.dataset.ready) : requestAnimationFrame(look);
		look();
	})`, &ready)
}

// typed puts a text into the search and returns how many files it found, and in how many milliseconds.
func typed(t *testing.T, page *realserver.Page, text string) (found int, took float64) {
	t.Helper()
	var got struct {
		Found int
		Took  float64
	}
	page.Evaluate(t, fmt.Sprintf(`(() => {
		const query = document.getElementById('query');
		query.value = %q;
		const began = performance.now();
		query.dispatchEvent(new Event('input', {bubbles: true}));
		return {found: Number(document.documentElement.dataset.found), took: performance.now() - began};
	})()`, text), &got)
	return got.Found, got.Took
}

// TestTheAuditOf200000Files opens it in Chromium: no complaint, no request, and the search answers under 200 ms.
func TestTheAuditOf200000Files(t *testing.T) {
	const files = 200_000
	dir := auditOf(t, files)
	page := openAudit(t, dir, 1280, 900)
	for text, want := range map[string]int{
		"": files, "jar": files - 1, "nothing-like-this": 0, "library-77-": -1, "team5 present": -1, "npm-packages readback": -1,
		artifact.DigestsOf("4321/0").SHA256: 1,
	} {
		times := make([]float64, 5)
		found := 0
		for i := range times {
			typed(t, page, "warm up")
			found, times[i] = typed(t, page, text)
		}
		if want >= 0 && found != want || want < 0 && (found == 0 || found == files) {
			t.Errorf("%q: %d files, want %d", text, found, want)
		}
		slices.Sort(times)
		t.Logf("%-70q %7d files, median %5.1f ms of %.1f", text, found, times[2], times)
		if times[2] >= 200 {
			t.Errorf("%q: the search took %.1f ms", text, times[2])
		}
	}
	typed(t, page, "")
	var rows int
	page.Evaluate(t, `document.querySelectorAll('#body tr').length`, &rows)
	if rows > 100 {
		t.Errorf("%d rows are in the document", rows)
	}
	scrolls(t, page, files)
	quiet(t, page)
	pictures(t, page)
}

func openAudit(t *testing.T, dir string, width, height int) *realserver.Page {
	t.Helper()
	path := filepath.Join(dir, "report.html")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s has %d KiB", filepath.Base(path), info.Size()>>10)
	page := realserver.NewChromium(t).Open(t, (&url.URL{Scheme: "file", Path: path}).String(), width, height)
	shownIn(t, page)
	return page
}

// scrolls goes to the last row by keys, as somebody without a mouse does, and opens it.
func scrolls(t *testing.T, page *realserver.Page, files int) {
	t.Helper()
	page.Evaluate(t, `document.getElementById('viewport').focus()`, nil)
	page.Key(t, "End", 35)
	var got struct {
		Row   int
		Open  bool
		Title string
	}
	page.Key(t, "Enter", 13)
	page.Evaluate(t, `({row: Number(document.querySelector('.chosen').getAttribute('aria-rowindex')), open: document.getElementById('details').open,
		title: document.getElementById('details-title').textContent})`, &got)
	if got.Row != files+1 || !got.Open || !strings.HasPrefix(got.Title, "com.acme.team") {
		t.Errorf("at the end: %+v", got)
	}
	page.Evaluate(t, `document.getElementById('details').close()`, nil)
}

func quiet(t *testing.T, page *realserver.Page) {
	t.Helper()
	if complaints := page.Complaints(); len(complaints) > 0 {
		t.Errorf("the console got %.2000q", complaints)
	}
	if requests := page.Requests(); len(requests) != 1 || !strings.HasPrefix(requests[0], "file:") {
		t.Errorf("the page asked for %.500q", requests)
	}
}

// pictures keeps what the page looks like, where the environment says so.
func pictures(t *testing.T, page *realserver.Page) {
	t.Helper()
	dir := os.Getenv("PKGFERRY_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		page.Prefer(t, scheme)
		for name, all := range map[string]bool{"top": false, "all": true} {
			keep(t, filepath.Join(dir, "report-"+scheme+"-"+name+".png"), page.Screenshot(t, all))
		}
	}
	keep(t, filepath.Join(dir, "report.pdf"), page.PDF(t))
}

func keep(t *testing.T, path string, content []byte) {
	t.Helper()
	if len(content) < 10_000 {
		t.Errorf("%s has %d bytes", path, len(content))
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestForeignNamesAreNoMarkup looks at the page with its hostile names in sight, also in a file's details.
func TestForeignNamesAreNoMarkup(t *testing.T) {
	page := openAudit(t, auditOf(t, 60), 1280, 900)
	page.Evaluate(t, `document.getElementById('viewport').focus()`, nil)
	page.Key(t, "Home", 36)
	page.Key(t, "Enter", 13)
	var got struct {
		Title           string
		Images, Scripts int
		Turned          bool
		Details, Table  string
	}
	page.Evaluate(t, `({title: document.title, images: document.querySelectorAll('img, svg[onload]').length, scripts: document.scripts.length,
		turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText), details: document.getElementById('details').innerText,
		table: document.getElementById('body').innerText})`, &got)
	if got.Title != "Migration report: NO-GO" || got.Images != 0 || got.Scripts != 2 || got.Turned {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{got.Details, got.Table} {
		if !strings.Contains(text, `<img src=x onerror="document.title='owned'">`) {
			t.Errorf("the hostile name is not there as it is: %.300s", text)
		}
	}
	if found, _ := typed(t, page, "hugehugehuge"); found != 2 {
		t.Errorf("the huge name has %d files", found)
	}
	quiet(t, page)
}

// TestSignedReports signs with a real key and verifies with the real ssh-keygen, as an auditor does.
func TestSignedReports(t *testing.T) {
	dir := t.TempDir()
	run := func(stdin string, arg ...string) (string, error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), arg[0], arg[1:]...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(stdin string, arg ...string) string {
		t.Helper()
		out, err := run(stdin, arg...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", arg, err, out)
		}
		return out
	}
	pkgferry := filepath.Join(binaries, "pkgferry")
	store, err := checkpoint.Open(filepath.Join(dir, "pkgferry.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"key", "other"} {
		must("", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", key)
	}
	public, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "allowed"), []byte(`auditor@acme.example namespaces="pkgferry" `+string(public)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second replaces the first's signature
		out := must("", pkgferry, "report", "--out", "audit", "--sign", "key")
		if !strings.Contains(out, "audit/packages.ndjson.sig\n") || !strings.Contains(out, "audit/report.html.sig\n") {
			t.Errorf("it prints %s", out)
		}
	}
	sealed, err := os.ReadFile(filepath.Join(dir, "audit", "packages.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	verify := []string{"ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "auditor@acme.example", "-n", "pkgferry", "-s", "audit/packages.ndjson.sig"}
	if out := must(string(sealed), verify...); !strings.Contains(out, "Good") {
		t.Errorf("ssh-keygen says %s", out)
	}
	check := []string{pkgferry, "report", "--check", "audit/packages.ndjson", "--allowed-signers", "allowed"}
	if out := must("", check...); !strings.Contains(out, "signed by auditor@acme.example") {
		t.Errorf("the check says %s", out)
	}
	must("", pkgferry, "report", "--out", "audit", "--sign", "other")
	if out, err := run("", check...); err == nil || !strings.Contains(out, "is by nobody whom allowed names") {
		t.Errorf("a stranger's signature: %v %s", err, out)
	}
	must("", pkgferry, "report", "--out", "audit", "--format", "ndjson")
	must("", "ssh-keygen", "-Y", "sign", "-f", "key", "-n", "git", "audit/report.html")
	if err := os.Rename(filepath.Join(dir, "audit", "report.html.sig"), filepath.Join(dir, "audit", "packages.ndjson.sig")); err != nil {
		t.Fatal(err)
	}
	if out, err := run("", check...); err == nil {
		t.Errorf("a signature of another file, for another purpose: %s", out)
	}
}
