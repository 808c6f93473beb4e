// Package standin holds what the stand-in servers share: their options, the faults they inject, the statistics and the
// dump under /_standin/, and the line they print when they are ready. A stand-in speaks a registry's own protocol as far
// as pkgferry and that registry's clients use it; which protocol, and where it is described, stands in its own package.
//
// Under /_standin/ every stand-in answers GET stats (Stats), GET dump (DumpLine, one JSON object per line), POST mutate
// and POST clock; what those two accept is described by each stand-in.
package standin

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Options are what every stand-in understands.
type Options struct {
	// Seed says what the server holds at the start: "" or "small" for a few packages of each format, or a number.
	Seed string
	// Data is the directory that receives bodies; "" is a temporary one that Close removes.
	Data string
	// Modes are the switches of one stand-in, described in its package.
	Modes map[string]string
	// Faults are what goes wrong, and how often.
	Faults []Fault
	// Random makes faults by rate repeatable.
	Random int64
}

// Ready is the line that tells how to reach a stand-in.
type Ready struct {
	Kind     string `json:"kind"`
	URL      string `json:"url"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"`
	Group    string `json:"group,omitempty"`
	// Registry, Auth and CDN are the other addresses of Docker Hub.
	Registry string `json:"registry,omitempty"`
	Auth     string `json:"auth,omitempty"`
	CDN      string `json:"cdn,omitempty"`
	// Changes is the host that tells what changed in npm's public registry.
	Changes string `json:"changes,omitempty"`
}

// Server is a stand-in. Close ends its background work and removes its temporary files.
type Server interface {
	http.Handler
	Ready(url string) Ready
	Close() error
}

// Mode returns a mode's value, or fallback when it is not set.
func (o Options) Mode(key, fallback string) string {
	if v, ok := o.Modes[key]; ok {
		return v
	}
	return fallback
}

// CheckModes refuses a mode that is not among known.
func (o Options) CheckModes(known ...string) error {
	for _, key := range slices.Sorted(maps.Keys(o.Modes)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("unknown mode %q: this stand-in has %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

// ParseModes reads KEY=VALUE words.
func ParseModes(words []string) (map[string]string, error) {
	modes := make(map[string]string, len(words))
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("mode %q is not KEY=VALUE", word)
		}
		modes[key] = value
	}
	return modes, nil
}

// SeedCount is the number of packages to make: small for "" and "small", else the number in Seed.
func (o Options) SeedCount(small int) (int, error) {
	if o.Seed == "" || o.Seed == "small" {
		return small, nil
	}
	n, err := strconv.Atoi(o.Seed)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("seed %q is neither small nor a number of packages", o.Seed)
	}
	return n, nil
}

// DataDir makes the directory for bodies. remove deletes it when it is a temporary one.
func (o Options) DataDir() (dir string, remove func() error, err error) {
	if o.Data != "" {
		return o.Data, func() error { return nil }, os.MkdirAll(o.Data, 0o750)
	}
	dir, err = os.MkdirTemp("", "standin-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}
