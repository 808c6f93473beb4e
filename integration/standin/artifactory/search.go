package artifactory

// POST /api/search/aql (org.artifactory.rest.resource.aql.AqlResource): what is refused, in which order, and the pages.

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/aql"
)

// maxBody bounds what is read of a query, whatever its length may be.
const maxBody = 1 << 20

func (s *Server) aql(w http.ResponseWriter, r *http.Request) {
	kind := "aql"
	defer func() { s.stats.Request(r.Method, kind) }()
	who := accountOf(r)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	text := string(body)
	if strings.TrimSpace(text) == "" {
		text = r.URL.Query().Get("query")
	}
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "")
	case r.Method != http.MethodPost:
		refuse(w, http.StatusMethodNotAllowed, "")
	case who.anonymous() && !s.modes.anonymous:
		challenge(w, unauthorized)
	case r.Header.Get("Content-Type") != "" && mediaType != "text/plain":
		refuse(w, http.StatusUnsupportedMediaType, "")
	case who.anonymous():
		refuse(w, http.StatusForbidden, "Only non-anonymous users are allowed to access AQL queries\n")
	case strings.TrimSpace(text) == "":
		refuse(w, http.StatusBadRequest, "")
	case s.modes.length > 0 && len([]rune(text)) > s.modes.length:
		refuse(w, http.StatusBadRequest, "AQL query exceeds the maximum allowed length\n")
	default:
		var q *aql.Query
		if q, err = s.understood(text, who); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		kind = kindOf(q)
		s.inTurn(w, r, func(w http.ResponseWriter, r *http.Request) { s.page(w, who, q) })
	}
}

// inTurn runs a query unless as many run as may at once; then faults may strike it.
func (s *Server) inTurn(w http.ResponseWriter, r *http.Request, query http.HandlerFunc) {
	if s.slots != nil {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			s.tooMany(w)
			return
		}
	}
	s.Faults.Wrap(standin.List, query).ServeHTTP(w, r)
}

// understood parses a query and refuses what this edition and this account may not ask.
func (s *Server) understood(text string, who account) (*aql.Query, error) {
	q, err := aql.Parse(text, aql.Dialect{Now: s.clock.now(), Seven: s.modes.major >= 7, Distinct: s.modes.since(7, 37)})
	if err != nil {
		return nil, err
	}
	has := func(fields ...aql.Field) bool {
		return !slices.ContainsFunc(fields, func(f aql.Field) bool { return !q.Has(f) })
	}
	sorted := slices.Sorted(slices.Values(q.Sort))
	switch {
	case !who.admin && !has(aql.Repo, aql.Path, aql.Name):
		return nil, refusal("For permissions reasons AQL demands the following fields: repo, path and name.")
	case q.Has(aql.VirtualRepos) && !has(aql.Repo, aql.Path, aql.Name):
		return nil, refusal("When including virtual_repos field, the following fields are also required: repo, path and name.")
	case len(slices.Compact(sorted)) < len(q.Sort):
		return nil, refusal("Duplicate fields, all the fields in the sort section should be unique.")
	case !has(q.Sort...):
		return nil, refusal("Only the result fields are allowed to use in the sort section.")
	case !s.modes.pro() && len(q.Keys) > 0:
		return nil, refusal("Filtering properties result is not supported by AQL in the open source version\n")
	case !s.modes.pro() && !s.modes.freeSort && len(q.Sort) > 0:
		return nil, refusal("Sorting is not supported by AQL in the open source version\n")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q.Where = aql.Expand(q.Where, aql.Repo, s.expandKey)
	return q, nil
}

// refusal is why a query is refused, in Artifactory's words.
type refusal string

func (r refusal) Error() string { return string(r) }

// kindOf names a query in the statistics: by what it is about.
func kindOf(q *aql.Query) string {
	if slices.ContainsFunc([]aql.Field{aql.Created, aql.Modified, aql.Updated, aql.PropsModified}, func(f aql.Field) bool { return aql.Mentions(q.Where, f) }) {
		return "aql window"
	}
	paths, few := aql.Among(q.Where, aql.Path)
	switch {
	case few && len(paths) == 1 && q.Joined():
		return "aql folder properties"
	case few && len(paths) == 1:
		return "aql folder"
	case few:
		return "aql folders"
	}
	return "aql repository"
}

// page writes the answer to a query. Permissions are applied after the limit: what the account may not read takes a place
// in the page and is not in it.
func (s *Server) page(w http.ResponseWriter, who account, q *aql.Query) {
	w.Header().Set("Content-Type", "application/json")
	trimmed := s.Faults.Hit(standin.Trim, standin.List)
	out := newStream(w)
	p := pager{server: s, query: q, out: out, limit: q.Limit, end: q.Limit}
	if hard := s.modes.limit; hard > 0 && (p.end < 0 || p.end > hard) {
		p.end, p.hard = hard, true
		if s.modes.notify != "never" {
			p.limit = hard
		}
	}
	if trimmed {
		p.end, p.hard = 1, true
	}
	out.text("\n{\n\"results\" : [ ")
	s.mu.RLock()
	p.run(who)
	s.mu.RUnlock()
	out.text(" ],\n\"range\" : " + string(pretty(p.span())) + "\n}\n")
	out.end()
	if q.Limit > 0 && p.taken == q.Limit && p.first != nil {
		s.shift(*p.first)
	}
}

// pager takes rows until a page is full.
type pager struct {
	server *Server
	query  *aql.Query
	out    stream
	limit  int64 // as the answer tells it; -1: none
	end    int64 // after how many rows it ends; -1: never
	hard   bool  // it ends because the server wants it to

	taken, written int64
	more           bool // rows were left
	first          *row
}

func (p *pager) run(who account) {
	skip := p.query.Offset
	for one := range p.server.ordered(p.query) {
		readable := p.server.reads(who, one.Repo, one.At())
		lines := p.server.joined(p.query, one)
		from := min(skip, int64(len(lines)))
		skip -= from
		lines = lines[from:]
		if len(lines) == 0 {
			continue
		}
		if p.end >= 0 && p.taken+int64(len(lines)) > p.end {
			lines, p.more = lines[:p.end-p.taken], true
		}
		p.taken += int64(len(lines))
		if readable && len(lines) > 0 {
			p.write(one, lines)
		}
		if p.more {
			return
		}
	}
}

func (p *pager) write(one row, lines []joinedLine) {
	if p.first == nil {
		p.first = &one
	}
	if p.written > 0 {
		p.out.text(",")
	}
	p.written++
	p.server.writeRow(p.out, p.query, one, lines)
}

// span is the range object: its total counts the rows of this answer and no others.
func (p *pager) span() object {
	all := object{{"start_pos", p.query.Offset}, {"end_pos", p.written}, {"total", p.written}}
	if p.limit >= 0 {
		all = append(all, field{"limit", p.limit})
	}
	full := p.end >= 0 && p.taken == p.end
	if p.hard && p.server.modes.notify != "never" && (p.more || full && p.server.modes.notify == "reached") {
		all = append(all, field{"notification", p.server.notification()})
	}
	return all
}

// notification says that rows were left out.
func (s *Server) notification() string {
	const text = "AQL query reached the search hard limit, results are trimmed."
	if s.modes.since(7, 90) {
		return text + " Please address configurable limit."
	}
	return text
}
