package gitlab

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin"
)

// The switches that doc.go describes, with their defaults: GitLab's db/structure.sql (plan_limits, namespace_package_settings).
var modeDefaults = map[string]string{
	"npm":                         "async",
	"settle":                      "20ms",
	"forward":                     "off",
	"maven.duplicates":            "true",
	"maven.duplicates.except":     "",
	"generic.duplicates":          "true",
	"generic.duplicates.except":   "",
	"pypi.race":                   "off",
	"nuget":                       "sync",
	"nuget.duplicates":            "true",
	"nuget.duplicates.except":     "",
	"limit.maven":                 "3221225472",
	"limit.npm":                   "524288000",
	"limit.generic":               "5368709120",
	"limit.pypi":                  "3221225472",
	"limit.nuget":                 "524288000",
	"limit.helm":                  "5242880",
	"limit.terraform":             "1073741824",
	"helm.index":                  "direct",
	"helm.max":                    "1000",
	"terraform.duplicates":        "false",
	"terraform.duplicates.except": "",
	"store":                       "off",
	"quota":                       "0",
	"ratelimit":                   "",
	"toplevel":                    "true",
	"visibility":                  "private",
	"version":                     "18.9.0-ee",
	"external_url":                "",
	"storage":                     "ok",
	"registry":                    "true",
	"registry.host":               "",
	"registry.database":           "on",
	"registry.readonly":           "false",
	"registry.token":              "5m",
	"registry.token.json":         "gitlab",
	"registry.leeway":             "60s",
	"registry.store":              "",
	"registry.upload.host":        "",
}

// modes holds the switches; it is safe for concurrent use.
type modes struct {
	mu     sync.RWMutex
	values map[string]string
}

func newModes(o standin.Options) (*modes, error) {
	m := &modes{values: map[string]string{}}
	known := make([]string, 0, len(modeDefaults))
	for key, value := range modeDefaults {
		known = append(known, key)
		if err := m.set(key, o.Mode(key, value)); err != nil {
			return nil, err
		}
	}
	slices.Sort(known)
	return m, o.CheckModes(known...)
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

// set changes a switch after checking its value.
func (m *modes) set(key, value string) error {
	if err := checkMode(key, value); err != nil {
		return fmt.Errorf("mode %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func checkMode(key, value string) (err error) {
	_, known := modeDefaults[key]
	switch last := key[strings.LastIndexByte(key, '.')+1:]; {
	case !known:
		err = errors.New("unknown")
	case last == "duplicates", key == "toplevel":
		err = among(value, "true", "false")
	case last == "except":
		_, err = regexp.Compile(value)
	case strings.HasPrefix(key, "limit."), key == "helm.max", key == "quota":
		_, err = strconv.ParseUint(value, 10, 62)
	case key == "npm", key == "nuget":
		err = among(value, "async", "sync")
	case key == "helm.index":
		err = among(value, "direct", "delayed")
	case key == "pypi.race":
		err = among(value, "on", "off")
	case key == "visibility":
		err = among(value, "private", "public")
	case key == "settle":
		_, _, err = parseSettle(value)
	case key == "ratelimit":
		_, err = parseRates(value)
	case key == "forward", key == "store":
		if u, bad := url.Parse(value); value != "off" && (bad != nil || u.Host == "") {
			err = fmt.Errorf("%q is neither off nor a URL", value)
		}
	case key == "version":
	default:
		err = checkRegistryMode(key, value)
	}
	return err
}

func among(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
}

// settle is how long each background stage takes; manual means until POST clock.
func (m *modes) settle() (delay time.Duration, manual bool) {
	delay, manual, _ = parseSettle(m.get("settle")) // checked by set
	return delay, manual
}

func parseSettle(value string) (delay time.Duration, manual bool, err error) {
	switch value {
	case "immediate":
		return 0, false, nil
	case "manual":
		return 0, true, nil
	}
	if n, err := strconv.Atoi(value); err == nil {
		return time.Duration(n) * time.Millisecond, false, nil
	}
	delay, err = time.ParseDuration(value)
	return delay, false, err
}
