// The answer to a query in AQL: {"results":[…],"range":{…}} (org.artifactory.aql.result.AqlRestResult of Artifactory 6.20).
// Status 200 is sent before the first row, so a server that fails inside leaves a document that breaks off; and a limit of the
// server's own trims the rows, which only a notification in the range says. So rows are facts as they come, and the answer is
// whole only when the document is closed, has its range, and the range notifies of nothing.

package artifactory

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

const (
	maxRow  = 8 << 20 // bytes of one row, with all of its properties
	maxPath = 4096    // bytes; Artifactory stores 1,024 characters
)

// item is a file or a folder of a repository.
type item struct {
	// Folder is the path of the folder that it lies in, "" for the root; Name its own.
	Folder, Name string
	IsFolder     bool
	Size         int64 // -1 unknown
	Modified     time.Time
	Digests      artifact.Digests
	// Properties are those that were asked for, with all their values; nil when it has none of them.
	Properties map[string][]string
}

// property is the first value of a property; "" when there is none.
func (i item) property(key string) string {
	if values := i.Properties[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// at is the item's path in its repository.
func (i item) at() string { return join(i.Folder, i.Name) }

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// trimmed tells that the server left rows out of an answer.
type trimmed struct{ why string }

func (t *trimmed) Error() string { return "the server trims the answer: " + t.why }

// row is one item as AQL writes it. Fields without a value are absent.
type row struct {
	Repo       string `json:"repo"`
	Path       string `json:"path"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Size       loose  `json:"size"`
	Modified   string `json:"modified"`
	SHA256     string `json:"sha256"`
	SHA1       string `json:"actual_sha1"`
	MD5        string `json:"actual_md5"`
	Properties []struct {
		Key   string `json:"key"`
		Value loose  `json:"value"`
	} `json:"properties"`
}

// loose is a text that some releases write as a number.
type loose string

// UnmarshalJSON takes a string or what else stands there.
func (l *loose) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(l))
	}
	if *l = loose(raw); *l == "null" {
		*l = ""
	}
	return nil
}

// span is the range of an answer. Its counts are those of this answer alone.
type span struct {
	Limit        *int64  `json:"limit"`
	Notification *string `json:"notification"`
}

// readAnswer calls keep for every row of an answer, in order, and returns nil only for a whole answer. Limit is the one that the
// query had, 0 for none.
func readAnswer(body io.Reader, limit int, keep func(row) error) error {
	meter := &meter{from: body, left: maxRow}
	decoder := json.NewDecoder(meter)
	if err := opens(decoder, '{'); err != nil {
		return err
	}
	rows := 0
	var end *span
	for decoder.More() {
		key, err := decoder.Token()
		if err == nil {
			meter.left = maxRow
			switch key {
			case "results":
				rows, err = readRows(decoder, meter, keep)
			case "range":
				err = decoder.Decode(&end)
			default:
				var other json.RawMessage
				err = decoder.Decode(&other)
			}
		}
		if err != nil {
			return broken(err)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return broken(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("something follows the answer"), err)
	}
	return end.whole(rows, limit)
}

func readRows(decoder *json.Decoder, meter *meter, keep func(row) error) (rows int, err error) {
	if err := opens(decoder, '['); err != nil {
		return 0, err
	}
	for ; decoder.More(); rows++ {
		meter.left = maxRow
		var one row
		if err := decoder.Decode(&one); err != nil {
			return rows, err
		}
		if err := keep(one); err != nil {
			return rows, err
		}
	}
	_, err = decoder.Token()
	return rows, err
}

func opens(decoder *json.Decoder, with json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return broken(err)
	}
	if token != with {
		return fmt.Errorf("the answer has %v where %v is expected", token, with)
	}
	return nil
}

// broken is err, where the end of the input is one before its time.
func broken(err error) error {
	if err == io.EOF { //nolint:errorlint // json.Decoder: the end of its input is io.EOF itself
		return io.ErrUnexpectedEOF
	}
	return err
}

// whole tells whether an answer with this range has all the rows that were asked for.
func (s *span) whole(rows, limit int) error {
	switch {
	case s == nil:
		return errors.New("the answer has no range: it is none to a query")
	case s.Notification != nil:
		return &trimmed{fmt.Sprintf("%.200q", *s.Notification)}
	case s.Limit == nil || *s.Limit <= 0:
		return nil
	case limit > 0 && *s.Limit < int64(limit), limit == 0 && int64(rows) >= *s.Limit:
		return &trimmed{fmt.Sprintf("it allows %d rows", *s.Limit)}
	}
	return nil
}

// item reads a row; false for the root folder. What no Artifactory stores is an error.
func (r row) item(properties []string) (item, bool, error) {
	folder := r.Path
	if folder == "." {
		folder = ""
	}
	if folder == "" && r.Name == "." {
		return item{}, false, nil
	}
	if r.Repo == "" || r.Name == "" || strings.Contains(r.Name, "/") || r.Name == "." || r.Name == ".." || len(folder)+len(r.Name) > maxPath ||
		folder != "" && path.Clean("/"+folder) != "/"+folder {
		return item{}, false, fmt.Errorf("the server lists %.200q in %.200q, which can be no file's place", r.Name, r.Path)
	}
	if r.Type != "file" && r.Type != "folder" && r.Type != "" {
		return item{}, false, fmt.Errorf("%.200q is of the type %.40q", r.Name, r.Type)
	}
	i := item{Folder: folder, Name: r.Name, IsFolder: r.Type == "folder", Size: -1, Modified: date(r.Modified)}
	if n, err := strconv.ParseInt(string(r.Size), 10, 64); err == nil && n >= 0 && !i.IsFolder {
		i.Size = n
	}
	i.Digests = artifact.Digests{MD5: digest(r.MD5, 16), SHA1: digest(r.SHA1, 20), SHA256: digest(r.SHA256, 32)}
	for _, one := range r.Properties {
		i.set(properties, one.Key, string(one.Value))
	}
	return i, true, nil
}

// set notes a property when it is one of those that are wanted.
func (i *item) set(wanted []string, key, value string) {
	if value == "" || !slices.Contains(wanted, key) {
		return
	}
	if i.Properties == nil {
		i.Properties = make(map[string][]string, len(wanted))
	}
	i.Properties[key] = append(i.Properties[key], value)
}

// meter fails when one value has more bytes than are left for it.
type meter struct {
	from io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, fmt.Errorf("one value of the answer has more than %d MiB", maxRow>>20)
	}
	n, err := m.from.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// digest is text in lower case when it is the hex form of so many bytes, else empty: unknown.
func digest(text string, size int) string {
	text = strings.ToLower(text)
	if b, err := hex.DecodeString(text); err != nil || len(b) != size {
		return ""
	}
	return text
}

// date reads a date in the server's zone; zero when it is none.
func date(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
