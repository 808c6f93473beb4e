package npmjs

// npm's settings: .npmrc as npm Docs "npmrc" describes it and npm's parser (github.com/npm/ini) reads it, with
// ${VARIABLE} replaced as by npm/cli workspaces/config, and environment variables npm_config_… before the file.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxNpmrc is far more than anybody's settings.
const maxNpmrc = 1 << 20

// npmrc are settings by key, as npm resolves them: "registry", "@acme:registry", "//host/path/:_authToken".
type npmrc map[string]string

// loadNpmrc reads the user's file and lays the environment over it. No file is an empty file.
func loadNpmrc(home string, environ []string) (npmrc, error) {
	overlay := npmrc{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		const prefix = "npm_config_"
		if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) || value == "" {
			continue
		}
		key := name[len(prefix):]
		if !strings.HasPrefix(key, "//") {
			key = strings.ReplaceAll(strings.ToLower(key), "_", "-")
		}
		overlay[key] = value
	}
	path := overlay["userconfig"]
	if path == "" {
		path = filepath.Join(home, ".npmrc")
	}
	settings := npmrc{}
	file, err := os.Open(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("npm's settings: %w", err)
	}
	if err == nil {
		defer func() { _ = file.Close() }()
		if settings, err = parseNpmrc(file, environ); err != nil {
			return nil, fmt.Errorf("npm's settings %s: %w", path, err)
		}
	}
	for key, value := range overlay {
		settings[key] = value
	}
	return settings, nil
}

// parseNpmrc reads key = value lines. Sections, lists and keys without value mean nothing to npm's client and are
// passed over; of a repeated key the last counts.
func parseNpmrc(r io.Reader, environ []string) (npmrc, error) {
	settings := npmrc{}
	lines := bufio.NewScanner(io.LimitReader(r, maxNpmrc))
	lines.Buffer(nil, maxNpmrc)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		key, value, ok := strings.Cut(line, "=")
		if strings.HasPrefix(line, "[") {
			break // what follows belongs to a section
		}
		if !ok || line[0] == ';' || line[0] == '#' {
			continue
		}
		key = expand(unquote(key), environ)
		if key != "" && !strings.HasSuffix(key, "[]") {
			settings[key] = expand(unquote(value), environ)
		}
	}
	return settings, lines.Err()
}

// unquote takes quotes off a value, and a comment off one without quotes.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == s[len(s)-1] && (s[0] == '"' || s[0] == '\'') {
		inner := s[1 : len(s)-1]
		if s[0] == '\'' {
			s = `"` + inner + `"`
		}
		var text string
		if json.Unmarshal([]byte(s), &text) == nil {
			return text
		}
		return inner
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\;#`, s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case c == ';' || c == '#':
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String())
}

var variable = regexp.MustCompile(`\\?\$\{([^${}?]+)(\?)?\}`)

// expand replaces ${NAME}. A name that is not set stays as it is, or becomes nothing when written ${NAME?}.
func expand(s string, environ []string) string {
	return variable.ReplaceAllStringFunc(s, func(match string) string {
		if match[0] == '\\' {
			return match[1:]
		}
		parts := variable.FindStringSubmatch(match)
		value, found := "", false
		for _, entry := range environ {
			if name, text, _ := strings.Cut(entry, "="); name == parts[1] {
				value, found = text, true
			}
		}
		if !found && parts[2] == "" {
			return match
		}
		return value
	})
}
