package artifactory

// The switches of this stand-in. Help describes them; the ones about what nobody has seen of Artifactory 7 say so.

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"pkgferry/integration/standin"
)

// modes are the switches as they were read.
type modes struct {
	edition, version string
	major, minor     int
	context          string
	anonymous, hide  bool
	denied           []string
	badKey           int
	tokenExpires     int
	retryAfter       string

	limit           int64  // of rows; 0: none
	notify          string // when rows that were left out are told
	freeSort        bool   // editions without a licence sort
	parallel        int
	length          int
	shuffled        bool
	sizeText        bool
	depth           bool
	shift           string
	shifts          int
	listText        bool
	redirect        int64 // the size from which on; -1: never
	redirectHead    bool
	redirectSums    bool
	redirectDisable bool
	redirectExpiry  time.Duration
	zone            *time.Location
	wrongBase       bool
	casing          string
	noSHA256        string
	sha512          bool
	copyDates       bool
	storageInfo     string
	pypiHash        string
	helmURLs        string
	dockerPath      bool
	layers          string
}

// pro tells whether the server has a licence.
func (m modes) pro() bool { return m.edition == "pro" }

// since tells whether the version is at least major.minor.
func (m modes) since(major, minor int) bool {
	return m.major > major || m.major == major && m.minor >= minor
}

// reading collects the errors of modes.
type reading struct {
	standin.Options
	known []string
	errs  []error
}

func (r *reading) text(key, fallback string) string {
	r.known = append(r.known, key)
	return r.Mode(key, fallback)
}

// oneOf reads a mode with the values that there are; the first is the default.
func (r *reading) oneOf(key string, values ...string) string {
	value := r.text(key, values[0])
	if !slices.Contains(values, value) {
		r.errs = append(r.errs, fmt.Errorf("mode %s=%s: it is one of %s", key, value, strings.Join(values, ", ")))
	}
	return value
}

func (r *reading) flag(key string, fallback bool) bool {
	values := []string{"off", "on"}
	if fallback {
		slices.Reverse(values)
	}
	return r.oneOf(key, values...) == "on"
}

func (r *reading) number(key, fallback string) int64 {
	text := r.text(key, fallback)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		r.errs = append(r.errs, fmt.Errorf("mode %s=%s: it is a number", key, text))
	}
	return n
}

func (r *reading) duration(key, fallback string) time.Duration {
	text := r.text(key, fallback)
	d, err := time.ParseDuration(text)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("mode %s=%s: it is a duration such as %s", key, text, fallback))
	}
	return d
}

// readModes reads and checks the modes.
func readModes(o standin.Options) (modes, error) {
	r := &reading{Options: o}
	m := modes{
		edition: r.oneOf("edition", "pro", "oss", "jcr", "expired"), version: r.text("version", "7.98.10"),
		anonymous: r.flag("anonymous", false), hide: r.flag("hide-unauthorized", false),
		denied:       strings.FieldsFunc(r.text("reader.denied", readerDenied), func(c rune) bool { return c == ',' }),
		tokenExpires: int(r.number("token-expires", "0")), retryAfter: r.text("retry-after", "none"),
		badKey: http.StatusForbidden,

		limit: r.number("aql-limit", "0"), notify: r.oneOf("aql-notify", "trimmed", "reached", "never"), freeSort: r.oneOf("oss-sort", "refused", "accepted") == "accepted",
		parallel: int(r.number("aql-parallel", "0")), length: int(r.number("aql-length", "6000")),
		shuffled: r.oneOf("aql-unsorted", "shuffled", "id") == "shuffled",
		sizeText: r.oneOf("aql-size", "number", "text") == "text", depth: r.flag("aql-depth", false),
		listText: r.oneOf("list-size", "number", "text") == "text",

		redirectHead: r.flag("redirect-head", false), redirectSums: r.flag("redirect-sums", true),
		redirectDisable: r.flag("redirect-disable", true), redirectExpiry: r.duration("redirect-expiry", "30s"),
		wrongBase: r.oneOf("base", "right", "wrong") == "wrong",
		casing:    r.oneOf("casing", "mixed", "lower", "upper"), noSHA256: r.text("no-sha256", ""), sha512: r.flag("sha512", false),
		copyDates: r.oneOf("copy-dates", "kept", "new") == "kept", storageInfo: r.oneOf("storageinfo", "fresh", "cached", "wrong", "off"),
		pypiHash: r.oneOf("pypi-hash", "sha256", "md5"), helmURLs: r.oneOf("helm-urls", "local", "absolute", "relative"),
		dockerPath: r.flag("docker-path", true), layers: r.oneOf("layers", "stored", "shared"),
	}
	if r.oneOf("bad-key", "403", "401") == "401" {
		m.badKey = http.StatusUnauthorized
	}
	r.others(&m)
	return m, errors.Join(append(r.errs, o.CheckModes(r.known...))...)
}

// readerDenied are the paths that the reader may not read, unless the mode reader.denied says others.
const readerDenied = "secret-local,secret-local/**,*/**/secret/**,*/**/area01/**,*/**/*7.bin"

// others reads the modes that have a form of their own.
func (r *reading) others(m *modes) {
	if _, err := fmt.Sscanf(m.version+".", "%d.%d.", &m.major, &m.minor); err != nil {
		r.errs = append(r.errs, fmt.Errorf("mode version=%s: it looks like 7.98.10", m.version))
	}
	if context := strings.Trim(r.text("context", "/artifactory"), "/"); context != "" && context != "none" {
		m.context = "/" + context
	}
	m.redirect = -1
	if r.Mode("redirect", "off") != "off" {
		m.redirect = r.number("redirect", "off")
	}
	r.known = append(r.known, "redirect")
	shift, times, _ := strings.Cut(r.text("shift", "off"), ":")
	m.shift, m.shifts = shift, 1
	if n, err := strconv.Atoi(times); err == nil {
		m.shifts = n
	} else if times != "" || !slices.Contains([]string{"off", "delete", "insert"}, shift) {
		r.errs = append(r.errs, fmt.Errorf("mode shift=%s: it is off, delete or insert, and how often: delete:3", r.Mode("shift", "off")))
	}
	zone := r.text("zone", "Z")
	at, err := time.Parse("2006-01-02T15:04:05Z07:00", "2024-01-01T00:00:00"+zone)
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("mode zone=%s: it looks like Z or +02:00", zone))
	}
	m.zone = at.Location()
	if zone == "Z" {
		m.zone = time.UTC
	}
}
