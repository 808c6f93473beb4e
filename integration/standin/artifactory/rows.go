package artifactory

// Which rows a query finds, and in which order. Nothing is looked at that the criteria rule out: a query for one folder
// costs what that folder holds, and one for the changes of a day costs what was changed.

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"pkgferry/integration/standin/artifactory/aql"
	"pkgferry/integration/standin/artifactory/storage"
)

// found yields the rows that meet the criteria, by repository, path and name.
func (s *Server) found(q *aql.Query) iter.Seq[row] {
	asked, named := aql.Among(q.Where, aql.Repo)
	return func(yield func(row) bool) {
		for _, one := range s.content.stores() {
			shown := one.class != system || named && slices.Contains(asked, one.key)
			if shown && !s.search(one.held, q.Where, yield) {
				return
			}
		}
	}
}

// expandKey returns the keys that the rows of a repository name.
func (s *Server) expandKey(key string) []string {
	var keys []string
	for _, one := range s.content.holders(key) {
		keys = append(keys, one.held.Key)
	}
	return keys
}

func (s *Server) search(held *storage.Repository, where aql.Condition, yield func(row) bool) bool {
	known := place{repo: held.Key}
	if where.Holds(known) == aql.False {
		return true
	}
	made := known
	if made.earliest, made.latest, made.made = held.MadeBetween(); made.made && where.Holds(made) == aql.False {
		held = held.OnlyStored()
	}
	paths, few := aql.Among(where, aql.Path)
	if few {
		paths = slices.Clone(paths)
		slices.Sort(paths)
		for _, folder := range paths {
			if !s.searchFolder(held, folder, where, yield) {
				return false
			}
		}
		return true
	}
	skip := func(folder string) bool { return where.Holds(known.below(folder)) == aql.False }
	for folder := range held.Folders(skip) {
		if where.Holds(known.in(folder)) != aql.False && !s.searchFolder(held, folder, where, yield) {
			return false
		}
	}
	return true
}

func (s *Server) searchFolder(held *storage.Repository, folder string, where aql.Condition, yield func(row) bool) bool {
	at := folder
	if folder == "." {
		at = ""
	}
	items := held.Children(at)
	if names, few := aql.Among(where, aql.Name); few {
		items = named(held, folder, names)
	} else if folder == "." {
		root := slices.Values([]*storage.Item{held.Get("")})
		items = storage.Merged(items, root, func(a, b *storage.Item) int { return strings.Compare(a.Name, b.Name) })
	}
	for item := range items {
		if one := (row{item, s}); where.Holds(one) == aql.True && !yield(one) {
			return false
		}
	}
	return true
}

// named yields what has one of a few names in a folder.
func named(held *storage.Repository, folder string, names []string) iter.Seq[*storage.Item] {
	names = slices.Clone(names)
	slices.Sort(names)
	return func(yield func(*storage.Item) bool) {
		for _, name := range names {
			if item := held.Get(storage.Join(folder, name)); item != nil && item.Path == folder && item.Name == name && !yield(item) {
				return
			}
		}
	}
}

// ordered yields what a query finds in the order of its pages. Without a sort the order is that of the moment, as a database
// gives it: with an offset or a limit it differs from query to query, so that pages miss rows and repeat others. With a
// joined domain it is by the number of the item, whatever the query says.
func (s *Server) ordered(q *aql.Query) iter.Seq[row] {
	found := s.found(q)
	if q.Downloaded {
		found = with(found, func(r row) bool { return s.counted(r.Item).downloads > 0 })
	}
	switch {
	case q.Joined():
		return sorted(found, func(a, b row) int { return cmp.Compare(a.ID, b.ID) })
	case len(q.Sort) == 0 && q.Offset == 0 && q.Limit < 0, len(q.Sort) > 0 && natural(q):
		return found
	case len(q.Sort) > 0:
		return sorted(found, func(a, b row) int { return compare(q, a, b) })
	}
	all := sorted(found, func(a, b row) int { return cmp.Compare(a.ID, b.ID) })
	if !s.modes.shuffled {
		return all
	}
	list := slices.Collect(all)
	return func(yield func(row) bool) {
		start := int(s.shuffles.Add(1)) * 7
		for i := range list {
			if !yield(list[(start+i)%len(list)]) {
				return
			}
		}
	}
}

func with(rows iter.Seq[row], keep func(row) bool) iter.Seq[row] {
	return func(yield func(row) bool) {
		for one := range rows {
			if keep(one) && !yield(one) {
				return
			}
		}
	}
}

func sorted(rows iter.Seq[row], compare func(a, b row) int) iter.Seq[row] {
	return func(yield func(row) bool) {
		for _, one := range slices.SortedStableFunc(rows, compare) {
			if !yield(one) {
				return
			}
		}
	}
}

// natural tells whether a query sorts as rows are found: by repository, path and name, where those of which there is one
// only do not matter.
func natural(q *aql.Query) bool {
	order := []aql.Field{aql.Repo, aql.Path, aql.Name}
	settled := func(f aql.Field) bool {
		values, few := aql.Among(q.Where, f)
		return few && len(values) < 2
	}
	order = slices.DeleteFunc(order, settled)
	sort := slices.DeleteFunc(slices.Clone(q.Sort), settled)
	return !q.Descending && len(sort) <= len(order) && slices.Equal(sort, order[:len(sort)])
}

func compare(q *aql.Query, a, b row) int {
	order := 0
	for _, f := range q.Sort {
		if order == 0 {
			x, _, _ := a.Span(f)
			y, _, _ := b.Span(f)
			order = cmp.Or(cmp.Compare(x.Number, y.Number), strings.Compare(x.Text, y.Text))
		}
	}
	if q.Descending {
		return -order
	}
	return order
}
