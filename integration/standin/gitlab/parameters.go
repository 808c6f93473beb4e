package gitlab

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The parameters of requests that change something, in a JSON object or a form, and how Grape refuses them: GitLab's
// lib/api/api.rb, lib/api/validations.

// parameters hold JSON's types; what came in a form is text.
type parameters map[string]any

// maxParameters is far above what any of these requests sends.
const maxParameters = 1 << 20

// parameters reads the body; false when it has answered.
func (e *exchange) parameters() (parameters, bool) {
	p := parameters{}
	if strings.HasPrefix(e.r.Header.Get("Content-Type"), "application/json") {
		err := json.NewDecoder(io.LimitReader(e.r.Body, maxParameters)).Decode(&p)
		if err != nil && !errors.Is(err, io.EOF) || p == nil {
			e.invalid("Problem while parsing your request")
			return nil, false
		}
		return p, true
	}
	e.r.Body = http.MaxBytesReader(e.w, e.r.Body, maxParameters)
	if err := e.r.ParseMultipartForm(maxParameters); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		e.invalid("Problem while parsing your request")
		return nil, false
	}
	for name, values := range e.r.Form {
		if list, ok := strings.CutSuffix(name, "[]"); ok {
			p[list] = values
			continue
		}
		inner, name := innermost(p, name)
		inner[name] = values[0]
	}
	return p, true
}

// innermost follows a form's name like outer[inner] to the object that holds inner.
func innermost(p parameters, name string) (parameters, string) {
	outer, rest, nested := strings.Cut(name, "[")
	if !nested {
		return p, name
	}
	inner, ok := p[outer].(map[string]any)
	if !ok {
		inner = map[string]any{}
		p[outer] = inner
	}
	return inner, strings.TrimSuffix(rest, "]")
}

// text is a parameter as text; "" when it is absent or null.
func (p parameters) text(name string) string {
	switch v := p[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// number is a parameter as a whole number; 0 when it is none.
func (p parameters) number(name string) int {
	n, _ := strconv.Atoi(p.text(name))
	return n
}

// object is a parameter that has parameters of its own.
func (p parameters) object(name string) parameters {
	inner, _ := p[name].(map[string]any)
	return inner
}

// list is a list of texts, which may come as one text with commas.
func (p parameters) list(name string) []string {
	var all []string
	switch v := p[name].(type) {
	case []string:
		return v
	case []any:
		for _, one := range v {
			text, _ := one.(string)
			all = append(all, text)
		}
	case string:
		all = strings.Split(v, ",")
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// required refuses a request without these parameters; false when it has answered.
func (p parameters) required(e *exchange, names ...string) bool {
	var missing []string
	for _, name := range names {
		if _, ok := p[name]; !ok {
			missing = append(missing, name+" is missing")
		}
	}
	if len(missing) > 0 {
		e.invalid(strings.Join(missing, ", "))
	}
	return len(missing) == 0
}

// valid refuses a value that is none of those allowed; absent and null are. False when it has answered.
func (p parameters) valid(e *exchange, name string, allowed ...string) bool {
	if p[name] == nil || slices.Contains(allowed, p.text(name)) {
		return true
	}
	e.invalid(name + " does not have a valid value")
	return false
}
