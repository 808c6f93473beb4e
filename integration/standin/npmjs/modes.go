package npmjs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pkgferry/integration/standin"
)

// modeTable has the switches that the package's description tells: the words that each may be, the default first; or a
// number, which starts with its default.
var modeTable = map[string][]string{
	"flavour":        {"npmjs", "verdaccio"},
	"token":          {"ok", "ip", "otp", "onetime"},
	"expires":        {"0", number},
	"whoami":         {"ok", "empty", "missing", "page", "401"},
	"org":            {"ok", "401", "403", "404", "otp", "page"},
	"teams":          {"", "ok", "401", "403", "404", "page"},
	"role":           {"owner", "admin", "developer"},
	"permissions":    {"read-write", "write", "mixed"},
	"visibility":     {"map", "flag"},
	"private":        {"no", words},
	"tombstone":      {"document", "404"},
	"web":            {"hidden", "ok", "off"},
	"all":            {"ok", "off"},
	"search":         {"ok", "limited"},
	"etag":           {"strong", "weak", "none"},
	"stale":          {"0", number},
	"gzip":           {"whole", "truncated"},
	"tarball":        {"here", "redirect"},
	"host":           {"here", "old"},
	"packument":      {"0", number},
	"size":           {"0", number},
	"quirks":         {"no", "yes"},
	"changes":        {"on", "off"},
	"changes.page":   {"10000", number},
	"changes.endkey": {"kept", "ignored"},
	"changes.order":  {"kept", "late"},
}

// What stands in modeTable for any number, and for any words.
const (
	number = "N"
	words  = "NAME"
)

// modes are the switches of one stand-in.
type modes map[string]string

func newModes(o standin.Options) (modes, error) {
	set := modes{}
	keys := make([]string, 0, len(modeTable))
	for key, may := range modeTable {
		set[key] = may[0]
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if err := o.CheckModes(keys...); err != nil {
		return nil, err
	}
	for key, value := range o.Modes {
		may := modeTable[key]
		text := strings.TrimSuffix(value, "MB")
		_, err := strconv.ParseUint(text, 10, 31)
		switch {
		case slices.Contains(may, number) && err == nil:
			value = text
		case slices.Contains(may, words) && value != "":
		case !slices.Contains(may, value) || value == number:
			return nil, fmt.Errorf("mode %s=%s: it may be %s", key, value, strings.Join(may, ", "))
		}
		set[key] = value
	}
	if set["teams"] == "" {
		set["teams"] = set["org"]
	}
	return set, nil
}

func (m modes) get(key string) string     { return m[key] }
func (m modes) is(key, value string) bool { return m[key] == value }
func (m modes) number(key string) (n int) { n, _ = strconv.Atoi(m[key]); return n }
