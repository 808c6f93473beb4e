package nexus

// What Nexus says when it refuses: the REST API an empty body with a fault id
// (org.sonatype.nexus.siesta.internal.WebappExceptionMapper), content an HTML page.

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

const faultID = "6b1c1f0e-5f0c-4b52-9a59-0a6c1d0f8a11"

// refuse answers with a status in the words of the API that was asked.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int) {
	if !strings.HasPrefix(r.URL.Path, s.context+"/service/rest/") {
		page(w, r, status, http.StatusText(status))
		return
	}
	w.Header().Set("X-Siesta-FaultId", faultID)
	if s.release.minor >= 96 {
		name := strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"status-code":%d,"siesta-faultid":%q,"status-message":%q}`, status, faultID, name)
		return
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// forbid answers a REST request of somebody without the privilege: 403, since 3.96 nobody in particular is asked who they are.
func (s *Server) forbid(w http.ResponseWriter, r *http.Request) {
	if s.release.minor >= 96 && subjectOf(r) == nobody {
		w.Header().Set("WWW-Authenticate", `BASIC realm="Sonatype Nexus Repository Manager"`)
		s.refuse(w, r, http.StatusUnauthorized)
		return
	}
	s.refuse(w, r, http.StatusForbidden)
}

// unexpected answers as the REST API does after an exception.
func unexpected(w http.ResponseWriter, status int, err error) {
	w.Header().Set("X-Siesta-FaultId", faultID)
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "ERROR: (ID %s) %v", faultID, err)
}

// page answers with an HTML error page.
func page(w http.ResponseWriter, r *http.Request, status int, message string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html>
<html lang="en">
<head><title>%d - Nexus Repository Manager</title></head>
<body><h1>Error %d</h1><p>%s</p><p>%s</p></body>
</html>
`, status, status, html.EscapeString(http.StatusText(status)), html.EscapeString(message))
}
