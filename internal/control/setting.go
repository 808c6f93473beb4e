package control

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Target is the name that settings and statuses have for the server that packages go to.
const Target = "target"

// Setting is one thing to change: workers=32, rate=1200/min, or hub.bandwidth=off.
type Setting struct {
	Server  string  // Target, or a source's name; "" with Workers
	Kind    Kind    //
	Workers int     // with Workers
	Value   float64 // with Rate, requests per second; with Bandwidth, bytes per second; 0: no limit
}

// Kind is what a setting changes.
type Kind string

// The kinds of settings.
const (
	KindWorkers   Kind = "workers"
	KindRate      Kind = "rate"
	KindBandwidth Kind = "bandwidth"
)

const maxWorkers = 1000

// Key is a setting's name: workers, target.rate, hub.bandwidth.
func (s Setting) Key() string {
	if s.Kind == KindWorkers {
		return string(s.Kind)
	}
	return s.Server + "." + string(s.Kind)
}

// ParseSettings reads settings as people type them: [SERVER.]KEY=VALUE, where a missing server is the target. It fails when one
// makes no sense, or two are the same.
func ParseSettings(texts []string) ([]Setting, error) {
	if len(texts) == 0 {
		return nil, errors.New("nothing to set: workers=N, rate=1200/min and bandwidth=50MiB are what there is")
	}
	var all []Setting
	seen := map[string]bool{}
	for _, text := range texts {
		s, err := parseSetting(text)
		if err != nil {
			return nil, err
		}
		if seen[s.Key()] {
			return nil, fmt.Errorf("%s is set twice", s.Key())
		}
		seen[s.Key()] = true
		all = append(all, s)
	}
	return all, nil
}

func parseSetting(text string) (Setting, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return Setting{}, fmt.Errorf("%q is no setting: one looks like workers=32, rate=1200/min or bandwidth=off", text)
	}
	server, kind := "", key
	if at := strings.LastIndexByte(key, '.'); at >= 0 {
		server, kind = key[:at], key[at+1:]
	}
	s := Setting{Server: server, Kind: Kind(kind)}
	var err error
	switch {
	case strings.Contains(key, ".") && server == "":
		return s, fmt.Errorf("%q names no server before the dot", text)
	case s.Kind == KindWorkers && server != "":
		return s, fmt.Errorf("%q: workers belong to the run and to no server: workers=N", text)
	case s.Kind == KindWorkers:
		if s.Workers, err = strconv.Atoi(value); err != nil || s.Workers < 1 || s.Workers > maxWorkers {
			return s, fmt.Errorf("%q: workers is a number from 1 to %d", text, maxWorkers)
		}
		return s, nil
	case s.Kind == KindRate:
		s.Value, err = parseRate(value)
	case s.Kind == KindBandwidth:
		s.Value, err = parseBandwidth(value)
	default:
		return s, fmt.Errorf("%q: there is no %q to set: workers, rate and bandwidth are what there is", text, kind)
	}
	if err != nil {
		return s, fmt.Errorf("%q: %w", text, err)
	}
	if server == "" {
		s.Server = Target
	}
	return s, nil
}

// off is the value for no limit.
const off = "off"

// units are the times of rates, in seconds.
var units = map[string]float64{"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600}

func parseRate(text string) (float64, error) {
	if text == off {
		return 0, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	seconds := units[unit]
	if err != nil || seconds == 0 || !(n > 0) || math.IsInf(n, 0) {
		return 0, errors.New("a rate is a number of requests in a time, 20/s or 1200/min, or off")
	}
	perSecond := n / seconds
	if perSecond < 1.0/3600 || perSecond > 1e6 {
		return 0, errors.New("a rate is at least 1/h and at most 1000000/s")
	}
	return perSecond, nil
}

func parseBandwidth(text string) (float64, error) {
	if text == off {
		return 0, nil
	}
	n, err := humanize.ParseBytes(strings.TrimSuffix(text, "/s"))
	if err != nil || n == 0 || n > 1<<50 || strings.HasPrefix(text, "-") {
		return 0, errors.New("a bandwidth is a number of bytes in a second, 50MiB or 50MiB/s, or off")
	}
	return float64(n), nil
}

// RateText writes requests per second as people set them; 0 is off.
func RateText(perSecond float64) string {
	if perSecond == 0 {
		return off
	}
	return strconv.FormatFloat(math.Round(perSecond*60*100)/100, 'f', -1, 64) + "/min"
}

// BandwidthText writes bytes per second; 0 is off.
func BandwidthText(bytes float64) string {
	if bytes == 0 {
		return off
	}
	return strings.ReplaceAll(humanize.IBytes(uint64(bytes)), " ", "") + "/s"
}
