package artifactory

// GET /api/storage/KEY/PATH?list (JFrog: "File List"), with a licence only: everything below a folder in one document.

import (
	"cmp"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"pkgferry/integration/standin/artifactory/storage"
)

// children yields what a key shows directly in a folder and the account may read, ascending by name; a virtual repository
// shows a name once.
func (s *Server) children(who account, key, at string) iter.Seq[*storage.Item] {
	var all iter.Seq[*storage.Item] = func(func(*storage.Item) bool) {}
	for _, one := range s.content.holders(key) {
		all = storage.Merged(all, one.held.Children(at), func(a, b *storage.Item) int { return strings.Compare(a.Name, b.Name) })
	}
	return func(yield func(*storage.Item) bool) {
		for item := range all {
			if s.reads(who, item.Repo, item.At()) && !yield(item) {
				return
			}
		}
	}
}

// listing is what a request for a list wants.
type listing struct {
	depth                        int // 0: without end
	folders, root, dates, counts bool
}

func readListing(r *http.Request) listing {
	query := r.URL.Query()
	on := func(key string) bool { return query.Get(key) == "1" }
	l := listing{depth: 1, folders: on("listFolders"), root: on("includeRootPath"), dates: on("mdTimestamps"), counts: on("statsTimestamps")}
	if on("deep") {
		l.depth, _ = strconv.Atoi(cmp.Or(query.Get("depth"), "0"))
	}
	return l
}

func (s *Server) fileList(w http.ResponseWriter, r *http.Request, key string, root *storage.Item) {
	if !root.Folder {
		refuse(w, http.StatusBadRequest, "Expected a folder but found a file, at: "+key+":"+root.At())
		return
	}
	if !acceptable(w, r, vendor+"FileList+json") {
		return
	}
	w.Header().Set("Content-Type", vendor+"FileList+json")
	w.Header().Set("Cache-Control", "no-store")
	wanted, out, comma := readListing(r), newStream(w), " "
	show := func(item *storage.Item) {
		one := strings.ReplaceAll(string(pretty(s.listedItem(item, root.At(), wanted))), "\n", "\n  ")
		out.text(comma + one)
		comma = ", "
	}
	out.text("{\n  \"uri\" : " + string(pretty(s.address(r, key, root.At()))) + ",\n  \"created\" : \"" +
		s.date(s.clock.now()).(string) + "\",\n  \"files\" : [")
	if wanted.root && wanted.folders {
		show(root)
	}
	s.walkList(accountOf(r), key, root.At(), wanted.depth, wanted, show)
	out.text(" ]\n}")
	out.end()
}

func (s *Server) walkList(who account, key, at string, depth int, wanted listing, show func(*storage.Item)) {
	for item := range s.children(who, key, at) {
		if !item.Folder || wanted.folders {
			show(item)
		}
		if item.Folder && depth != 1 {
			s.walkList(who, key, item.At(), depth-1, wanted, show)
		}
	}
}

// listedItem is one element of a list; its uri is relative to the folder that was asked for, and not escaped.
func (s *Server) listedItem(item *storage.Item, root string, wanted listing) object {
	uri := "/" + strings.TrimPrefix(strings.TrimPrefix(item.At(), root), "/")
	d, size := item.Digests(), any(item.Size())
	if item.Folder {
		size = -1
	}
	folder := any(item.Folder)
	if s.modes.listText {
		size, folder = strconv.FormatInt(item.Size(), 10), strconv.FormatBool(item.Folder)
		if item.Folder {
			size = "-1"
		}
	}
	all := object{
		{"uri", uri}, {"size", size}, {"lastModified", s.date(item.Modified)}, {"folder", folder},
		{"sha1", orNil(d.SHA1)}, {"sha2", orNil(d.SHA256)},
	}
	if wanted.dates && !item.PropsModified.IsZero() {
		all = append(all, field{"mdTimestamps", object{{"properties", s.date(item.PropsModified)}}})
	}
	if count := s.counted(item); wanted.counts && count.downloads > 0 {
		all = append(all, field{"statsTimestamps", object{{"lastDownloaded", s.date(count.last)}}})
	}
	return all
}

// lastModified serves ?lastModified: the newest file below a folder.
func (s *Server) lastModified(w http.ResponseWriter, r *http.Request, key string, root *storage.Item) {
	if !root.Folder {
		refuse(w, http.StatusBadRequest, "Expected a folder but found a file, at: "+key+":"+root.At())
		return
	}
	newest := root
	s.walkList(accountOf(r), key, root.At(), 0, listing{}, func(item *storage.Item) {
		if newest.Folder || item.Modified.After(newest.Modified) {
			newest = item
		}
	})
	answer(w, vendor+"ItemLastModified+json", object{{"uri", s.address(r, key, newest.At())}, {"lastModified", s.date(newest.Modified)}})
}
