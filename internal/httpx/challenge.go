// What a server asks for when it answers 401: RFC 9110, section 11.6.1; for bearer tokens RFC 6750, section 3.

package httpx

import (
	"net/http"
	"strings"
)

// BearerChallenge finds the Bearer challenge of an answer: its parameters by their names in lower case, such as realm,
// service, scope and error. False when there is none.
func BearerChallenge(header http.Header) (parameters map[string]string, ok bool) {
	for _, line := range header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		parameters = map[string]string{}
		for rest != "" {
			var name, value string
			name, value, rest = readParameter(rest)
			parameters[strings.ToLower(name)] = value
		}
		return parameters, true
	}
	return nil, false
}

// readParameter takes the first name=value off a list with commas; the value may be quoted.
func readParameter(list string) (name, value, rest string) {
	list = strings.TrimLeft(list, " \t,")
	end := strings.IndexAny(list, "=,")
	if end < 0 {
		return strings.TrimSpace(list), "", ""
	}
	name, rest = strings.TrimSpace(list[:end]), list[end+1:]
	if list[end] == ',' {
		return name, "", rest
	}
	quoted, isQuoted := strings.CutPrefix(strings.TrimLeft(rest, " \t"), `"`)
	if !isQuoted {
		value, rest, _ = strings.Cut(rest, ",")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch quoted[i] {
		case '"':
			return name, b.String(), quoted[i+1:]
		case '\\':
			i++
			if i == len(quoted) {
				return name, b.String(), ""
			}
		}
		b.WriteByte(quoted[i])
	}
	return name, b.String(), ""
}
