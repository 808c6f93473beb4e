package scan

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// oneFile answers for the address of a file: GitLab's address of the same bytes.
func (s *Scanner) oneFile(ctx context.Context, d *document, a address, f format, p artifact.Package, file string) (answer, error) {
	found, err := s.copies.file(ctx, p, file)
	if err != nil {
		return answer{}, err
	}
	if len(found) == 0 {
		return left("%s was not copied, so GitLab does not have it from here: let the tool resolve it again", strings.TrimSuffix(p.Name+" "+p.Version+" "+file, " "))
	}
	found, sure := sameBytes(found, file, d.declared(a))
	if len(found) == 0 {
		return left("the checksum beside it is not that of the copied file: let the tool resolve it again")
	}
	var urls []string
	for _, r := range found {
		at, why := s.fileURL(r, f, fileOf(r, file))
		if why != "" {
			return answer{why: why}, nil
		}
		if !slices.Contains(urls, at) {
			urls = append(urls, at)
		}
	}
	switch {
	case len(urls) > 1:
		return left("GitLab has it in several places: %s", strings.Join(urls, ", "))
	case !sure && !s.copies.declared(a.registry.Source, a.repository, a.format):
		return answer{text: schemeOf(a, urls[0]), why: s.undeclared(a)}, nil
	}
	return answer{text: schemeOf(a, urls[0])}, nil
}

// sameBytes are the records whose file has the declared digests. Where these can be compared with none, all may be meant, and
// that is not sure.
func sameBytes(records []checkpoint.Record, file string, declared artifact.Digests) (same []checkpoint.Record, sure bool) {
	var unknown []checkpoint.Record
	for _, r := range records {
		switch declared.Compare(fileOf(r, file).Digests) {
		case artifact.Same:
			same = append(same, r)
		case artifact.Unknown:
			unknown = append(unknown, r)
		case artifact.Different:
		}
	}
	if len(same) > 0 {
		return same, true
	}
	return unknown, false
}

// fileOf is the file of a record, the only one where file is empty, with all digests that are known.
func fileOf(r checkpoint.Record, file string) artifact.File {
	one := r.Package.Files[0]
	if file != "" {
		one = r.Package.Files[slices.IndexFunc(r.Package.Files, func(f artifact.File) bool { return f.Path == file })]
	}
	one.Digests = one.Digests.With(r.Arrivals[one.Path].Ours)
	return one
}

// fileURL is where GitLab has a file; or why that can not be told.
func (s *Scanner) fileURL(r checkpoint.Record, f format, one artifact.File) (address, why string) {
	project, why := s.target.project(r.Destination.Project)
	path := f.address(r.Destination, one)
	if why == "" && path == "" {
		why = "GitLab's address of it takes a SHA-256 that is not known"
	}
	return project + "/" + (&url.URL{Path: path}).EscapedPath(), why
}
