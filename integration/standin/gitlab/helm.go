package gitlab

import (
	"net/http"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

// Helm, publishing: POST of a form with the part "chart", as ChartMuseum takes it and GitLab too: doc/api/packages/helm.md,
// lib/api/helm_packages.rb. It answers 201 to anything; what the chart is, the background finds out.

var helmChannel = regexp.MustCompile(`\A([a-zA-Z0-9][.\-_]?){1,255}\z`)

// helmNameOK checks a channel, and a chart's name: the rule is the same.
func helmNameOK(name string) bool {
	return helmChannel.MatchString(name) && !strings.ContainsAny(name[len(name)-1:], ".-_")
}

// The placeholder (app/models/packages/helm.rb), and the name of its file.
const (
	helmPlaceholder = "Helm.Temporary.Package"
	helmFile        = "package.tgz"
)

func (s *Server) helmRoutes() []route {
	return []route{
		{"POST", inProject + "/helm/api/:item/charts", "helm", s.upload(s.helmPost)},
		{"POST", inProject + "/helm/api/:item/charts/", "helm", s.helmUnread},
		{"GET", inProject + "/helm/:item/index.yaml", "helm index", s.listing(s.helmIndex)},
		{"GET", inProject + "/helm/:item/charts/*", "helm chart", s.storable(s.helmChart)},
	}
}

// helmEnter finds the channel and the project of a request and checks what its sender may do; false when it has answered.
func (s *Server) helmEnter(e *exchange, a ability) (channel string, p *project, who *token, ok bool) {
	channel = unescaped(e.item)
	if !helmNameOK(channel) {
		e.invalid("channel is invalid")
		return channel, nil, nil, false
	}
	p, who, ok = s.enter(e, acceptHelm, a, "404 Not Found")
	return channel, p, who, ok
}

// helmUnread is the address with a slash behind it, which Workhorse does not know: what it has not read is no file.
func (s *Server) helmUnread(e *exchange) {
	if strings.HasPrefix(e.r.Header.Get("Content-Type"), "multipart/") {
		e.invalid("chart is invalid")
		return
	}
	e.invalid("chart is missing")
}

func (s *Server) helmPost(e *exchange) {
	channel, p, who, ok := s.helmEnter(e, create)
	if !ok {
		return
	}
	limit := s.modes.number("limit.helm")
	f, ok := s.receiveForm(e, limit)
	if !ok {
		return
	}
	defer f.remove()
	wrong := f.wrongFile("chart")
	switch {
	case wrong != "":
		e.invalid(wrong)
		return
	case limit > 0 && f.files["chart"].body.size >= limit:
		e.bad("File is too large")
		return
	case s.storeFails(e, true):
		return
	}
	s.mu.Lock()
	one := &pkg{
		project: p, format: artifact.Helm, name: helmPlaceholder, version: "0.0.0-" + uuid(), status: statusProcessing, created: s.clock.now(),
	}
	s.add(one)
	sent := &file{name: helmFile, body: f.take("chart").body, created: one.created}
	s.addFile(one, sent)
	s.mu.Unlock()
	s.later(one, func() error { return s.helmProcess(one, sent, channel, who) })
	e.fail(http.StatusCreated, "201 Created")
}
