package artifactory

// One row of an AQL answer (org.artifactory.aql.result.AqlRestResult.Row): the order of its keys, and the rows of joined
// domains, which are put together again for one item.

import (
	"strconv"
	"strings"

	"pkgferry/integration/standin/artifactory/aql"
)

// joinedLine is what a joined domain adds to one row of the database; the zero value adds nothing.
type joinedLine struct{ property, stat object }

// joined are the rows that the database finds for an item: one for each property, or one without.
func (s *Server) joined(q *aql.Query, one row) []joinedLine {
	lines := []joinedLine{{}}
	if q.Properties {
		if some := one.joinedProperties(q.Keys); len(some) > 0 {
			lines = some
		}
	}
	if len(q.Stats) > 0 {
		stat := s.statistics(q, one)
		for i := range lines {
			lines[i].stat = stat
		}
	}
	return lines
}

func (r row) joinedProperties(keys []string) []joinedLine {
	var lines []joinedLine
	for _, one := range r.Item.Properties {
		wanted := len(keys) == 0
		for _, key := range keys {
			wanted = wanted || key == one.Key
		}
		if wanted {
			lines = append(lines, joinedLine{property: object{{"key", one.Key}, {"value", orNil(one.Value)}}})
		}
	}
	return lines
}

func (s *Server) statistics(q *aql.Query, one row) object {
	count := s.counted(one.Item)
	var all object
	for _, f := range q.Stats {
		switch f {
		case aql.Downloads:
			all = append(all, field{"downloads", count.downloads})
		case aql.Downloaded:
			all = append(all, field{"downloaded", s.date(count.last)})
		case aql.DownloadedBy:
			all = append(all, field{"downloaded_by", orNil(count.by)})
		case aql.RemoteDownloads:
			all = append(all, field{"remote_downloads", 0})
		}
	}
	return all
}

// writeRow writes an item with what is joined to it.
func (s *Server) writeRow(out stream, q *aql.Query, one row, lines []joinedLine) {
	b := rowWriter{out: out, comma: "{"}
	for _, f := range []aql.Field{aql.Repo, aql.Path, aql.Name, aql.Type, aql.Size, aql.Created, aql.CreatedBy, aql.Modified, aql.ModifiedBy, aql.Updated,
		aql.Depth, aql.ActualMD5, aql.ActualSHA1, aql.OriginalMD5, aql.OriginalSHA1, aql.SHA256, aql.VirtualRepos} {
		if q.Has(f) || f == aql.Depth && s.modes.depth && q.Has(aql.Type) && q.Has(aql.Size) {
			b.field(s, one, f)
		}
	}
	b.list("properties", lines, func(l joinedLine) object { return l.property })
	for _, f := range []aql.Field{aql.RepoPathChecksum, aql.PropsModified} {
		if q.Has(f) {
			b.field(s, one, f)
		}
	}
	b.list("stats", lines[:1], func(l joinedLine) object { return l.stat })
	if b.comma == "{" {
		out.text("{ ")
	}
	out.text("\n}")
}

// rowWriter writes one object, key by key.
type rowWriter struct {
	out   stream
	comma string
}

func (b *rowWriter) key(name string) {
	b.out.text(b.comma, "\n  \"", name, "\" : ")
	b.comma = ","
}

// field writes a field unless there is nothing in it.
func (b *rowWriter) field(s *Server, one row, f aql.Field) {
	switch f {
	case aql.Size, aql.Depth:
		v, _, _ := one.Span(f)
		quote := ""
		if f == aql.Size && s.modes.sizeText {
			quote = `"`
		}
		b.key(string(f))
		b.out.text(quote, strconv.FormatInt(v.Number, 10), quote)
		return
	case aql.VirtualRepos:
		if names := s.virtualsOf(one.Repo); len(names) > 0 {
			b.key(string(f))
			b.out.text(string(pretty(names)))
		}
		return
	case aql.Created, aql.Modified, aql.Updated, aql.PropsModified:
		if at := one.dated(f); !at.IsZero() {
			b.key(string(f))
			_, _ = b.out.Write(at.In(s.modes.zone).AppendFormat(b.out.AvailableBuffer(), `"`+dateForm+`"`))
		}
		return
	}
	if v, _, _ := one.Span(f); !v.Null {
		b.key(string(f))
		b.out.quoted(v.Text)
	}
}

func (b *rowWriter) list(name string, lines []joinedLine, of func(joinedLine) object) {
	all := list{}
	for _, line := range lines {
		if one := of(line); len(one) > 0 {
			all = append(all, one)
		}
	}
	if len(all) > 0 {
		b.key(name)
		b.out.text(strings.ReplaceAll(string(pretty(all)), "\n", "\n  "))
	}
}

// virtualsOf are the virtual repositories that show what a repository holds.
func (s *Server) virtualsOf(key string) list {
	var names list
	for _, name := range s.content.keys() {
		if s.content.repositories[name].class != virtual {
			continue
		}
		for _, one := range s.content.holders(name) {
			if one.held.Key == key {
				names = append(names, name)
			}
		}
	}
	return names
}
