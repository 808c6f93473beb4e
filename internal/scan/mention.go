package scan

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// none is the scheme of a mention that has none, and no "//" either.
const none = "-"

// mention is a host in a text, with the rest of the address around it.
type mention struct {
	start, host, end int    // where scheme, host and what follows the path begin
	scheme           string // "https:"; "" behind "//" alone; none
	user             string
	label            string // a word and a dot before the host
	port             string
	path             string // begins with a slash, or is empty; decoded where the whole address is encoded
	encoded          bool
	tag, digest      string // behind a path that ends like an image's
}

// bare tells that nothing but the host begins the address.
func (m mention) bare() bool { return m.scheme == none && m.user == "" }

// isImage tells that it may be the name of an image.
func (m mention) isImage() bool {
	return (m.scheme == none || m.scheme == "docker:" || m.scheme == "oci:") && m.user == "" && !m.encoded
}

// mentions are the offsets at which a host is spelled, in any case.
func (d *document) mentions(name string) []int {
	var all []int
	for from := 0; ; {
		n := bytes.Index(d.lower[from:], []byte(name))
		if n < 0 {
			return all
		}
		all, from = append(all, from+n), from+n+len(name)
	}
}

var (
	schemeBefore  = regexp.MustCompile(`(?:(https?|oci|docker)(\\?:))?//(?:([^\s"'<>/@]{1,512})@)?$`)
	encodedBefore = regexp.MustCompile(`https?%3a%2f%2f$`)
	labelBefore   = regexp.MustCompile(`([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\.$`)
	portAfter     = regexp.MustCompile(`^\\?:([0-9]{1,5})(?:[^0-9A-Za-z._-]|$|\.(?:$|\s))`)
	encodedPort   = regexp.MustCompile(`^%3a([0-9]{1,5})`)
	encodedPath   = regexp.MustCompile(`^(?:%2f[0-9A-Za-z._~%+-]*)?`)
	tagAfter      = regexp.MustCompile(`^:([0-9A-Za-z_][0-9A-Za-z_.-]{0,127}|\$\{[^}\s]*\}|\$[A-Za-z_][A-Za-z0-9_]*|\{\{[^\n]{0,200}?\}\}|<[^>\s]+>)`)
	digestAfter   = regexp.MustCompile(`^@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})`)
)

// before is how much of a text in front of a host is looked at.
const before = 640

// mention reads the address around the host at offset at; false when the host is a part of another word.
func (d *document) mention(at int, name string) (mention, bool) {
	m := mention{host: at, end: at + len(name), scheme: none}
	front := d.lower[max(at-before, 0):at]
	if found := encodedBefore.Find(front); found != nil {
		return d.encodedMention(m, len(found))
	}
	if found := labelBefore.FindSubmatch(front); found != nil {
		m.label, m.host = string(found[1]), at-len(found[0])
		front = front[:len(front)-len(found[0])]
	}
	m.start = m.host
	if found := schemeBefore.FindSubmatchIndex(front); found != nil {
		m.scheme, m.start = "", m.host-(len(front)-found[0])
		if found[2] >= 0 {
			m.scheme = string(front[found[2]:found[3]]) + ":"
		}
		if found[6] >= 0 {
			offset := m.host - len(front)
			m.user = string(d.text[offset+found[6] : offset+found[7]])
		}
	} else if n := len(front); n > 0 && partOfName(front[n-1]) {
		return m, false
	}
	after := d.text[m.end:]
	if found := portAfter.FindSubmatchIndex(after); found != nil {
		m.port = string(after[found[2]:found[3]])
		m.end += found[3]
		after = after[found[3]:]
	}
	if goesOn(after) {
		return m, false
	}
	n := pathEnd(after)
	m.path = string(after[:n])
	m.end += n
	m.readTag(after[n:])
	return m, true
}

// encodedMention reads an address that is percent-encoded as a whole, as Yarn's lock file has it.
func (d *document) encodedMention(m mention, scheme int) (mention, bool) {
	m.encoded, m.start, m.scheme = true, m.host-scheme, "https:"
	after := d.lower[m.end:]
	if found := encodedPort.FindSubmatch(after); found != nil {
		m.port = string(found[1])
		m.end += len(found[0])
	}
	raw := encodedPath.Find(d.text[m.end:])
	if len(raw) == 0 { // %2F in upper case
		raw = encodedPathUpper.Find(d.text[m.end:])
	}
	path, err := url.PathUnescape(string(raw))
	m.path, m.end = path, m.end+len(raw)
	return m, err == nil
}

var encodedPathUpper = regexp.MustCompile(`^(?:%2F[0-9A-Za-z._~%+-]*)?`)

// partOfName tells a byte that would make a host the part of a longer name, or of an e-mail address.
func partOfName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == '@' || c >= 0x80
}

// goesOn tells that a name does not end where text begins. A dot with nothing behind it ends a sentence.
func goesOn(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("."))
	return len(text) > 0 && partOfName(text[0])
}

// readTag reads the tag and the digest of an image behind its path.
func (m *mention) readTag(after []byte) {
	if found := tagAfter.FindSubmatch(after); found != nil {
		m.tag, after = string(found[1]), after[len(found[0]):]
	}
	if found := digestAfter.FindSubmatch(after); found != nil {
		m.digest = string(found[1])
	}
}

// pathEnd is the length of the path that text begins with: up to a byte that ends addresses in all the languages that they stand
// in. Variables belong to it: ${NAME}, $(NAME), {{ name }}.
func pathEnd(text []byte) int {
	if len(text) == 0 || text[0] != '/' {
		return 0
	}
	i := 0
	for i < len(text) {
		c := text[i]
		if n := variable(text[i:]); n > 0 {
			i += n
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text[i:])
			if !unicode.IsLetter(r) || r == utf8.RuneError {
				break
			}
			i += n
			continue
		}
		if c <= ' ' || c == 0x7f || strings.IndexByte("\"'`<>|;,^\\()[]{}:?#", c) >= 0 || c == '@' && text[i-1] != '/' || c == '=' {
			break
		}
		i++
	}
	for i > 1 && strings.IndexByte(".!*", text[i-1]) >= 0 { // the end of a sentence
		i--
	}
	return i
}

// variable is the length of a reference to a variable that text begins with; 0 when it does not.
func variable(text []byte) int {
	for _, pair := range [][2]string{{"${{", "}}"}, {"{{", "}}"}, {"${", "}"}, {"$(", ")"}} {
		if !bytes.HasPrefix(text, []byte(pair[0])) {
			continue
		}
		text = text[:min(len(text), 256)]
		if line := bytes.IndexByte(text, '\n'); line >= 0 {
			text = text[:line]
		}
		if n := bytes.Index(text, []byte(pair[1])); n > 0 {
			return n + len(pair[1])
		}
	}
	return 0
}

// hasVariable tells that a path is not known before something is put into it.
func hasVariable(path string) bool {
	return strings.ContainsAny(path, "${}<>*") || windowsVariable.MatchString(path)
}

// windowsVariable is %NAME%, and not what is escaped in an address.
var windowsVariable = regexp.MustCompile(`%[A-Za-z_]\w{2,}%`)
