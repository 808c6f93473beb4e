package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// maxFindings is how many findings a check tells; the first says where the file stops being what was sealed.
const maxFindings = 20

// maxStart is how much of a line is kept to be read: headers and ends are shorter.
const maxStart = 256 << 10

// Checked is what a check of a sealed file found.
type Checked struct {
	Lines    int64
	Head     string // the chain of the last line; it means something only without findings
	Header   Header
	End      End
	Findings []Finding
}

// Finding is a line that is not what was sealed. Line counts the lines of the file as it is, from 1; 0 is the whole file.
type Finding struct {
	Line int64  `json:"line,omitempty"`
	Text string `json:"text"`
}

func (f Finding) String() string {
	if f.Line == 0 {
		return f.Text
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Text)
}

// Check reads a sealed file. Its error is one of reading; what was tampered with is a finding. It holds a part of one line in
// memory, whatever the file holds.
func Check(r io.Reader) (Checked, error) {
	c := checker{in: bufio.NewReaderSize(r, 64<<10), next: 1, before: []string{""}}
	for {
		err := c.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c.Checked, err
		}
		c.judge()
	}
	switch {
	case c.Lines == 0:
		c.find("the file is empty")
	case !c.ended:
		c.find("the closing line is missing: the end of the file was cut off")
	}
	return c.Checked, nil
}

// checker reads line by line. While it trusts nothing it goes on, so that later findings are told, too.
type checker struct {
	Checked
	in     *bufio.Reader
	next   int64    // the number that the next line should have
	before []string // what the chain of the line before may have been
	ended  bool     // the closing line has been read

	// The line that is read.
	start  []byte      // its first bytes
	tail   []byte      // its last bytes, chainTail at most
	sums   []hash.Hash // over each of before, and the line without its tail
	length int64
	whole  bool // it ends with a line feed
}

func (c *checker) find(text string) {
	if len(c.Findings) < maxFindings {
		c.Findings = append(c.Findings, Finding{max(c.Lines, 1), text})
	}
}

// read takes in the next line, in pieces.
func (c *checker) read() error {
	c.start, c.tail, c.length, c.whole, c.sums = c.start[:0], c.tail[:0], 0, false, nil
	for _, chain := range c.before {
		sum := sha256.New()
		_, _ = io.WriteString(sum, chain)
		c.sums = append(c.sums, sum)
	}
	for {
		piece, err := c.in.ReadSlice('\n')
		c.length += int64(len(piece))
		c.start = append(c.start, piece[:min(len(piece), maxStart-len(c.start))]...)
		c.tail = append(c.tail, piece...)
		if past := len(c.tail) - chainTail; past > 0 {
			for _, sum := range c.sums {
				_, _ = sum.Write(c.tail[:past])
			}
			c.tail = slices.Delete(c.tail, 0, past)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && c.length > 0:
			c.Lines++
			return nil
		case err != nil:
			return err
		}
		c.whole = true
		c.Lines++
		return nil
	}
}

// judge compares the line with what it should be.
func (c *checker) judge() {
	number, chain, ok := c.parse()
	switch {
	case c.ended:
		c.find("it stands behind the closing line: it was added")
		return
	case !c.whole:
		c.find("the file ends in the middle of it: the rest was cut off")
		return
	case !ok:
		c.find("it is no line of a sealed report: it was changed, or put in")
		return
	case number > c.next:
		c.find(missing(c.next, number-1))
		c.follow(number, chain)
		c.understand(number)
		return
	case number < c.next:
		c.find(fmt.Sprintf("it says that it is line %d, which was there already or is missing further up: it was repeated, moved or put in", number))
		return
	}
	computed := make([]string, len(c.sums))
	for i, sum := range c.sums {
		computed[i] = hex.EncodeToString(sum.Sum(nil))
	}
	if !slices.Contains(computed, chain) {
		c.find("it does not agree with its chain: it was changed, or the line before it was changed and chained anew")
		c.follow(number, append(computed, chain)...)
	} else {
		c.follow(number, chain)
	}
	c.understand(number)
}

func missing(from, to int64) string {
	if from == to {
		return fmt.Sprintf("line %d is missing before it", from)
	}
	return fmt.Sprintf("lines %d to %d are missing before it", from, to)
}

// follow says what the next line should follow.
func (c *checker) follow(number int64, chains ...string) {
	c.next, c.before, c.Head = number+1, chains, chains[len(chains)-1]
}

// understand reads what the line says, where the check needs it: the first and the last.
func (c *checker) understand(number int64) {
	opens := c.kindIs(kindHeader)
	switch {
	case number == 1 != opens:
		c.find("the header is not where it belongs, at the beginning")
	case opens:
		if err := json.Unmarshal(c.start, &c.Header); err != nil {
			c.find("the header can not be read")
		}
	case c.kindIs(kindEnd):
		c.ended = true
		if err := json.Unmarshal(c.start, &c.End); err != nil || c.End.Lines != number {
			c.find(fmt.Sprintf("the closing line counts %d lines and is line %d", c.End.Lines, number))
		}
	}
}

// kindIs tells whether the line says right behind its number that it is of a kind.
func (c *checker) kindIs(kind string) bool {
	_, rest, _ := bytes.Cut(c.start, []byte{','})
	return bytes.HasPrefix(rest, []byte(`"kind":"`+kind+`"`))
}

// parse reads the line's number and chain; not ok when it has none.
func (c *checker) parse() (number int64, chain string, ok bool) {
	rest, begins := bytes.CutPrefix(c.start, []byte(lineStart))
	digits, _, comma := bytes.Cut(rest[:min(len(rest), 20)], []byte{','})
	number, err := strconv.ParseInt(string(digits), 10, 64)
	canonical := err == nil && strconv.FormatInt(number, 10) == string(digits) && number > 0
	rest, chained := bytes.CutPrefix(c.tail, []byte(chainStart))
	hexes, ends := bytes.CutSuffix(rest, []byte(chainEnd))
	if !begins || !comma || !canonical || !chained || !ends || c.length < int64(chainTail)+int64(len(lineStart)) {
		return 0, "", false
	}
	for _, char := range hexes {
		if (char < '0' || char > '9') && (char < 'a' || char > 'f') {
			return 0, "", false
		}
	}
	return number, string(hexes), true
}

// CheckFile checks a sealed file, and the files that were sealed beside it as far as they are there.
func CheckFile(path string) (Checked, error) {
	file, err := os.Open(path)
	if err != nil {
		return Checked{}, err
	}
	defer func() { _ = file.Close() }()
	found, err := Check(file)
	if err != nil || len(found.Findings) > 0 {
		return found, err
	}
	for _, name := range slices.Sorted(maps.Keys(found.End.Beside)) {
		if name != filepath.Base(name) {
			continue // it names a file elsewhere, which we never wrote
		}
		sum, err := sumOf(filepath.Join(filepath.Dir(path), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return found, err
		}
		if sum != found.End.Beside[name] {
			found.Findings = append(found.Findings, Finding{found.Lines, name + ", which lies beside it, is not as it was sealed"})
		}
	}
	return found, nil
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), err
}
