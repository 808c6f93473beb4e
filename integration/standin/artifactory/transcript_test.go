package artifactory_test

// Transcripts: files of requests and of the answers that they get, byte for byte. Each was read line by line against what
// is known of Artifactory; -update writes the answers anew, and whoever does reads them again.
//
// A file begins with settings, "modes: edition=oss", "seed: 30", "change: {…}" and "fault: …", and comments. Then come
// exchanges that a line of "=" ends: the request line with an account ("GET /path as reader"; admin without), headers, an empty line and
// the body; "<- STATUS", headers, an empty line and the body. Headers that say the same in every answer are left out.

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
	"pkgferry/integration/standin/standintest"
)

var update = flag.Bool("update", false, "write the answers in testdata anew")

const end = "\n========\n"

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(text))
			if *update {
				err = os.WriteFile(file, []byte(got), 0o600)
			}
			if diff := cmp.Diff(string(text), got); err != nil || diff != "" && !*update {
				t.Errorf("%v (-known +answered):\n%s", err, diff)
			}
		})
	}
}

// replay returns a transcript with the answers that its requests get.
func replay(t *testing.T, text string) string {
	head, rest, _ := strings.Cut(text, end)
	s := startTranscript(t, head)
	var out strings.Builder
	out.WriteString(head + end)
	for rest != "" {
		var exchange string
		exchange, rest, _ = strings.Cut(rest, end)
		request, _, _ := strings.Cut(exchange, "\n<- ")
		out.WriteString(request + "\n" + s.exchange(request) + end)
	}
	return out.String()
}

// transcript is a server that a transcript is about.
type transcript struct {
	server
	store string // the last address of the second listener
}

func startTranscript(t *testing.T, head string) *transcript {
	t.Helper()
	o := standin.Options{Seed: "small", Modes: map[string]string{}}
	var changes []artifactory.Change
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		var err error
		switch key {
		case "modes":
			o.Modes, err = standin.ParseModes(strings.Fields(value))
		case "seed":
			o.Seed = value
		case "fault":
			var one standin.Fault
			one, err = standin.ParseFault(value)
			o.Faults = append(o.Faults, one)
		case "change":
			var one artifactory.Change
			err = json.Unmarshal([]byte(value), &one)
			changes = append(changes, one)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	s, err := artifactory.New(o)
	if err != nil {
		t.Fatal(err)
	}
	running := server{s, s.Ready(standintest.Start(t, s)).URL, "", t}
	running.change(changes...)
	return &transcript{server: running}
}

// exchange sends a request and returns what is answered, as a transcript has it.
func (s *transcript) exchange(request string) string {
	s.t.Helper()
	for _, comment := range regexp.MustCompile(`(?m)^#.*\n`).FindAllString(request, -1) {
		request = strings.Replace(request, comment, "", 1)
	}
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	line, user, named := strings.Cut(lines[0], " as ")
	if !named {
		user = artifactory.Username
	}
	method, target, _ := strings.Cut(line, " ")
	host := strings.TrimPrefix(s.url, "http://")
	host, _, _ = strings.Cut(host, "/")
	if target == "STORE" {
		target = s.store
	} else {
		target = "http://" + host + target
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if user != "anonymous" && target != s.store {
		req.SetBasicAuth(user, artifactory.Password)
	}
	for _, header := range lines[1:] {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	a := send(s.t, req)
	if location := a.header.Get("Location"); strings.Contains(location, "/filestore/") {
		s.store = location
	}
	return s.plain(a, host)
}

// common are the headers that say the same in every answer.
var common = []string{"Date", "Server", "X-Artifactory-Id", "X-Artifactory-Node-Id", "Content-Length", "Docker-Distribution-Api-Version"}

var (
	instant   = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)`)
	signature = regexp.MustCompile(`http://127\.0\.0\.1:\d+(/filestore/.*)\?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=\d+&X-Amz-Signature=[0-9a-f]{64}`)
	boundary  = regexp.MustCompile(`\b[0-9a-f]{60}\b`)
	counted   = regexp.MustCompile(`"lastDownloaded" : \d{13}`)
)

// plain writes an answer without what differs from run to run.
func (s *transcript) plain(a answer, host string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "<- %d\n", a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if !slices.Contains(common, name) {
			fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(a.header[name], ", "))
		}
	}
	out.WriteString("\n" + a.body)
	text := signature.ReplaceAllString(out.String(), "{{store}}$1?…")
	text = boundary.ReplaceAllString(text, "{{boundary}}")
	text = counted.ReplaceAllString(text, `"lastDownloaded" : {{now}}`)
	text = instant.ReplaceAllStringFunc(text, func(one string) string {
		if at, err := time.Parse("2006-01-02T15:04:05Z07:00", one); err == nil && time.Since(at).Abs() < time.Hour {
			return "{{now}}"
		}
		return one
	})
	return strings.NewReplacer(host, "{{host}}", "\r", "").Replace(text)
}
