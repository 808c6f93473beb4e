package registry

// The errors of a registry: registry/api/v2/errors.go and registry/api/errcode of the distribution project.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const jsonType = "application/json; charset=utf-8"

var messages = map[string]string{
	"UNKNOWN":                   "unknown error",
	"UNSUPPORTED":               "The operation is unsupported.",
	"UNAUTHORIZED":              "authentication required",
	"DENIED":                    "requested access to the resource is denied",
	"UNAVAILABLE":               "service unavailable",
	"TOOMANYREQUESTS":           "too many requests",
	"DIGEST_INVALID":            "provided digest did not match uploaded content",
	"NAME_INVALID":              "invalid repository name",
	"NAME_UNKNOWN":              "repository name not known to registry",
	"MANIFEST_UNKNOWN":          "manifest unknown",
	"BLOB_UNKNOWN":              "blob unknown to registry",
	"PAGINATION_NUMBER_INVALID": "invalid number of results requested",
}

// Problem is one error of an answer. A Detail that is nil is left out.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  any    `json:"detail,omitempty"`
}

// Fail answers with one error in the message that distribution has for its code.
func Fail(w http.ResponseWriter, status int, code string, detail any) {
	FailAs(w, status, Problem{code, messages[code], detail})
}

// FailAs answers with one error.
func FailAs(w http.ResponseWriter, status int, p Problem) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []Problem{p}})
}

// Refuse words a status fault as a registry does, or as the proxy before it. It fits standin.Faults.
func Refuse(w http.ResponseWriter, r *http.Request, status int) {
	code := ""
	switch status {
	case http.StatusUnauthorized:
		code = "UNAUTHORIZED"
	case http.StatusForbidden:
		code = "DENIED"
	case http.StatusNotFound:
		code = "NAME_UNKNOWN"
		if strings.Contains(r.URL.Path, "/manifests/") {
			code = "MANIFEST_UNKNOWN"
		} else if strings.Contains(r.URL.Path, "/blobs/") {
			code = "BLOB_UNKNOWN"
		}
	case http.StatusTooManyRequests:
		code = "TOOMANYREQUESTS"
		w.Header().Set("Retry-After", "1")
	case http.StatusInternalServerError:
		code = "UNKNOWN"
	case http.StatusServiceUnavailable:
		code = "UNAVAILABLE"
	default:
		http.Error(w, fmt.Sprintf("%d %s", status, http.StatusText(status)), status)
		return
	}
	Fail(w, status, code, nil)
}
