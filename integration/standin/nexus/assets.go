package nexus

// The listing of assets (org.sonatype.nexus.repository.rest.internal.resources.AssetsResource): keyset paging by record
// id, a token only after a full page, so that a repository with an exact multiple of the page size ends with an empty
// page.

import (
	"errors"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

func (s *Server) listAssets(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name := query.Get("repository")
	repository := s.store.repositories[name]
	switch {
	case name == "":
		s.refuse(w, r, http.StatusUnprocessableEntity)
		return
	case repository == nil:
		s.refuse(w, r, http.StatusNotFound)
		return
	case !subjectOf(r).lists():
		s.forbid(w, r)
		return
	}
	after, err := s.release.after(query.Get("continuationToken"), query.Has("continuationToken"))
	if err != nil {
		unexpected(w, s.release.badToken(), err)
		return
	}
	items, token := list{}, any(nil)
	assets := s.store.page(repository, after, s.release.page)
	for _, a := range assets {
		items = append(items, s.render(r, repository, a))
	}
	if len(assets) == s.release.page {
		token = s.release.token(assets[len(assets)-1].id)
	}
	answer(w, object{{"items", items}, {"continuationToken", token}})
}

func (s *Server) oneAsset(w http.ResponseWriter, r *http.Request, id string) {
	name, record, err := s.release.parseRestID(id)
	var status statusError
	if errors.As(err, &status) {
		s.refuse(w, r, int(status))
		return
	}
	repository := s.store.repositories[name]
	if repository == nil {
		s.refuse(w, r, http.StatusNotFound)
		return
	}
	if !subjectOf(r).lists() {
		s.forbid(w, r)
		return
	}
	for _, member := range s.store.expand(repository) {
		if a := member.get(record); a != nil {
			answer(w, s.render(r, repository, a))
			return
		}
	}
	s.refuse(w, r, http.StatusNotFound)
}

// render is an asset as the REST API shows it in this release. A group gives its own name to its members' assets.
func (s *Server) render(r *http.Request, repository *repository, a *asset) object {
	rel, p := s.release, s.release.path(a.path)
	body := a.content()
	all := object{
		{"downloadUrl", s.base(r) + "/repository/" + repository.name + "/" + a.path},
		{"path", p}, {"id", rel.restID(repository.name, a.id)},
		{"repository", repository.name}, {"format", repository.format}, {"checksum", s.checksums(repository, a, body)},
	}
	blobCreated := rel.date(a.created)
	optional := object{
		{"contentType", contentType(a)}, {"lastModified", rel.date(a.updated)}, {"lastDownloaded", rel.date(s.lastDownloaded(repository, a))},
		{"uploader", "ci"}, {"uploaderIp", "192.0.2.9"}, {"fileSize", len(body)},
	}
	if rel.repeats() {
		optional = append(optional, field{"blobCreated", nil})
	}
	optional = append(optional, field{"blobCreated", blobCreated}, field{"blobStoreName", s.blobStore()},
		field{"blobUpdated", rel.date(a.updated)}, field{"blobRef", nil}, field{"lastVerified", nil}, field{"registryUrl", nil})
	for _, one := range optional {
		if rel.has(one.key) {
			all = append(all, one)
		}
	}
	attributes := attributes(repository, a)
	if rel.has("format") && (rel.era != orient || len(attributes) > 0) {
		all = append(all, field{repository.format, attributes})
	}
	return all
}

// blobStore is filled in since 3.87.
func (s *Server) blobStore() any {
	if s.release.minor < 87 {
		return nil
	}
	return "default"
}

// lastDownloaded is when an asset that a repository shows was served; zero when never.
func (s *Server) lastDownloaded(repository *repository, a *asset) time.Time {
	for _, member := range s.store.expand(repository) {
		if at, ok := member.downloaded[a.id]; ok {
			return at
		}
	}
	return time.Time{}
}

func (s *Server) checksums(repository *repository, a *asset, body []byte) object {
	sums := object{}
	if a.hollow {
		return sums
	}
	d := digestsOf(body)
	values := map[string]string{"md5": d.MD5, "sha1": d.SHA1, "sha256": d.SHA256, "sha512": d.SHA512}
	for _, name := range s.release.hashes(repository.format) {
		sums = append(sums, field{name, values[name]})
	}
	return sums
}

// attributes are what Nexus shows of an asset's coordinates: only what its own reading of the path gives.
func attributes(repository *repository, a *asset) object {
	if repository.format == "maven2" {
		return mavenAttributes(a.path)
	}
	return append(object{}, a.attributes...)
}

func mavenAttributes(p string) object {
	m, ok := artifact.ParseMavenPath(p)
	if !ok || strings.HasPrefix(path.Base(p), artifact.MavenMetadata) {
		return object{}
	}
	groupID, artifactID, _ := strings.Cut(m.Name, ":")
	rest := strings.TrimPrefix(m.File, artifactID+"-")
	stem, extension, _ := strings.Cut(strings.TrimPrefix(rest, m.Version), ".")
	version := m.Version
	if artifact.IsSnapshot(m.Version) && !strings.HasPrefix(rest, m.Version) {
		base := strings.TrimSuffix(m.Version, "SNAPSHOT")
		stamp := strings.SplitN(strings.TrimPrefix(rest, base), "-", 3)
		build, tail, _ := strings.Cut(strings.Join(stamp[1:], "-"), ".")
		number, classifier, _ := strings.Cut(build, "-")
		version, stem, extension = base+stamp[0]+"-"+number, classifier, tail
	}
	all := object{{"extension", extension}, {"groupId", groupID}, {"artifactId", artifactID}, {"version", version}}
	if classifier := strings.TrimPrefix(stem, "-"); classifier != "" {
		all = append(all, field{"classifier", classifier})
	}
	return all
}

// contentType is null for an asset without content.
func contentType(a *asset) any {
	if a.hollow {
		return nil
	}
	return a.mediaType()
}

func (a *asset) mediaType() string {
	if a.media != "" {
		return a.media
	}
	return typeOf(a.path)
}

func typeOf(p string) string {
	switch ext := path.Ext(p); ext {
	case ".jar":
		return "application/java-archive"
	case ".pom", ".xml":
		return "application/xml"
	case ".md5", ".sha1", ".sha256", ".sha512", ".asc":
		return "text/plain"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}
