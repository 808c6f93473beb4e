package dockerhub

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin"
)

// The switches that the package's description tells, with their defaults and what they may be.
var modeTable = map[string]struct {
	fallback string
	check    func(string) error
}{
	"odd":              {"false", one("true", "false")},
	"localhost":        {"false", one("true", "false")},
	"registry.listen":  {"", address},
	"auth.listen":      {"", address},
	"cdn.listen":       {"", address},
	"cdn":              {"on", one("on", "off")},
	"cdn.lifetime":     {"20m", duration},
	"cdn.ranges":       {"true", one("true", "false")},
	"jwt":              {"10m", duration},
	"2fa":              {"false", one("true", "false")},
	"sso":              {"false", one("true", "false")},
	"page_size":        {"0", number},
	"anonymous.offset": {"1000", number},
	"signedin.offset":  {"0", number},
	"next":             {"here", one("here", "elsewhere")},
	"digests":          {"some", one("some", "none")},
	"attestations":     {"omitted", one("omitted", "listed")},
	"artifacts":        {"none", one("none", "one")},
	"api.limit":        {"180", number},
	"api.retry":        {"Retry-After", one("Retry-After", "X-Retry-After", "none")},
	"softblock":        {"false", one("true", "false")},
	"abuse":            {"0", number},
	"token":            {"5m", duration},
	"token.fields":     {"both", one("both", "token", "access_token")},
	"token.expires":    {"true", one("true", "false")},
	"v2":               {"200", one("200", "401")},
	"quota":            {"0", number},
	"quota.anonymous":  {"100", number},
	"quota.window":     {"6h", duration},
	"quota.count":      {"each", one("each", "images", "platforms")},
	"quota.source":     {"id", one("id", "ip", "none")},
	"quota.retry":      {"false", one("true", "false")},
	"tags":             {"all", one("all", "link", "absolute", "none")},
	"tags.page":        {"1000", number},
	"referrers":        {"on", one("on", "off")},
	"empty":            {"unknown", one("unknown", "list")},
}

func one(allowed ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

func number(value string) error {
	_, err := strconv.ParseUint(value, 10, 31)
	return err
}

func duration(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < time.Second {
		return fmt.Errorf("%q is not a duration from 1s on, such as 5m", value)
	}
	return nil
}

func address(value string) error {
	if value == "" {
		return nil
	}
	_, _, err := net.SplitHostPort(value)
	return err
}

// modes holds the switches; it is safe for concurrent use.
type modes struct {
	mu     sync.RWMutex
	values map[string]string
}

func newModes(o standin.Options) (*modes, error) {
	m := &modes{values: map[string]string{}}
	known := make([]string, 0, len(modeTable))
	for key, row := range modeTable {
		known = append(known, key)
		if err := m.set(key, o.Mode(key, row.fallback)); err != nil {
			return nil, err
		}
	}
	slices.Sort(known)
	return m, o.CheckModes(known...)
}

// set changes a switch after checking its value.
func (m *modes) set(key, value string) error {
	row, known := modeTable[key]
	err := errors.New("unknown")
	if known {
		err = row.check(value)
	}
	if err != nil {
		return fmt.Errorf("mode %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func (m *modes) get(key string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.values[key]
}

func (m *modes) on(key string) bool { return m.get(key) == "true" }

func (m *modes) number(key string) int64 {
	n, _ := strconv.ParseInt(m.get(key), 10, 64) // checked by set
	return n
}

func (m *modes) duration(key string) time.Duration {
	d, _ := time.ParseDuration(m.get(key)) // checked by set
	return d
}
