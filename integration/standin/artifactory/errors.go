package artifactory

// What Artifactory says when it refuses (org.artifactory.rest.common.RestResponseFilter): one JSON object for every status
// from 400 on; and what a load balancer before it says, and the store behind it.

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"pkgferry/integration/standin/registry"
)

// refuse answers with a status and a message; an empty message is the status' own words.
func refuse(w http.ResponseWriter, status int, message string) {
	if message == "" {
		message = http.StatusText(status)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(pretty(object{{"errors", list{object{{"status", status}, {"message", message}}}}}))
}

// proOnly is what editions without a licence say to what they do not have (MissingRestAddonException).
const proOnly = "This REST API is available only in Artifactory Pro (see: jfrog.com/artifactory/features). If you are already" +
	" running Artifactory Pro please make sure your server is activated with a valid license key.\n"

// fail is how a fault answers with a status.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int) {
	if r.Context().Value(atStore{}) != nil {
		refuseStore(w, status, "Request has expired")
		return
	}
	if strings.HasPrefix(r.URL.Path, s.context+"/api/") && strings.Contains(r.URL.Path, "/v2/") {
		registry.Refuse(w, r, status)
		return
	}
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		title := strconv.Itoa(status) + " " + http.StatusText(status)
		_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"+
			"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title, title)
	case http.StatusUnauthorized:
		challenge(w, revoked)
	case http.StatusNotFound:
		refuse(w, status, "Timed out when retrieving data for "+strings.TrimPrefix(r.URL.Path, s.context+"/"))
	case http.StatusTooManyRequests:
		s.tooMany(w)
	case http.StatusRequestTimeout:
		refuse(w, status, "AQL query has timed out")
	case http.StatusInternalServerError:
		refuse(w, status, "An unexpected error has occurred, please check Artifactory logs for further details.")
	default:
		refuse(w, status, "")
	}
}

// tooMany answers that there are too many requests, with or without a time to wait.
func (s *Server) tooMany(w http.ResponseWriter) {
	if wait := s.modes.retryAfter; wait != "none" {
		w.Header().Set("Retry-After", wait)
	}
	refuse(w, http.StatusTooManyRequests, "Too many concurrent AQL queries")
}
