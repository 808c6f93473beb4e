// Properties (docs.jfrog.com, "Item Properties"): what Artifactory found out about a file when it was deployed, such as
// npm.name. AQL joins them to the rows of items, one row for each, so that a query for them can have neither sort nor limit; the
// storage API tells those of one file.

package artifactory

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// join puts the wanted properties of what a query finds into files, and returns those that it did not find.
func (s *Source) join(ctx context.Context, repository string, wanted []string, files []*item, where ...string) (missing []*item, err error) {
	byPath := make(map[string]*item, len(files))
	for _, one := range files {
		byPath[one.at()] = one
	}
	seen := map[string]bool{}
	a := asking{
		repository: repository, properties: wanted, begin: func() { clear(seen) },
		query: query{where: append([]string{is("repo", repository), is("type", "file")}, where...), include: append(slices.Clone(placeFields), "property")},
		keep: func(one item) error {
			if file := byPath[one.at()]; file != nil {
				file.Properties, seen[one.at()] = one.Properties, true
			}
			return nil
		},
	}
	if _, err := s.ask(ctx, a); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(files), func(one *item) bool { return seen[one.at()] }), nil
}

func pointers(files []item) []*item {
	all := make([]*item, len(files))
	for i := range files {
		all[i] = &files[i]
	}
	return all
}

// joinFolders joins the properties of all files in some folders.
func (s *Source) joinFolders(ctx context.Context, repository string, wanted []string, rows map[string][]item) error {
	var files []*item
	var criteria []string
	for folder, items := range rows {
		before := len(files)
		for i := range items {
			if !items[i].IsFolder {
				files = append(files, &items[i])
			}
		}
		if len(files) > before {
			criteria = append(criteria, folderIs(folder))
		}
	}
	if len(files) == 0 {
		return nil
	}
	slices.Sort(criteria)
	_, err := s.join(ctx, repository, wanted, files, anyOf(criteria))
	if crowded(err) && len(rows) == 1 {
		return s.joinEach(ctx, repository, wanted, files)
	}
	return err
}

// joinPage joins the properties of a page of files in one folder. They are asked for by the span of their names; where the
// server orders names in another way than it compares them, those that it leaves out are asked for by name.
func (s *Source) joinPage(ctx context.Context, repository, folder string, wanted []string, files []item) error {
	if len(wanted) == 0 || len(files) == 0 {
		return nil
	}
	first, last, missing := files[0].Name, files[len(files)-1].Name, pointers(files)
	if quotable(first) && quotable(last) {
		left, err := s.join(ctx, repository, wanted, missing, folderIs(folder), compares("name", "$gte", first), compares("name", "$lte", last))
		switch {
		case err == nil:
			missing = left
		case !crowded(err):
			return err
		}
	}
	return s.joinEach(ctx, repository, wanted, missing)
}

// joinEach joins the properties of files wherever they lie, some tens with each query.
func (s *Source) joinEach(ctx context.Context, repository string, wanted []string, files []*item) error {
	if len(wanted) == 0 {
		return nil
	}
	criterion := func(one *item) string { return allOf(folderIs(one.Folder), is("name", one.Name)) }
	for len(files) > 0 {
		n := 0
		for room := longest - 300 - len(repository); n < len(files); n++ {
			if room -= len(criterion(files[n])) + 3; room < 0 && n > 0 {
				break
			}
		}
		if err := s.joinSome(ctx, repository, wanted, files[:n], criterion); err != nil {
			return err
		}
		files = files[n:]
	}
	return nil
}

// joinSome joins the properties of as many files as one query can ask for, or of half of them where the answer would be too long.
func (s *Source) joinSome(ctx context.Context, repository string, wanted []string, files []*item, criterion func(*item) string) error {
	var criteria []string
	for _, one := range files {
		if !quotable(one.Name) || one.Folder != "" && !quotable(one.Folder) {
			if err := s.joinFile(ctx, repository, wanted, one); err != nil {
				return err
			}
			continue
		}
		criteria = append(criteria, criterion(one))
	}
	if len(criteria) == 0 {
		return nil
	}
	_, err := s.join(ctx, repository, wanted, files, anyOf(criteria))
	switch half := len(files) / 2; {
	case !crowded(err):
		return err
	case half == 0:
		return s.joinFile(ctx, repository, wanted, files[0])
	default:
		if err := s.joinSome(ctx, repository, wanted, files[:half], criterion); err != nil {
			return err
		}
		return s.joinSome(ctx, repository, wanted, files[half:], criterion)
	}
}

// joinFile asks for the properties of one file.
func (s *Source) joinFile(ctx context.Context, repository string, wanted []string, file *item) error {
	if len(wanted) == 0 {
		return nil
	}
	var in struct {
		Properties map[string][]string `json:"properties"`
	}
	u := s.storageURL(repository, file.at(), url.Values{"properties": {strings.Join(wanted, ",")}})
	_, err := s.client.GetJSON(ctx, u, nil, maxRow, &in)
	if status(err) == http.StatusNotFound { // it has none, or is gone
		return nil
	}
	file.Properties = nil
	for key, values := range in.Properties {
		for _, value := range values {
			file.set(wanted, key, value)
		}
	}
	return err
}
