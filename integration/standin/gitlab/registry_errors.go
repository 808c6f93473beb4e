package gitlab

import (
	"fmt"
	"net/http"
	"strings"
)

// The registry's errors: registry/api/v2/errors.go, registry/api/errcode/{errors,register}.go in
// gitlab-org/container-registry.

var registryCodes = map[string]struct {
	status  int
	message string
}{
	"UNKNOWN":                          {http.StatusInternalServerError, "unknown error"},
	"UNSUPPORTED":                      {http.StatusMethodNotAllowed, "The operation is unsupported."},
	"UNAUTHORIZED":                     {http.StatusUnauthorized, "authentication required"},
	"DENIED":                           {http.StatusForbidden, "requested access to the resource is denied"},
	"UNAVAILABLE":                      {http.StatusServiceUnavailable, "service unavailable"},
	"TOOMANYREQUESTS":                  {http.StatusTooManyRequests, "too many requests"},
	"DIGEST_INVALID":                   {http.StatusBadRequest, "provided digest did not match uploaded content"},
	"NAME_UNKNOWN":                     {http.StatusNotFound, "repository name not known to registry"},
	"MANIFEST_UNKNOWN":                 {http.StatusNotFound, "manifest unknown"},
	"MANIFEST_INVALID":                 {http.StatusBadRequest, "manifest invalid"},
	"MANIFEST_BLOB_UNKNOWN":            {http.StatusBadRequest, "blob unknown to registry"},
	"MANIFEST_REFERENCED":              {http.StatusConflict, "manifest referenced by a manifest list"},
	"BLOB_UNKNOWN":                     {http.StatusNotFound, "blob unknown to registry"},
	"BLOB_UPLOAD_UNKNOWN":              {http.StatusNotFound, "blob upload unknown to registry"},
	"BLOB_UPLOAD_INVALID":              {http.StatusNotFound, "blob upload invalid"},
	"RESUMABLE_BLOB_UPLOAD_INVALID":    {http.StatusRequestedRangeNotSatisfiable, "resumable blob upload invalid"},
	"CONTENT_RANGE_INVALID":            {http.StatusRequestedRangeNotSatisfiable, "invalid content range"},
	"RENAME_IN_PROGRESS":               {http.StatusConflict, "the base repository path is undergoing a rename"},
	"TAG_PATTERN_COUNT_LIMIT_EXCEEDED": {http.StatusBadRequest, "tag protection and immutability patterns count limit exceeded"},
	"PROTECTED_TAG":                    {http.StatusUnauthorized, "insufficient permissions to push or delete protected tag"},
	"IMMUTABLE_TAG":                    {http.StatusUnauthorized, "tag is immutable"},
	"PROTECTED_MANIFEST": {http.StatusUnauthorized,
		"insufficient permissions to delete manifest due to tag protection or immutability policies"},
	"INVALID_QUERY_PARAMETER_VALUE": {http.StatusBadRequest, "invalid query parameter value"},
	"INVALID_QUERY_PARAMETER_TYPE":  {http.StatusBadRequest, "invalid query parameter value type"},
}

// wrong is one error. A detail that is nil is left out.
type wrong struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  any    `json:"detail,omitempty"`
}

func newWrong(code string, detail any) wrong { return wrong{code, registryCodes[code].message, detail} }

// wrong answers with one error, wrongs with several and the status of the first.
func (e *exchange) wrong(code string, detail any) { e.wrongs([]wrong{newWrong(code, detail)}) }

func (e *exchange) wrongs(all []wrong) {
	e.json(registryCodes[all[0].Code].status, map[string]any{"errors": all})
}

// refuseRegistry words a status fault as the registry does, or as the proxy before it.
func (s *Server) refuseRegistry(e *exchange, status int) {
	switch status {
	case http.StatusUnauthorized:
		s.challenge(e, nil, "invalid_token")
		e.wrong("UNAUTHORIZED", nil)
	case http.StatusNotFound:
		code := "BLOB_UNKNOWN"
		if strings.Contains(e.r.URL.Path, "/manifests/") {
			code = "MANIFEST_UNKNOWN"
		} else if strings.Contains(e.r.URL.Path, "/blobs/uploads/") {
			code = "BLOB_UPLOAD_UNKNOWN"
		}
		e.wrong(code, nil)
	case http.StatusTooManyRequests:
		e.w.Header().Set("Retry-After", "1")
		e.wrong("TOOMANYREQUESTS", nil)
	default:
		for _, code := range []string{"UNKNOWN", "UNSUPPORTED", "DENIED", "UNAVAILABLE", "RENAME_IN_PROGRESS", "MANIFEST_INVALID"} {
			if registryCodes[code].status == status {
				e.wrong(code, nil)
				return
			}
		}
		e.text(status, fmt.Sprintf("%d %s\n", status, http.StatusText(status)))
	}
}
