package artifactory

// Docker and OCI repositories: a registry below /api/docker/KEY/v2 (JFrog: "Docker Registry"), and the tree in which the
// storage shows what it holds: a folder for each tag, with manifest.json or list.manifest.json, and one for each manifest
// that has no tag, called after its digest.

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
)

// imageTypes are the package types whose repositories are registries.
var imageTypes = []string{"docker", "oci", "helmoci"}

func (d *seeder) images() {
	docker := d.local(Docker, "docker", field{"dockerApiVersion", "V2"}, field{"maxUniqueTags", 0})
	docker.images = registry.NewStore()
	registry.Seed(docker.images, "")
	registry.Seed(docker.images, "team/")
	registry.SeedOdd(docker.images, "odd/")
	docker.images.Drop("odd/" + registry.Many)
	docker.images.Drop("odd/" + registry.Empty)              // an image without files does not exist here
	docker.images.PutArtifact("team/app", "", madeImage(99)) // its tag was deleted
	d.mirror(docker)
	d.put(docker, "app/_uploads/0f1e2d3c-upload", []byte(fixture.Text(7, 500)))
	d.put(docker, ".jfrog/repository.catalog", []byte("{\"repositories\":[]}\n"))

	oci := d.local(OCI, "oci")
	oci.images = registry.NewStore()
	registry.Seed(oci.images, "platform/")
	d.mirror(oci)
	charts := d.local(HelmOCI, "helmoci")
	charts.images = registry.NewStore()
	registry.Seed(charts.images, "")
	for _, name := range []string{registry.App, registry.Tool, registry.Scanned} {
		charts.images.Drop(name)
	}
	d.mirror(charts)

	upstream := &repository{key: "docker-remote", class: remote, packageType: "docker", upstream: "https://docker.example.test", images: registry.NewStore()}
	d.content.add(upstream, nil, d.now)
	upstream.images.PutArtifact("library/base", "3", madeImage(5))
	d.mirror(upstream)
	d.put(upstream, "library/base/3/sha256__"+strings.Repeat("ab", 32)+".marker", nil) // a layer that is known and not here

	old := d.local(DockerV1, "docker", field{"dockerApiVersion", "V1"})
	id := property("docker.imageId", strings.Repeat("5a", 32))
	d.put(old, "library/ancient/latest/tag.json", []byte("\""+id.Value+"\""), property("docker.repoName", "library/ancient"), id)
	for _, name := range []string{"ancestry", "json", "layer"} {
		d.put(old, "images/"+id.Value+"/"+name, []byte(fixture.Text(len(name), 100)))
	}
}

// madeImage is a small image that depends on its seed alone.
func madeImage(seed int) registry.Artifact {
	return registry.Artifact{
		MediaType: types.DockerManifestSchema2,
		Config:    registry.Part{MediaType: types.DockerConfigJSON, Content: []byte(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`)},
		Layers:    []registry.Part{{MediaType: types.DockerLayer, Content: fixture.Noise(seed, 900)}},
	}
}

// mirror puts what a repository's registry holds into its storage.
func (d *seeder) mirror(r *repository) {
	r.blobs = map[string]string{}
	seen := map[string]bool{}
	for line := range r.images.Lines("") {
		folder := line.Package + "/" + line.Version
		if m, ok := r.images.Manifest(line.Package, line.Version); ok && !seen[folder] {
			seen[folder] = true
			d.mirrorManifest(r, line.Package, line.Version, m)
		}
	}
}

// mirrorManifest stores a manifest under a tag or a digest, after its blobs.
func (d *seeder) mirrorManifest(r *repository, name, reference string, m registry.Manifest) {
	folder, file := name+"/"+reference+"/", "manifest.json"
	var parts v1.Manifest
	_ = json.Unmarshal(m.Body, &parts) // a manifest of another form has no parts
	if kind := types.MediaType(m.MediaType); kind.IsIndex() {
		file, parts = "list.manifest.json", v1.Manifest{}
	}
	descriptors := parts.Layers
	if parts.Config.Digest.Hex != "" {
		descriptors = append([]v1.Descriptor{parts.Config}, descriptors...)
	}
	for _, one := range descriptors {
		d.mirrorBlob(r, name, folder, one.Digest)
	}
	d.put(r, folder+file, m.Body, property("docker.repoName", name), property("docker.manifest", reference),
		property("docker.manifest.digest", m.Digest), property("docker.manifest.type", m.MediaType),
		property("sha256", strings.TrimPrefix(m.Digest, "sha256:")))
}

// mirrorBlob stores a blob beside a manifest; with layers=shared only where the repository has it nowhere else.
func (d *seeder) mirrorBlob(r *repository, name, folder string, digest v1.Hash) {
	at := folder + "sha256__" + digest.Hex
	known := r.blobs[digest.String()] != "" && r.held.Get(r.blobs[digest.String()]) != nil
	blob, ok := r.images.Blob(name, digest.String())
	if !ok || r.held.Get(at) != nil || known && d.server.modes.layers == "shared" {
		return
	}
	content, err := blob.Open()
	if err != nil {
		return
	}
	body, err := io.ReadAll(content)
	if _ = content.Close(); err == nil {
		d.put(r, at, body)
		r.blobs[digest.String()] = at
	}
}

// registry serves /api/TYPE/KEY/v2 and what is below.
func (s *Server) registry(w http.ResponseWriter, r *http.Request, packageType, key, path string) {
	s.mu.RLock()
	holders := s.content.holders(key)
	s.mu.RUnlock()
	known := len(holders) == 1 && slices.Contains(imageTypes, holders[0].packageType)
	switch {
	case !known || s.modes.edition == "oss":
		s.stats.Request(r.Method, "other")
		registry.Fail(w, http.StatusNotFound, "NAME_UNKNOWN", map[string]string{"name": key})
		return
	case holders[0].images == nil:
		s.stats.Request(r.Method, "other")
		refuse(w, http.StatusBadRequest, "Unsupported docker repository request for 'v2'")
		return
	case path == "/token":
		s.Faults.Wrap(standin.Token, http.HandlerFunc(s.imageToken)).ServeHTTP(w, r)
		return
	}
	one, prefix := holders[0], s.context+"/api/"+packageType+"/"+key
	pages := registry.Paging{Link: registry.LinkRoot}
	registry.Registry{
		Store: one.images, Prefix: prefix, Tags: pages, Catalog: &pages, RedirectStatus: http.StatusFound, Stats: &s.stats, Faults: s.Faults,
		Allow: func(w http.ResponseWriter, r *http.Request, c registry.Call) bool {
			return s.pulls(w, r, prefix, one, c)
		},
		Redirect: func(r *http.Request, c registry.Call) string { return s.blobAddress(r, one, c) },
	}.ServeHTTP(w, r)
}

// atRoot serves /v2/KEY/REST at the root of the host, which clients of registries know alone: Artifactory's own router, or a
// proxy before it, rewrites it (JFrog: "Get started with Artifactory as a Docker registry", repository-path method).
func (s *Server) atRoot(w http.ResponseWriter, r *http.Request, rest string) {
	key, path, _ := strings.Cut(rest, "/")
	switch rest {
	case "token":
		s.Faults.Wrap(standin.Token, http.HandlerFunc(s.imageToken)).ServeHTTP(w, r)
	case "":
		s.stats.Request(r.Method, registry.Base)
		if accountOf(r).anonymous() && !s.modes.anonymous {
			s.challengeImages(w, "http://"+r.Host+"/v2/token")
			return
		}
		answer(w, "application/json", object{})
	default:
		rewritten := r.Clone(r.Context())
		rewritten.URL.Path, rewritten.URL.RawPath = s.context+"/api/docker/"+key+"/v2/"+path, ""
		s.registry(w, rewritten, "docker", key, "/"+path)
	}
}

// challengeImages says where the token service is, as far as the server knows its own address.
func (s *Server) challengeImages(w http.ResponseWriter, realm string) {
	_, host, _ := strings.Cut(realm, "://")
	host, _, _ = strings.Cut(host, "/")
	w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="`+host+`"`)
	registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", map[string]any{})
}

// imageToken gives whoever signs in a token of an hour.
func (s *Server) imageToken(w http.ResponseWriter, r *http.Request) {
	s.stats.Request(r.Method, "token")
	who := accountOf(r)
	if who.anonymous() && !s.modes.anonymous {
		challenge(w, unauthorized)
		return
	}
	answer(w, "application/json", object{{"token", s.registryToken(who.name)}, {"expires_in", 3600}})
}

// pulls lets a request to a registry in, or answers it.
func (s *Server) pulls(w http.ResponseWriter, r *http.Request, prefix string, one *repository, c registry.Call) bool {
	who := accountOf(r)
	switch {
	case who.anonymous() && !s.modes.anonymous:
		s.challengeImages(w, s.base(r)+strings.TrimPrefix(prefix, s.context)+"/v2/token")
		return false
	case !s.reads(who, one.held.Key, c.Repository):
		registry.Fail(w, http.StatusForbidden, "DENIED", map[string]any{})
		return false
	}
	return true
}

// blobAddress is where the store has a blob, when downloads of its size are redirected.
func (s *Server) blobAddress(r *http.Request, one *repository, c registry.Call) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	item := one.held.Get(one.blobs[c.Reference])
	if item == nil || item.Folder || !s.redirected(r, item) {
		return ""
	}
	return s.store.address(item, s.clock.now().Add(s.modes.redirectExpiry))
}

// tagOf is the image and the tag that a path belongs to: the folder of a tag, or a manifest in it.
func tagOf(at string) (name, tag string) {
	at = strings.TrimSuffix(strings.TrimSuffix(at, "/manifest.json"), "/list.manifest.json")
	if slash := strings.LastIndexByte(at, '/'); slash > 0 {
		return at[:slash], at[slash+1:]
	}
	return "", ""
}

// imageLine names what a file is in the registry: a manifest by its tag or digest, or a blob.
func imageLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.Container)
	name, reference := tagOf(item.At())
	hex, isBlob := strings.CutPrefix(item.Name, "sha256__")
	switch {
	case isBlob && len(hex) == 64:
		line.Package, _ = tagOf(item.Path)
		line.Version, line.File = "sha256:"+hex, "blobs/sha256:"+hex
	case item.Name == "manifest.json", item.Name == "list.manifest.json":
		line.Package, line.Version, line.File = name, reference, "manifests/"+value(item, "docker.manifest.digest")
	}
}
