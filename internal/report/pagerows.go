package report

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"
)

// maxPageRows is the most rows of the page's table: what browsers can scroll. The rows of packages that did not arrive come in
// first, and the files hold them all.
const maxPageRows = 500_000

// rowsPerChunk is how many rows are held in memory, here and while the page unpacks them.
const rowsPerChunk = 4_000

// pageRows collects the rows of the page's table, a row per file. The page is written when the seal is known, so they wait in
// a file: base64 (RFC 4648) of gzip (RFC 1952) of a JSON object per line, each with some thousand rows as columns. Nothing in
// base64 can end a script element, whatever a package is called.
type pageRows struct {
	file  *os.File
	out   *bufio.Writer
	text  io.WriteCloser
	zip   *gzip.Writer
	json  *json.Encoder
	words map[string]int
	part  chunk
	// left is how many rows of packages that arrived there is room for.
	left int64
	rows int64
	// packages is how many are in the table.
	packages int64
	missing  int64 // rows that there is no room for
}

// chunk is some packages and their files. Words that are used often are numbers: places in the list that the Words of all
// chunks make, in order. Page.js has the counterpart.
type chunk struct {
	Words []string `json:"w"`
	// Of each package: its line in the sealed file, words for format, source, repository, project, outcome, reason, proof and tool,
	// seconds since 1970 when it was listed, started and settled.
	Lines    []int64    `json:"l"`
	Names    []string   `json:"n"`
	Versions []string   `json:"v"`
	Targets  []string   `json:"t"` // "" where the name is the same
	Errors   []string   `json:"e"`
	Codes    [8][]int   `json:"c"`
	Numbers  []int      `json:"a"` // attempts
	Times    [][3]int64 `json:"d"`
	// Of each file: its package, counted over all chunks from 0, path, size, SHA-256 (ours, else the source's), what GitLab holds ("=" when it is that), a word for its proof, and
	// its address at the source.
	Owners []int64  `json:"o"`
	Paths  []string `json:"p"`
	Sizes  []int64  `json:"s"`
	Sums   []string `json:"h"`
	Held   []string `json:"g"`
	Proofs []int    `json:"f"`
	URLs   []string `json:"u"`
}

func newPageRows(dir string, of Summary) (*pageRows, error) {
	file, err := os.CreateTemp(dir, ".rows-*")
	if err != nil {
		return nil, err
	}
	r := &pageRows{file: file, out: bufio.NewWriterSize(file, 1<<16), words: map[string]int{}, left: maxPageRows}
	for _, g := range of.Groups {
		if !arrived(OutcomeName(g.Outcome)) {
			r.left -= max(g.Files, g.Packages)
		}
	}
	r.text = base64.NewEncoder(base64.StdEncoding, r.out)
	r.zip = gzip.NewWriter(r.text)
	r.json = json.NewEncoder(r.zip)
	r.json.SetEscapeHTML(false)
	return r, nil
}

func (r *pageRows) word(text string) int {
	i, ok := r.words[text]
	if !ok {
		i = len(r.words)
		r.words[text] = i
		r.part.Words = append(r.part.Words, text)
	}
	return i
}

// add takes in a package, which is a line of the sealed file. A package without files is a row, too.
func (r *pageRows) add(line int64, p row) error {
	if r == nil {
		return nil
	}
	files := p.Files
	if len(files) == 0 {
		files = []file{{Size: -1}}
	}
	rows := int64(len(files))
	switch {
	case arrived(p.Outcome) && r.left < rows, r.rows+rows > maxPageRows:
		r.missing += rows
		return nil
	case arrived(p.Outcome):
		r.left -= rows
	}
	c := &r.part
	c.Lines, c.Names, c.Versions = append(c.Lines, line), append(c.Names, p.Name), append(c.Versions, p.Version)
	target := ""
	if p.TargetName != p.Name {
		target = p.TargetName
	}
	c.Targets, c.Errors = append(c.Targets, target), append(c.Errors, p.Error)
	for i, text := range []string{string(p.Format), p.Source, p.Repository, p.Project, p.Outcome, string(p.Reason), p.Proof, p.Tool} {
		c.Codes[i] = append(c.Codes[i], r.word(text))
	}
	c.Numbers, c.Times = append(c.Numbers, p.Attempts), append(c.Times, [3]int64{unix(p.Listed), unix(p.Started), unix(p.Settled)})
	for _, f := range files {
		if err := r.addFile(f); err != nil {
			return err
		}
	}
	r.packages++
	return nil
}

func (r *pageRows) addFile(f file) error {
	c := &r.part
	sum := f.Computed["sha256"]
	if sum == "" {
		sum = f.Declared["sha256"]
	}
	held := f.Held
	if held == "sha256:"+sum || held != "" && held == "sha1:"+f.Computed["sha1"] {
		held = "="
	}
	c.Owners, c.Paths, c.Sizes = append(c.Owners, r.packages), append(c.Paths, f.Path), append(c.Sizes, f.Size)
	c.Sums, c.Held, c.Proofs, c.URLs = append(c.Sums, sum), append(c.Held, held), append(c.Proofs, r.word(f.Proof)), append(c.URLs, f.URL)
	r.rows++
	if len(c.Paths) < rowsPerChunk {
		return nil
	}
	return r.flush()
}

func (r *pageRows) flush() error {
	err := r.json.Encode(r.part)
	r.part = chunk{}
	return err
}

// copyTo ends the collection and writes it.
func (r *pageRows) copyTo(w io.Writer) error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, r.file)
	return err
}

func (r *pageRows) end() error {
	return errors.Join(r.flush(), r.zip.Close(), r.text.Close(), r.out.Flush())
}

func (r *pageRows) remove() {
	if r != nil {
		_ = r.file.Close()
		_ = os.Remove(r.file.Name())
	}
}

func arrived(outcome string) bool { return outcome == "published" || outcome == "present" }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
