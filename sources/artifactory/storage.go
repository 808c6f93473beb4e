// The storage API (GET /api/storage/KEY/PATH): what is in a folder, and what is known of a file. It has no pages and no digests in
// a folder, so it costs a request for each file; it is for where AQL answers nobody: without credentials, for folders of which
// AQL leaves rows out, and for names that AQL can not be asked for.

package artifactory

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/sources"
)

const (
	maxFolder = 64 << 20 // bytes of what is in one folder: a million names
	maxInfo   = 1 << 20  // bytes of what is known of one file
)

// storageURL is the address of what the storage API knows of a path; "" is the root of the repository.
func (s *Source) storageURL(repository, at string, query url.Values) *url.URL {
	return s.client.URL("/api/storage/"+escape(repository, at), query)
}

// escape is the path of something in a repository, every segment escaped alone: a semicolon would begin parameters.
func escape(repository, at string) string {
	segments := append([]string{repository}, strings.Split(at, "/")...)
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return strings.TrimSuffix(strings.Join(segments, "/"), "/")
}

// store lists a folder by the storage API.
func (w *walk) store(f *folder) bool {
	files, folders, err := w.children(f.path)
	if err != nil {
		f.err = err
		return w.failed(f)
	}
	if f.passed() {
		files = nil
	}
	f.folders = folders
	w.push(f.children()...)
	before, count := w.at, 0
	for part := range slices.Chunk(files, chunk) {
		var known []item
		for one := range sources.Ahead(w.ctx, w.options.Listings, slices.Values(part), func(ctx context.Context, name string) looked {
			return w.info(ctx, f.path, name)
		}) {
			switch {
			case one.err != nil && status(one.err) == http.StatusNotFound: // deleted since
			case one.err != nil:
				file := &folder{path: f.path, err: errorf(one.err, "file %s", one.Name)}
				if !w.failed(file) {
					return false
				}
			default:
				known = append(known, one.item)
			}
		}
		if count += len(known); !w.give(known, before) {
			return false
		}
	}
	return w.give(nil, w.here(f, true, count))
}

// children are the names in a folder, in order.
func (w *walk) children(path string) (files, folders []string, err error) {
	var in struct {
		Children []struct {
			URI    string `json:"uri"`
			Folder bool   `json:"folder"`
		} `json:"children"`
	}
	header, err := w.client.GetJSON(w.ctx, w.storageURL(w.Key, path, nil), nil, maxFolder, &in)
	if err != nil {
		return nil, nil, err
	}
	w.now.see(header)
	for _, one := range in.Children {
		name := strings.TrimPrefix(one.URI, "/")
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return nil, nil, fmt.Errorf("the server lists %.200q, which is no name", one.URI)
		}
		if one.Folder {
			folders = append(folders, name)
		} else {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	slices.Sort(folders)
	return files, folders, nil
}

// looked is a file, or why it is not known.
type looked struct {
	item
	err error
}

// info reads what the server knows of a file.
func (w *walk) info(ctx context.Context, folder, name string) looked {
	one := item{Folder: folder, Name: name}
	known, err := w.fileInfo(ctx, w.Key, one.at())
	if err == nil {
		one.Size, one.Modified, one.Digests = known.Size, known.Modified, known.Digests
		err = w.joinFile(ctx, w.Key, w.layout.properties, &one)
	}
	return looked{one, err}
}

// fileInfo is a file as the server knows it now.
func (s *Source) fileInfo(ctx context.Context, repository, at string) (artifact.File, error) {
	var info struct {
		Size     *loose `json:"size"`
		Modified string `json:"lastModified"`
		Sums     struct {
			MD5    string `json:"md5"`
			SHA1   string `json:"sha1"`
			SHA256 string `json:"sha256"`
		} `json:"checksums"`
	}
	header, err := s.client.GetJSON(ctx, s.storageURL(repository, at, nil), nil, maxInfo, &info)
	if err != nil {
		return artifact.File{}, err
	}
	s.now.see(header)
	if info.Size == nil {
		return artifact.File{}, fmt.Errorf("source %s: repository %s: %s is no file", s.name, repository, at)
	}
	f := artifact.File{Size: -1, Modified: date(info.Modified)}
	if n, err := strconv.ParseInt(string(*info.Size), 10, 64); err == nil && n >= 0 {
		f.Size = n
	}
	f.Digests = artifact.Digests{MD5: digest(info.Sums.MD5, 16), SHA1: digest(info.Sums.SHA1, 20), SHA256: digest(info.Sums.SHA256, 32)}
	return f, nil
}
