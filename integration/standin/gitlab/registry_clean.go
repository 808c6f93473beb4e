package gitlab

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What GitLab deletes of images when it is asked: lib/api/project_container_repositories.rb and
// app/services/projects/container_repository/cleanup_tags_base_service.rb. The registry's garbage collector does the rest.

// deleteImages deletes a repository with its tags, in the background in GitLab and at once here.
func (s *Server) deleteImages(e *exchange) {
	s.onImages(e, adminImages, func(p *project, who *token, r *imageRow) {
		if p.protectsPath(r.path(), "delete", who) {
			e.fail(http.StatusForbidden, "403 Forbidden - Deleting protected container repository forbidden.")
			return
		}
		if one := s.images.find(r.path()); one != nil {
			for _, t := range one.sorted() {
				one.untag(t.name, s.clock.now())
			}
		}
		p.images.rows = slices.DeleteFunc(p.images.rows, func(o *imageRow) bool { return o == r })
		e.json(http.StatusAccepted, http.StatusAccepted)
	})
}

// protectsTag tells whether a rule keeps who from deleting a tag.
func (p *project) protectsTag(name string, who *token) bool {
	return slices.ContainsFunc(p.images.tagRules, func(r *tagRule) bool {
		return anyMatches([]string{r.pattern}, name) && (r.fixed() || who.roleIn(p) < roles[r.destroy])
	})
}

func (s *Server) deleteTag(e *exchange) {
	s.onImages(e, createImages, func(p *project, who *token, r *imageRow) {
		name, _ := url.PathUnescape(e.rest)
		one := s.images.find(r.path())
		if one == nil || one.tags[name] == nil || p.protectsTag(name, who) {
			e.fail(http.StatusForbidden, "403 Forbidden") // nobody may delete what is not there
			return
		}
		one.untag(name, s.clock.now())
		e.json(http.StatusOK, http.StatusOK)
	})
}

// deleteTags deletes many, at most once an hour.
func (s *Server) deleteTags(e *exchange) {
	p, who, ok := s.enterImages(e, adminImages)
	if !ok {
		return
	}
	query := e.r.URL.Query()
	if !query.Has("name_regex") && !query.Has("name_regex_delete") {
		e.invalid("name_regex, name_regex_delete are missing, at least one parameter must be provided")
		return
	}
	c := cleaning{who: who, now: s.clock.now()}
	if !c.read(e, query) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := p.imageRow(e)
	if r == nil {
		return
	}
	if c.now.Sub(r.cleaned) < time.Hour {
		e.fail(http.StatusBadRequest, "This request has already been made. You can run this at most once an hour for a given container repository")
		return
	}
	r.cleaned = c.now
	if one := s.images.find(r.path()); one != nil {
		for _, t := range c.chosen(p, one.sorted()) {
			one.untag(t.name, c.now)
		}
	}
	e.json(http.StatusAccepted, http.StatusAccepted)
}

// cleaning says which tags go.
type cleaning struct {
	who          *token
	now          time.Time
	remove, keep *regexp.Regexp
	newest       int           // so many stay
	older        time.Duration // only what is older goes
}

// read takes the parameters; false when it has answered.
func (c *cleaning) read(e *exchange, query url.Values) bool {
	remove := query.Get("name_regex_delete")
	if remove == "" {
		remove = query.Get("name_regex")
	}
	for _, one := range []struct {
		name, text string
		into       **regexp.Regexp
	}{{"name_regex_delete", remove, &c.remove}, {"name_regex_keep", query.Get("name_regex_keep"), &c.keep}} {
		re, err := regexp.Compile(`\A(?:` + one.text + `)\z`)
		if err != nil {
			e.invalid(one.name + " is an invalid regexp")
			return false
		}
		*one.into = re
	}
	ok := true
	if query.Get("keep_n") != "" {
		c.newest, ok = e.positive(query, "keep_n", 0)
	}
	c.older = age(query.Get("older_than"))
	return ok
}

// age reads 1h, 7d or 1month; 0 for anything else.
func age(text string) time.Duration {
	for unit, length := range map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "month": 30 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			if n, err := strconv.Atoi(number); err == nil {
				return time.Duration(n) * length
			}
		}
	}
	return 0
}

// chosen are the tags that go: never latest, and none that is protected.
func (c *cleaning) chosen(p *project, tags []*imageTag) []*imageTag {
	tags = slices.DeleteFunc(tags, func(t *imageTag) bool {
		return t.name == "latest" || !c.remove.MatchString(t.name) || c.keep.MatchString(t.name) || p.protectsTag(t.name, c.who)
	})
	slices.SortStableFunc(tags, func(a, b *imageTag) int { return b.created.Compare(a.created) })
	tags = tags[min(c.newest, len(tags)):]
	return slices.DeleteFunc(tags, func(t *imageTag) bool { return c.now.Sub(t.created) < c.older })
}
