package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sealed writes the report of the test's migration and returns the lines of its sealed file, with their line feeds.
func sealed(t *testing.T) (lines []string, head string) {
	t.Helper()
	dir := t.TempDir()
	written, err := Write(t.Context(), migration(t), Options{Dir: dir, Version: "v1", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(written.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Check(bytes.NewReader(text))
	if err != nil || len(found.Findings) > 0 || found.Head != written.Seal.Head || found.Lines != written.Seal.Lines {
		t.Fatalf("the file as it was written: %+v %v, want %+v", found, err, written.Seal)
	}
	if found.Header.Version != "v1" || found.End.Packages != 6 || found.End.Files != 7 {
		t.Errorf("header %+v, end %+v", found.Header, found.End)
	}
	lines = strings.SplitAfter(string(text), "\n")
	return lines[:len(lines)-1], found.Head
}

// rechained is a line whose own chain holds.
func rechained(before, line string) string {
	body := line[:strings.LastIndex(line, chainStart)]
	if before != "" {
		before = before[len(before)-len(chainEnd)-64 : len(before)-len(chainEnd)]
	}
	sum := sha256.Sum256([]byte(before + body))
	return body + chainStart + hex.EncodeToString(sum[:]) + chainEnd
}

// TestTheChainIsWhatTheDocumentationSays computes it again, as an auditor would.
func TestTheChainIsWhatTheDocumentationSays(t *testing.T) {
	lines, head := sealed(t)
	before := ""
	for i, line := range lines {
		if !strings.HasPrefix(line, fmt.Sprintf(`{"line":%d,`, i+1)) || rechained(before, line) != line {
			t.Errorf("line %d: %s", i+1, line)
		}
		before = line
	}
	if !strings.Contains(before, head) {
		t.Errorf("the last line %s does not hold the head %s", before, head)
	}
}

// A tampering changes one line, k, counted from 0, and says where it must be found, counted from 1; 0 is by the head alone.
var tamperings = map[string]func(r *rand.Rand, lines []string, k int) (tampered []string, at int){
	"a byte": func(r *rand.Rand, lines []string, k int) ([]string, int) {
		line := []byte(lines[k])
		i := r.IntN(len(line))
		for old := line[i]; line[i] == old; {
			line[i] = byte(r.IntN(256))
		}
		return append(append(slices.Clone(lines[:k]), string(line)), lines[k+1:]...), k + 1
	},
	"a part": func(r *rand.Rand, lines []string, k int) ([]string, int) {
		line := lines[k]
		from := r.IntN(len(line) - 1)
		to := from + 1 + r.IntN(len(line)-1-from)
		return append(append(slices.Clone(lines[:k]), line[:from]+line[to:]), lines[k+1:]...), k + 1
	},
	"removed": func(_ *rand.Rand, lines []string, k int) ([]string, int) {
		return slices.Delete(slices.Clone(lines), k, k+1), min(k+1, len(lines)-1)
	},
	"repeated": func(_ *rand.Rand, lines []string, k int) ([]string, int) {
		return slices.Insert(slices.Clone(lines), k+1, lines[k]), k + 2
	},
	"moved": func(r *rand.Rand, lines []string, k int) ([]string, int) {
		to := r.IntN(len(lines) - 1)
		if to >= k {
			to++
		}
		moved := slices.Insert(slices.Delete(slices.Clone(lines), k, k+1), to, lines[k])
		return moved, min(k, to) + 1
	},
	"copied elsewhere": func(r *rand.Rand, lines []string, k int) ([]string, int) {
		to := r.IntN(len(lines) + 1)
		if to == k {
			to++ // before itself is after itself
		}
		return slices.Insert(slices.Clone(lines), to, lines[k]), to + 1
	},
	"put in": func(_ *rand.Rand, lines []string, k int) ([]string, int) {
		if k == 0 {
			return slices.Insert(slices.Clone(lines), 0, rechained("", `{"line":1,"kind":"package","chain":""}`)), 1
		}
		before := lines[k-1]
		line := rechained(before, fmt.Sprintf(`{"line":%d,"kind":"package","purl":"pkg:npm/x@1","files":[],"chain":""}`, k+1))
		return slices.Insert(slices.Clone(lines), k, line), k + 2 // at first it can not be told from the one it displaced
	},
	"chained anew": func(r *rand.Rand, lines []string, k int) ([]string, int) {
		other := slices.Clone(lines)
		before := ""
		if k > 0 {
			before = lines[k-1]
		}
		other[k] = rechained(before, strings.Replace(lines[k], `"kind":`, fmt.Sprintf(`"x":%d,"kind":`, r.Int()), 1))
		if k == 0 || k == len(lines)-1 { // of other kinds now
			return other, k + 1
		}
		return other, k + 2
	},
	"a total": func(r *rand.Rand, lines []string, _ int) ([]string, int) {
		other := slices.Clone(lines)
		last := len(lines) - 1
		other[last] = rechained(lines[last-1], strings.Replace(lines[last], `"packages":6`, fmt.Sprintf(`"packages":%d`, 7+r.IntN(100)), 1))
		return other, 0
	},
}

// TestTamperingIsFound tries 1,000 random tamperings of one line.
func TestTamperingIsFound(t *testing.T) {
	lines, head := sealed(t)
	r := rand.New(rand.NewPCG(5, 0))
	var kinds []string
	for kind := range tamperings {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for i := range 1000 {
		kind, k := kinds[i%len(kinds)], r.IntN(len(lines))
		tampered, at := tamperings[kind](r, lines, k)
		found, err := Check(strings.NewReader(strings.Join(tampered, "")))
		switch {
		case err != nil:
			t.Errorf("%d, %s line %d: %v", i, kind, k+1, err)
		case len(found.Findings) == 0 && (at > 0 || found.Head == head):
			t.Errorf("%d, %s line %d: not found", i, kind, k+1)
		case at > 0 && (found.Findings[0].Line != int64(at)):
			t.Errorf("%d, %s line %d: found %v, want line %d", i, kind, k+1, found.Findings, at)
		}
	}
}

func TestWhatTamperingIsCalled(t *testing.T) {
	lines, _ := sealed(t)
	without := func(from, to int) []string { return slices.Delete(slices.Clone(lines), from-1, to) }
	for name, one := range map[string]struct {
		lines []string
		want  string
	}{
		"empty":            {nil, "line 1: the file is empty"},
		"first removed":    {without(1, 1), "line 1: line 1 is missing before it"},
		"some removed":     {without(3, 5), "line 3: lines 3 to 5 are missing before it"},
		"last removed":     {without(9, 9), "line 8: the closing line is missing: the end of the file was cut off"},
		"cut in half":      {append(slices.Clone(lines[:4]), lines[4][:40]), "line 5: the file ends in the middle of it: the rest was cut off"},
		"changed":          {append(append(slices.Clone(lines[:2]), strings.Replace(lines[2], "ui.tgz", "xx.tgz", 1)), lines[3:]...), "line 3: it does not agree with its chain: it was changed, or the line before it was changed and chained anew"},
		"repeated":         {slices.Insert(slices.Clone(lines), 3, lines[2]), "line 4: it says that it is line 3, which was there already or is missing further up: it was repeated, moved or put in"},
		"something else":   {slices.Insert(slices.Clone(lines), 3, "{}\n"), "line 4: it is no line of a sealed report: it was changed, or put in"},
		"something behind": {append(slices.Clone(lines), "\n"), "line 10: it stands behind the closing line: it was added"},
	} {
		found, err := Check(strings.NewReader(strings.Join(one.lines, "")))
		if err != nil || len(found.Findings) == 0 || found.Findings[0].String() != one.want {
			t.Errorf("%s: %v %v, want %s", name, found.Findings, err, one.want)
		}
	}
}

func TestFilesBesideAreChecked(t *testing.T) {
	dir := t.TempDir()
	written, err := Write(t.Context(), migration(t), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	check := func() string {
		found, err := CheckFile(written.Sealed)
		return fmt.Sprint(found.Findings, err)
	}
	if got := check(); got != "[] <nil>" {
		t.Error(got)
	}
	if err := os.Remove(filepath.Join(dir, packagesFile)); err != nil {
		t.Fatal(err)
	}
	if got := check(); got != "[] <nil>" {
		t.Errorf("without a file: %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, filesFile), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := check(); got != "[line 9: files.csv, which lies beside it, is not as it was sealed] <nil>" {
		t.Error(got)
	}
}

// TestTheCheckpointRemembersTheSeals also shows that a report is the same twice, but for the time of sealing and the seals.
func TestTheCheckpointRemembersTheSeals(t *testing.T) {
	store := migration(t)
	now := time.UnixMilli(1_700_000_000_000).UTC()
	var texts [2][]byte
	for i := range texts {
		written, err := Write(t.Context(), store, Options{Dir: t.TempDir(), Now: now})
		if err != nil || written.Unkept != nil {
			t.Fatal(err, written.Unkept)
		}
		seal, err := store.Sealed(t.Context(), written.Seal.Head)
		if err != nil || seal != written.Seal {
			t.Errorf("%+v %v, want %+v", seal, err, written.Seal)
		}
		if texts[i], err = os.ReadFile(written.Sealed); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(texts[0], texts[1]) {
		t.Errorf("two reports of one moment differ:\n%s\n%s", texts[0], texts[1])
	}
	if seals, err := store.Seals(t.Context(), 5); len(seals) != 2 || err != nil {
		t.Errorf("%v %v", seals, err)
	}
}

func FuzzCheck(f *testing.F) {
	line := rechained("", `{"line":1,"kind":"header","chain":""}`)
	f.Add(line)
	f.Add(line + rechained(line, `{"line":2,"kind":"end","lines":2,"chain":""}`))
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := Check(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Findings) > 0 {
			return
		}
		for cut := range len(text) { // what is sound is not sound when it is cut
			if found, err := Check(strings.NewReader(text[:cut])); err != nil || len(found.Findings) == 0 {
				t.Errorf("cut at %d: %v", cut, err)
			}
		}
	})
}
