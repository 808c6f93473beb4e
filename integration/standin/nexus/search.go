package nexus

// Searching (org.sonatype.nexus.repository.rest.internal.resources.SearchResource): fifty components a page, by offset. On
// Elasticsearch what lies behind the ten thousandth is not there, without a word; SQL has no such end.

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

const (
	searchPage  = 50
	searchDepth = 10_000 // of Elasticsearch (ElasticSearchQueryServiceImpl.MAX_ELASTIC_RESPONSE_SIZE)
)

func (s *Server) search(w http.ResponseWriter, r *http.Request, assets bool) {
	if s.release.minor >= 96 && subjectOf(r) == nobody {
		s.forbid(w, r)
		return
	}
	query := r.URL.Query()
	text := query.Get("continuationToken")
	query.Del("continuationToken")
	offset, status := s.offset(text, query)
	if status != 0 {
		s.refuse(w, r, status)
		return
	}
	items, token := list{}, any(nil)
	if s.release.era == sqlB || offset+searchPage <= searchDepth {
		hits, more := s.hits(r, query, offset)
		for _, hit := range hits {
			if !assets {
				items = append(items, s.describeComponent(r, hit.in, hit))
				continue
			}
			for _, a := range hit.assets {
				items = append(items, s.render(r, hit.in, a))
			}
		}
		if more {
			token = s.searchToken(offset+searchPage, query)
		}
	}
	answer(w, object{{"items", items}, {"continuationToken", token}})
}

func (s *Server) searchToken(offset int, query url.Values) string {
	if s.release.era == sqlB {
		return strconv.Itoa(offset)
	}
	return hex.EncodeToString(fmt.Appendf(nil, "%d:%x", offset, md5.Sum([]byte(query.Encode()))))
}

// offset reads a token; the status is that of a refusal.
func (s *Server) offset(token string, query url.Values) (offset, status int) {
	if token == "" {
		return 0, 0
	}
	if s.release.era == sqlB {
		n, err := strconv.Atoi(token)
		if err != nil {
			return 0, http.StatusBadRequest
		}
		return n, 0
	}
	plain, err := hex.DecodeString(token)
	number, _, _ := strings.Cut(string(plain), ":")
	n, bad := strconv.Atoi(number)
	if err != nil || bad != nil || s.searchToken(n, query) != token {
		return 0, http.StatusNotAcceptable
	}
	return n, 0
}

// hits are a page of what a query finds, and whether there is more. An unknown repository has nothing; one that is offline
// is left out.
func (s *Server) hits(r *http.Request, query url.Values, offset int) (page []found, more bool) {
	at := 0
	for _, one := range s.browsable(r) {
		if one.kind == group || one.offline || !matches(query.Get("repository"), one.name) || !matches(query.Get("format"), one.format) {
			continue
		}
		s.store.components(one, 0, func(c found) bool {
			if !matches(query.Get("group"), c.what.group) || !matches(query.Get("name"), c.what.name) || !matches(query.Get("version"), c.what.version) {
				return true
			}
			if at++; at <= offset {
				return true
			}
			more = len(page) == searchPage
			if !more {
				page = append(page, c)
			}
			return !more
		})
		if more {
			break
		}
	}
	return page, more
}

// matches compares a word of a query, which may have wildcards; "" matches anything.
func matches(word, text string) bool {
	if word == "" {
		return true
	}
	ok, err := path.Match(word, text)
	return err == nil && ok
}

// searchDownload leads to the one asset that a search finds.
func (s *Server) searchDownload(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	hits, _ := s.hits(r, query, 0)
	var all []object
	for _, hit := range hits {
		for _, a := range hit.assets {
			all = append(all, s.render(r, hit.in, a))
		}
	}
	switch {
	case len(all) == 0:
		s.refuse(w, r, http.StatusNotFound)
	case len(all) > 1 && query.Get("sort") == "":
		http.Error(w, "Search returned multiple assets, please refine search criteria to find a single asset or use the sort query parameter to retrieve the first result.", http.StatusBadRequest)
	default:
		address, _ := all[0][0].value.(string) // downloadUrl comes first
		http.Redirect(w, r, address, http.StatusFound)
	}
}
