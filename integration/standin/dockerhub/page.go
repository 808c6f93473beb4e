package dockerhub

import (
	"net/http"
	"net/url"
	"strconv"
)

// The pages of the API's lists.

// page is which part of a list a request asks for.
type page struct {
	number, size int
	query        url.Values
}

const (
	defaultPage = 10
	maxPage     = 100
)

func (p page) offset() int { return (p.number - 1) * p.size }

// page reads the parameters of a list; false when it has answered.
func (s *Server) page(c *call) (page, bool) {
	p := page{1, defaultPage, c.r.URL.Query()}
	for key, into := range map[string]*int{"page": &p.number, "page_size": &p.size} {
		if text := p.query.Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1<<30 {
				fail(c.w, http.StatusBadRequest, "invalid "+key, nil)
				return p, false
			}
			*into = n
		}
	}
	p.size = min(p.size, maxPage)
	if fixed := s.modes.number("page_size"); fixed > 0 {
		p.size = int(fixed)
	}
	limit, message := s.modes.number("signedin.offset"), "pagination offset too large"
	if c.who.Name == "" {
		limit, message = s.modes.number("anonymous.offset"), "pagination offset too large for anonymous requests; sign in to page further"
	}
	if limit > 0 && int64(p.offset()) >= limit {
		fail(c.w, http.StatusForbidden, message, nil)
		return p, false
	}
	return p, true
}

// listing is a page as it is answered.
type listing struct {
	Count    int     `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  any     `json:"results"`
}

// pageExists tells whether a list of count entries has a page; false when it has answered that it has not.
func (s *Server) pageExists(c *call, p page, count int) bool {
	if p.number > 1 && p.offset() >= count {
		notFound(c.w, nil)
		return false
	}
	return true
}

func (s *Server) sendPage(c *call, p page, count int, results any) {
	answer := listing{Count: count, Results: results}
	if p.offset()+p.size < count {
		answer.Next = s.pageAddress(c, p, p.number+1)
	}
	if p.number > 1 {
		answer.Previous = s.pageAddress(c, p, p.number-1)
	}
	send(c.w, http.StatusOK, answer)
}

// pageAddress is the address of another page of the same query.
func (s *Server) pageAddress(c *call, p page, number int) *string {
	query := url.Values{}
	for key, values := range p.query {
		query[key] = values
	}
	query.Set("page", strconv.Itoa(number))
	base := "http://" + c.r.Host
	if s.modes.get("next") == "elsewhere" {
		base = s.base(cdnRole)
	}
	address := base + c.r.URL.Path + "?" + query.Encode()
	return &address
}
