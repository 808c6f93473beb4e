package scan

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// secrets are the places in a line where credentials stand; the groups around what is kept.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(//)[^/\s"'<>]+(@)`),
	regexp.MustCompile(`(?i)([\w.-]*(?:token|passw(?:or)?d|passwd|_auth|secret|api[_-]?key|private[_-]?key)[\w.-]*["']?(?:\s+value)?\s*[:=>]\s*["']?)[^\s"'<{\[][^\s"'<]*()`),
	regexp.MustCompile(`(?i)(--?(?:password|token|api-?key)[= ]+["']?)[^\s"']+()`),
	regexp.MustCompile(`(?i)(\b(?:curl|wget|login)\b.*?\s(?:-u|--user)[= ]*["']?)[^\s"']+()`),
	regexp.MustCompile(`(?i)(\blogin\b.*?\s-p[= ]*["']?)[^\s"']+()`),
	regexp.MustCompile(`(?i)((?:authorization|x-jfrog-art-api|private-token|x-nuget-apikey)\s*:\s*(?:basic|bearer)?\s*)[^\s"']+()`),
}

const masked = "***"

// mask takes credentials out of a line, and what would steer the terminal.
func mask(line string) string {
	for _, pattern := range secrets {
		line = pattern.ReplaceAllString(line, "${1}"+masked+"${2}")
	}
	return Printable(line)
}

// hasSecret tells that a credential stands in a text as it is, and not by the name of a variable.
func hasSecret(text []byte) bool {
	for _, pattern := range secrets[1:] {
		for _, m := range pattern.FindAllSubmatchIndex(text, -1) {
			value := text[m[3]:m[4]] // of NAME:PASSWORD the latter
			if !isVariable(value[bytes.LastIndexByte(value, ':')+1:]) && !isVariable(value) {
				return true
			}
		}
	}
	return false
}

// Printable makes text of foreign files and names of files harmless: nothing that it says steers a terminal or breaks a line.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, text)
}
