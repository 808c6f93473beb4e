package artifactory

// npm repositories: /api/npm/KEY/NAME (JFrog: "npm Registry"; npm's own docs/responses/package-metadata.md). The document is
// made of the tarballs whose properties name them; dist-tags are kept beside and can not be told from files.

import (
	"archive/tar"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) npm() {
	r := d.local(NPM, "npm")
	pack := func(r *repository, at, name, version string, more ...map[string]any) {
		d.put(r, at, fixture.NPM(name, version, 1, more...), property("npm.name", name), property("npm.version", version))
	}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0-beta.1"} {
		pack(r, "left/-/left-"+version+".tgz", "left", version)
	}
	pack(r, "right/-/right-0.1.0.tgz", "right", "0.1.0", map[string]any{"dependencies": map[string]any{"left": "^1.0.0"}, "deprecated": "use left"})
	pack(r, "@acme/ui/-/@acme/ui-1.0.0.tgz", "@acme/ui", "1.0.0") // as npm deploys it
	pack(r, "@acme/ui/-/ui-1.1.0.tgz", "@acme/ui", "1.1.0")       // as JFrog's own client does
	pack(r, "@acme/ui/-/@acme/ui-1.2.0.tgz", "@acme/ui", "1.2.0")
	pack(r, "@acme/ui/-/ui-1.2.0.tgz", "@acme/ui", "1.2.0") // the same version under both paths
	pack(r, "moved/by/hand/stray-3.0.0.tgz", "stray", "3.0.0")
	d.put(r, "late/-/late-1.0.0.tgz", fixture.NPM("late", "1.0.0", 1)) // deployed and never indexed
	d.put(r, "broken/-/broken-1.0.0.tgz", []byte("no archive at all\n"))
	d.put(r, ".npm/left/package.json", []byte("{}\n"))
	d.put(r, ".npm/@acme/ui/package.json", []byte("{}\n"))
	r.tags = map[string]map[string]string{
		"left": {"latest": "1.1.0", "next": "2.0.0-beta.1"}, "@acme/ui": {"latest": "1.2.0", "old": "1.0.0"},
	}
	upstream := &repository{key: "npm-remote", class: remote, packageType: "npm", upstream: "https://npm.example.test"}
	d.content.add(upstream, nil, d.now)
	pack(upstream, "cached/-/cached-4.0.0.tgz", "cached", "4.0.0")
	d.put(upstream, ".npm/cached/package.json", []byte("{}\n"))
	d.content.add(&repository{key: "npm", class: virtual, packageType: "npm", members: []string{NPM, upstream.key}}, nil, d.now)
}

// npmAPI serves /api/npm/KEY/REST: documents, dist-tags and tarballs.
func (s *Server) npmAPI(w http.ResponseWriter, r *http.Request, key, rest string) {
	name, err := url.PathUnescape(rest)
	tagged, isTags := strings.CutPrefix(name, "-/package/")
	tagged, listed := strings.CutSuffix(tagged, "/dist-tags")
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "")
	case name == "-/ping":
		answer(w, "application/json", object{})
	case isTags && listed:
		s.npmTags(w, r, key, tagged)
	case strings.HasSuffix(name, ".tgz"):
		s.download(w, r, key+"/"+rest)
	default:
		s.npmDocument(w, r, key, name)
	}
}

// npmVersions are the tarballs of a package, one for each version, ascending; the first path of a version counts.
func (s *Server) npmVersions(r *http.Request, key, name string) []*storage.Item {
	var all []*storage.Item
	for item := range s.readable(r, key) {
		known := slices.ContainsFunc(all, func(one *storage.Item) bool { return value(one, "npm.version") == value(item, "npm.version") })
		if value(item, "npm.name") == name && !known {
			all = append(all, item)
		}
	}
	slices.SortFunc(all, func(a, b *storage.Item) int { return strings.Compare(value(a, "npm.version"), value(b, "npm.version")) })
	return all
}

// tagsOf are the dist-tags of a package: those that were set, else the newest version that is no pre-release.
func (s *Server) tagsOf(key, name string, versions []*storage.Item) object {
	tags := map[string]string{}
	for _, one := range s.content.holders(key) {
		for tag, version := range one.tags[name] {
			tags[tag] = version
		}
	}
	for _, one := range versions {
		if version := value(one, "npm.version"); tags["latest"] == "" || !strings.Contains(version, "-") && len(tags) == 1 {
			tags["latest"] = version
		}
	}
	var all object
	for _, tag := range sortedKeys(tags) {
		all = append(all, field{tag, tags[tag]})
	}
	return all
}

func (s *Server) npmTags(w http.ResponseWriter, r *http.Request, key, name string) {
	versions := s.npmVersions(r, key, name)
	if len(versions) == 0 {
		refuse(w, http.StatusNotFound, "Package '"+name+"' not found")
		return
	}
	answer(w, "application/json", s.tagsOf(key, name, versions))
}

func (s *Server) npmDocument(w http.ResponseWriter, r *http.Request, key, name string) {
	found := s.npmVersions(r, key, name)
	if len(found) == 0 {
		refuse(w, http.StatusNotFound, "Package '"+name+"' not found")
		return
	}
	var versions, times object
	for _, item := range found {
		version, sha512 := value(item, "npm.version"), item.Blob.SHA512()
		sum, _ := hex.DecodeString(sha512)
		manifest := readManifest(item.Blob)
		manifest["_id"] = name + "@" + version
		manifest["dist"] = map[string]any{
			"tarball": s.base(r) + "/api/npm/" + key + "/" + escape(item.At()), "shasum": item.Digests().SHA1,
			"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum),
		}
		versions = append(versions, field{version, manifest})
		times = append(times, field{version, s.date(item.Created)})
	}
	w.Header().Set("ETag", found[len(found)-1].Digests().SHA1)
	answer(w, "application/json", object{
		{"_id", name}, {"name", name}, {"dist-tags", s.tagsOf(key, name, found)}, {"versions", versions}, {"time", times},
	})
}

// maxManifest bounds a package.json that is read out of a tarball.
const maxManifest = 1 << 20

// readManifest reads the package.json of a tarball; what is none has an empty one.
func readManifest(blob *storage.Blob) map[string]any {
	manifest := map[string]any{}
	unpacked, err := gzip.NewReader(blob.Reader())
	if err != nil {
		return manifest
	}
	archive := tar.NewReader(unpacked)
	for header, err := archive.Next(); err == nil; header, err = archive.Next() {
		if path.Base(header.Name) == "package.json" {
			_ = json.NewDecoder(io.LimitReader(archive, maxManifest)).Decode(&manifest) // what can not be read stays out
			break
		}
	}
	return manifest
}

// npmLine names the package of a tarball.
func npmLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.NPM)
	if name := value(item, "npm.name"); name != "" {
		line.Package, line.Version = name, value(item, "npm.version")
		line.File = artifact.NPMTarball(path.Base(name), line.Version)
	}
}
