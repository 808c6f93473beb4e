package clients

// How foreign texts stand in the files, each as the language's own grammar wants it.

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"text/template"
)

var escapes = template.FuncMap{"xml": xmlText, "sh": shell, "groovy": groovy, "json": jsonText}

// xmlText is text for an element or attribute (https://www.w3.org/TR/xml/).
func xmlText(s string) (string, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

// shell is one word of POSIX's shell, whatever it holds but NUL.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// groovy is a string without interpolation.
func groovy(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// jsonText is a JSON string, which YAML and TOML read as their own basic string.
func jsonText(s string) (string, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	err := out.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}
