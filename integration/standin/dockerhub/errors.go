package dockerhub

import (
	"encoding/json"
	"net/http"
	"strconv"

	"pkgferry/integration/standin/registry"
)

// object is a JSON object whose keys are in an order that does not matter.
type object = map[string]any

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body)
}

// failure is an error of the API.
type failure struct {
	Message string `json:"message"`
	Info    object `json:"errinfo"`
}

func fail(w http.ResponseWriter, status int, message string, info object) {
	if info == nil {
		info = object{}
	}
	send(w, status, failure{message, info})
}

// detail is an error of those parts of the API that are older.
func detail(w http.ResponseWriter, status int, text string) {
	send(w, status, object{"detail": text})
}

// tooMany is the answer of the limit against abuse, which is none of the other two: text, without a hint.
func tooMany(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte("Too Many Requests"))
}

// refuse words a status fault as the role does that it strikes.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int) {
	switch role := roleOf(r); {
	case role == hubRole && status == http.StatusTooManyRequests:
		s.overLimit(w)
	case role == hubRole && status == http.StatusUnauthorized:
		unauthorized(w)
	case role == hubRole:
		fail(w, status, http.StatusText(status), nil)
	case role == registryRole && status == http.StatusTooManyRequests && isManifest(r):
		s.overQuota(w, "")
	case status == http.StatusTooManyRequests:
		tooMany(w)
	case role == authRole && status == http.StatusUnauthorized:
		badCredentials(w)
	case role == authRole:
		send(w, status, object{"details": http.StatusText(status)})
	case role == cdnRole:
		http.Error(w, "error code: "+strconv.Itoa(status), status)
	case status == http.StatusUnauthorized:
		s.challenge(w, registry.Call{}, "invalid_token")
	default:
		registry.Refuse(w, r, status)
	}
}
