package artifactory

// ?properties and ?stats of an item (JFrog: "Item Properties", "File Statistics").

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"pkgferry/integration/standin/artifactory/storage"
)

func (s *Server) itemProperties(w http.ResponseWriter, r *http.Request, key string, item *storage.Item) {
	if !acceptable(w, r, vendor+"ItemProperties+json") {
		return
	}
	wanted := strings.FieldsFunc(r.URL.Query().Get("properties"), func(c rune) bool { return c == ',' })
	var all object
	for _, one := range item.Properties {
		at := slices.IndexFunc(all, func(f field) bool { return f.key == one.Key })
		switch {
		case len(wanted) > 0 && !slices.Contains(wanted, one.Key):
		case at < 0:
			all = append(all, field{one.Key, list{one.Value}})
		default:
			all[at].value = append(all[at].value.(list), one.Value)
		}
	}
	if len(all) == 0 {
		refuse(w, http.StatusNotFound, "No properties could be found.")
		return
	}
	answer(w, vendor+"ItemProperties+json", object{{"properties", all}, {"uri", s.address(r, key, item.At())}})
}

// count is how often an item was downloaded.
type count struct {
	downloads int
	last      time.Time
	by        string
}

// counts are the downloads of all items, by repository and path.
type counts struct {
	mu sync.Mutex
	of map[string]count
}

func (s *Server) counted(item *storage.Item) count {
	s.downloads.mu.Lock()
	defer s.downloads.mu.Unlock()
	return s.downloads.of[item.Repo+"/"+item.At()]
}

// countDownload counts one more.
func (s *Server) countDownload(item *storage.Item, who account) {
	s.downloads.mu.Lock()
	defer s.downloads.mu.Unlock()
	if s.downloads.of == nil {
		s.downloads.of = map[string]count{}
	}
	key := item.Repo + "/" + item.At()
	by := who.name
	if who.anonymous() {
		by = "anonymous"
	}
	s.downloads.of[key] = count{s.downloads.of[key].downloads + 1, stamp(s.clock.now()), by}
}

func (s *Server) itemStats(w http.ResponseWriter, r *http.Request, key string, item *storage.Item) {
	if item.Folder {
		refuse(w, http.StatusBadRequest, "Unable to find file item '"+item.At()+"' in '"+key+"'.")
		return
	}
	if !acceptable(w, r, vendor+"StatsInfo+json") {
		return
	}
	known, last := s.counted(item), int64(0)
	if known.downloads > 0 {
		last = known.last.UnixMilli()
	}
	answer(w, vendor+"StatsInfo+json", object{
		{"uri", s.base(r) + "/" + key + "/" + escape(item.At())}, {"downloadCount", known.downloads}, {"lastDownloaded", last},
		{"lastDownloadedBy", orNil(known.by)}, {"remoteDownloadCount", 0}, {"remoteLastDownloaded", 0},
	})
}
