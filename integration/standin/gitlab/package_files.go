package gitlab

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The files of a package: GitLab's lib/api/package_files.rb and lib/api/entities/package_file.rb.

var fileOrders = map[string]func(a, b *file) int{
	"":           func(a, b *file) int { return cmp.Compare(a.id, b.id) },
	"id":         func(a, b *file) int { return cmp.Compare(a.id, b.id) },
	"created_at": func(a, b *file) int { return cmp.Compare(a.id, b.id) },
	"file_name":  func(a, b *file) int { return cmp.Compare(a.name, b.name) },
}

func (s *Server) packageFiles(e *exchange) {
	p, _, ok := s.enter(e, acceptInventory, read, projectNotFound)
	if !ok {
		return
	}
	query := e.r.URL.Query()
	order, ok := fileOrders[query.Get("order_by")]
	if !ok {
		e.invalid("order_by does not have a valid value")
		return
	}
	s.mu.RLock()
	one := s.findPackage(e, p)
	if one == nil {
		s.mu.RUnlock()
		return
	}
	files := slices.DeleteFunc(slices.Clone(one.files), func(f *file) bool { return f.status != statusDefault })
	s.mu.RUnlock()
	slices.SortStableFunc(files, order)
	if query.Get("sort") == "desc" {
		slices.Reverse(files)
	}
	from, to, ok := e.page(len(files))
	if !ok {
		return
	}
	shown := []any{}
	for _, f := range files[from:to] {
		shown = append(shown, f.shown(one))
	}
	e.json(http.StatusOK, shown)
}

func (f *file) shown(p *pkg) map[string]any {
	return map[string]any{
		"id": f.id, "package_id": p.id, "created_at": f.created.Format(timeFormat), "file_name": f.name, "size": f.body.size,
		"file_md5": f.md5, "file_sha1": f.sha1, "file_sha256": f.sha256,
	}
}

// packageFile downloads one file row, GET :file_id/download, or deletes it.
func (s *Server) packageFile(e *exchange) {
	want := read
	text, download := strings.CutSuffix(e.rest, "/download")
	if e.writes() {
		want, text, download = destroy, e.rest, true
	}
	p, _, ok := s.enter(e, acceptInventory, want, projectNotFound)
	if !ok {
		return
	}
	id, err := strconv.Atoi(text)
	s.mu.Lock()
	one := s.findPackage(e, p)
	if one == nil {
		s.mu.Unlock()
		return
	}
	i := slices.IndexFunc(one.files, func(f *file) bool { return f.id == id && f.status == statusDefault })
	if err != nil || !download || i < 0 {
		s.mu.Unlock()
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	f := one.files[i]
	if e.writes() {
		f.status = statusDestroyed
	}
	s.mu.Unlock()
	if e.writes() {
		e.empty(http.StatusNoContent)
		return
	}
	s.serveStored(e, f)
}
