package integration

// A cutover as it is lived through: the bulk goes over while people keep publishing, a watch follows them, the sources are frozen, and
// the gate says GO, or NO-GO and why.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// movingRoutes let follow what may move: the tags of images, and snapshots.
const movingRoutes = `routes:
  - match: {format: container}
    project: docker-images
    on_conflict: replace
  - match: {format: maven, version: "*-SNAPSHOT"}
    project: java-packages
    on_conflict: replace
  - {match: {format: maven}, project: java-packages}
  - {match: {format: npm}, project: node-packages}
  - {match: {format: pypi}, project: python-packages}
  - {match: {format: generic}, project: generic-packages}
`

// What Nexus has before the migration, what is published while it runs, and what while it is watched.
const (
	nexusBefore = `[
		{"op":"publish","repository":"maven-releases","package":"com.example:app","version":"1.0"},
		{"op":"publish","repository":"npm-hosted","package":"@acme/ui","version":"1.0.0"},
		{"op":"publish","repository":"npm-hosted","package":"@acme/ui","version":"1.1.0","tag":"next"},
		{"op":"publish","repository":"pypi-hosted","package":"Acme.UI","version":"1.0"},
		{"op":"put","repository":"raw-hosted","path":"tools/cli/1.0.0/cli.bin","body":"cli 1.0.0"},
		{"op":"put","repository":"raw-hosted","path":"tools/old/1.0.0/old.bin","body":"old 1.0.0"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/nightly-2.0-20240503.101112-1.jar","body":"build 1"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/nightly-2.0-20240503.101112-1.pom","body":"<project/>"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/maven-metadata.xml","body":"<metadata>1</metadata>"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/local/1.0-SNAPSHOT/local-1.0-SNAPSHOT.jar","body":"local, at first"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/local/1.0-SNAPSHOT/local-1.0-SNAPSHOT.pom","body":"<project/>"}]`
	nexusMeanwhile = `[
		{"op":"publish","repository":"maven-releases","package":"com.example:app","version":"1.1"},
		{"op":"publish","repository":"npm-hosted","package":"@acme/ui","version":"1.2.0"},
		{"op":"publish","repository":"pypi-hosted","package":"Acme.UI","version":"1.1"},
		{"op":"put","repository":"raw-hosted","path":"tools/cli/1.1.0/cli.bin","body":"cli 1.1.0"}]`
	nexusWatched = `[
		{"op":"put","repository":"maven-snapshots","path":"com/example/local/1.0-SNAPSHOT/local-1.0-SNAPSHOT.jar","body":"local, built again"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/nightly-2.0-20240504.101112-2.jar","body":"build 2"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/nightly-2.0-20240504.101112-2.pom","body":"<project/>"},
		{"op":"put","repository":"maven-snapshots","path":"com/example/nightly/2.0-SNAPSHOT/maven-metadata.xml","body":"<metadata>2</metadata>"},
		{"op":"publish","repository":"npm-hosted","package":"@acme/ui","version":"1.3.0"},
		{"op":"tag","repository":"npm-hosted","package":"@acme/ui","tag":"next","version":"1.0.0"},
		{"op":"deprecate","repository":"npm-hosted","package":"@acme/ui","version":"1.1.0","body":"Use 1.3.0."},
		{"op":"delete","repository":"raw-hosted","path":"tools/old/1.0.0/old.bin"}]`
	hubBefore  = `[{"op":"push","repository":"acme/app","tag":"1.0","body":"1.0"},{"op":"move","repository":"acme/app","tag":"stable","to":"1.0"}]`
	hubWatched = `[{"op":"push","repository":"acme/app","tag":"1.1","body":"1.1"},{"op":"move","repository":"acme/app","tag":"stable","to":"1.1"}]`
)

func TestCutover(t *testing.T) {
	nexus := startStandin(t, "nexus", "--seed", "40", "--mode", "formats=maven2+raw+npm+pypi")
	hub, gitlab := startStandin(t, "dockerhub", "--seed", "5", "--mode", "api.limit=0"), startStandin(t, "gitlab")
	nexus.post(t, "mutate", nexusBefore)
	hub.post(t, "mutate", hubBefore)
	m := newMigration(t, gitlab, nexus, hub)
	m.write(t, "pkgferry.yaml", m.text(t)+movingRoutes)

	// The bulk, whose process is killed once, and what is published meanwhile.
	if _, finished := killAfter(t, m.command("run"), gitlab, 30, 0); finished {
		t.Fatal("the run had ended before it could be killed")
	}
	nexus.post(t, "mutate", nexusMeanwhile)
	m.must(t, 0, "run")
	before := nexus.dump(t)

	// The watch follows what moves, and what is new.
	w := m.startWatch(t)
	w.settles(t)
	nexus.post(t, "mutate", nexusWatched)
	hub.post(t, "mutate", hubWatched)
	w.settles(t)
	nexus.post(t, "mutate", `[{"op":"freeze"}]`)
	w.stop(t, 0)
	arrived(t, gitlab, nexus.dump(t), madeByNexus)
	arrived(t, gitlab, hub.dump(t), madeByHub)
	if got, want := tagged(gitlab.dump(t), "stable"), tagged(hub.dump(t), "stable"); got == "" || got != want {
		t.Errorf("the tag that moved is %q on GitLab and %q at the source", got, want)
	}

	ui := gitlab.packument(t, gitlab.Group+"/node-packages", "@acme/ui")
	if want := map[string]string{"latest": "1.3.0", "next": "1.0.0"}; !maps.Equal(ui.Tags, want) || ui.Versions["1.1.0"].Deprecated != "Use 1.3.0." {
		t.Errorf("npm's view of GitLab: %+v", ui)
	}

	// The gate says GO. What was deleted is told, and stays.
	v := m.decide(t, 0, "--read-back", "all")
	if v.Word != "GO" || len(v.Against) > 0 || v.Verified["same"] == 0 {
		t.Errorf("the gate said %+v", v)
	}
	v.names(t, v.Told, "gone", "pkg:generic/tools.old@1.0.0")
	v.names(t, v.Told, "only-gitlab", "pkg:generic/tools.old@1.0.0")
	invented(t, gitlab.dump(t), slices.Concat(before, nexus.dump(t), hub.dump(t)))

	// Somebody puts other bytes in the place of a package: the gate names it.
	replaceOnGitLab(t, gitlab, "tools.cli", "1.0.0", "cli.bin", "not what it was")
	v = m.decide(t, 2)
	v.names(t, v.Against, "differs", "* pkg:generic/tools.cli@1.0.0")
	if v.Word != "NO-GO" || len(v.Against) != 1 {
		t.Errorf("the gate said %+v", v)
	}
	// A disk loses a bit of what GitLab does not hash: only who reads it back sees that. What differs is a conflict by then.
	gitlab.post(t, "mutate", fmt.Sprintf(`{"corrupt":{"project":"%s/node-packages","format":"npm","package":"@acme/ui","version":"1.0.0","file":%q}}`, gitlab.Group, artifact.NPMTarball("@acme/ui", "1.0.0")))
	v = m.decide(t, 2, "--read-back", "all")
	v.names(t, v.Against, "differs", "* pkg:npm/%40acme/ui@1.0.0")
	v.names(t, v.Against, "target-mismatch", "pkg:generic/tools.cli@1.0.0")
}

// What is published while the gate looks stands against it, and is copied when it looks again.
func TestGateSeesWhatChangesMeanwhile(t *testing.T) {
	hub, gitlab := startStandin(t, "dockerhub", "--seed", "1", "--mode", "api.limit=0"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, hub)
	m.decide(t, 0)
	const listing = "GET hub tags"
	before := hub.stats(t).Requests[listing]
	m.decide(t, 0)
	n := hub.stats(t).Requests[listing] - before
	if n < 3 {
		t.Fatalf("the gate listed the tags in %d requests", n)
	}
	// Before the gate's last request for tags is answered.
	hub.post(t, "mutate", fmt.Sprintf(`[{"op":"push","repository":"acme/made-0000","tag":"late","body":"late","after":{"requests":%d,"of":%q}}]`, n, listing))
	v := m.decide(t, 2)
	v.names(t, v.Against, "source-changed", "pkg:oci/acme/made-0000@late")
	if v.Word != "NO-GO" || len(v.Against) != 1 {
		t.Errorf("the gate said %+v", v)
	}
	m.decide(t, 0)
	arrived(t, gitlab, hub.dump(t), madeByHub)
}

// A quota that is used up is no end of a watch, and a gate does not open before it refills.
func TestWatchOutlastsAQuota(t *testing.T) {
	hub, gitlab := startStandin(t, "dockerhub", "--seed", "9", "--mode", "quota=5", "--mode", "api.limit=0"), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, hub)
	if v := m.decide(t, 4); v.Word != "NO-GO" {
		t.Errorf("the gate said %+v", v)
	}
	w := m.startWatch(t)
	for n := 0; n < 2; n++ {
		if one := <-w.rounds; one.Stopped != "quota" || one.Next == nil || one.Complete {
			t.Fatalf("a round without quota: %s", one.text)
		}
	}
	w.stop(t, 4) // it asks again after a while; nobody waits for that here
	hub.post(t, "clock", `{"advance":"6h"}`)
	w = m.startWatch(t)
	w.settles(t)
	w.stop(t, 0)
	arrived(t, gitlab, hub.dump(t), madeByHub)
}

// decision is what the gate prints as JSON.
type decision struct {
	Word          string
	Exit          int
	Against, Told []struct {
		Code  string
		Count int
		Names []string
	}
	Verified map[string]int
	Report   []string
}

// decide runs the gate, which must end with the code.
func (m *migration) decide(t *testing.T, code int, arg ...string) decision {
	t.Helper()
	e := m.must(t, code, append([]string{"sync", "--final", "--json"}, arg...)...)
	var v decision
	if err := json.Unmarshal([]byte(e.stdout), &v); err != nil {
		t.Fatalf("%v: %s", err, e.stdout)
	}
	if v.Exit != code || len(v.Report) == 0 {
		t.Errorf("no report, or another exit code: %+v", v)
	}
	return v
}

// names fails the test unless grounds of the code name exactly one package, which begins so.
func (v decision) names(t *testing.T, grounds []struct {
	Code  string
	Count int
	Names []string
}, code, name string) {
	t.Helper()
	for _, g := range grounds {
		if g.Code == code {
			if g.Count != 1 || len(g.Names) != 1 || !strings.HasPrefix(strings.TrimPrefix(g.Names[0], "+ "), name) {
				t.Errorf("%s is about %d, %q, and not about %s", code, g.Count, g.Names, name)
			}
			return
		}
	}
	t.Errorf("nothing is %s: %+v", code, v)
}

// watching is a "sync --watch" and the lines it prints.
type watching struct {
	cmd    *exec.Cmd
	rounds chan watched
}

type watched struct {
	Round    int
	Began    time.Time
	Complete bool
	Stopped  string
	Next     *time.Time
	Exit     *int
	text     string
}

func (m *migration) startWatch(t *testing.T, arg ...string) *watching {
	t.Helper()
	w := &watching{cmd: m.command(append([]string{"sync", "--watch", "100ms", "--json", "--no-progress"}, arg...)...), rounds: make(chan watched, 1000)}
	w.cmd.Stderr = t.Output()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	go w.read(out)
	return w
}

func (w *watching) read(out io.Reader) {
	defer close(w.rounds)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		one := watched{text: lines.Text()}
		if json.Unmarshal(lines.Bytes(), &one) == nil {
			w.rounds <- one
		}
	}
}

// settles waits for a round that begins from now on and leaves nothing that differs.
func (w *watching) settles(t *testing.T) {
	t.Helper()
	now, late, last := time.Now(), time.After(patience), ""
	for {
		select {
		case one, ok := <-w.rounds:
			if !ok {
				t.Fatalf("the watch ended: %s", last)
			}
			if one.Complete && one.Began.After(now) {
				return
			}
			last = one.text
		case <-late:
			t.Fatalf("no round settles everything; the last one: %s", last)
		}
	}
}

// stop interrupts the watch, which must end with the code.
func (w *watching) stop(t *testing.T, code int) {
	t.Helper()
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	last := watched{}
	for one := range w.rounds {
		last = one
	}
	_ = w.cmd.Wait()
	if got := w.cmd.ProcessState.ExitCode(); got != code || last.Exit == nil || *last.Exit != code {
		t.Errorf("the watch ended with %d, want %d: %s", got, code, last.text)
	}
}

// arrived fails the test for every file of a source that GitLab does not hold, byte by byte.
func arrived(t *testing.T, gitlab *server, source []standin.DumpLine, makes func(standin.DumpLine) bool) {
	t.Helper()
	here := sums(gitlab.dump(t))
	for _, line := range source {
		if !makes(line) && !here[line.SHA256] {
			t.Errorf("missing: %s", key(line))
		}
	}
}

// invented fails the test for every file on GitLab that no source ever had.
func invented(t *testing.T, gitlab, sources []standin.DumpLine) {
	t.Helper()
	there := sums(sources)
	for _, line := range gitlab {
		// A .json of npm is what GitLab was told to deprecate and is still at work on.
		if !there[line.SHA256] && (line.Format != "npm" || !strings.HasSuffix(line.File, ".json")) {
			t.Errorf("invented: %s", key(line))
		}
	}
}

// tagged is the SHA-256 of the manifest that acme/app's tag names.
func tagged(lines []standin.DumpLine, tag string) string {
	for _, line := range lines {
		if line.Format == "container" && strings.HasSuffix(line.Package, "app") && line.Version == tag {
			return line.SHA256
		}
	}
	return ""
}

// replaceOnGitLab deletes a generic package and publishes another one of its name, as whoever may publish can.
func replaceOnGitLab(t *testing.T, gitlab *server, name, version, file, body string) {
	t.Helper()
	project := gitlab.Group + "/generic-packages"
	gitlab.post(t, "mutate", fmt.Sprintf(`{"delete":{"project":%q,"format":"generic","package":%q,"version":%q}}`, project, name, version))
	address := gitlab.URL + "/api/v4/projects/" + strings.ReplaceAll(project, "/", "%2F") + "/packages/generic/" + name + "/" + version + "/" + file
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("PRIVATE-TOKEN", gitlab.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
}
