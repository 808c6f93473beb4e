package registry_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/registry"
	"pkgferry/internal/artifact"
)

// seeded is a store with everything in it, under "acme/".
func seeded() *registry.Store {
	s := registry.NewStore()
	registry.Seed(s, "acme/")
	registry.SeedOdd(s, "acme/")
	return s
}

// serve serves a registry, and returns its address.
func serve(t testing.TB, g http.Handler) string {
	t.Helper()
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server.URL
}

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request and follows no redirect; headers are "Name: value".
func ask(t testing.TB, method, address string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range headers {
		key, value, _ := strings.Cut(one, ": ")
		req.Header.Add(key, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func reference(t testing.TB, base, path string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(strings.TrimPrefix(base, "http://")+"/"+path, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// accept is a header that names every type of manifest.
var accept = "Accept: " + strings.Join([]string{
	string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
	string(types.DockerManifestSchema1Signed), string(types.DockerManifestSchema1),
}, ", ")

func TestGoContainerRegistryReadsWhatIsSeeded(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded(), Catalog: &registry.Paging{}})
	for path, isIndex := range map[string]bool{
		"acme/app:1.0": false, "acme/app:2.0": true, "acme/app:latest": true, "acme/app:list": true, "acme/tool:1": false,
		"acme/scanned:1": false, "acme/broken:good": false, "acme/many:build-0001049": false,
	} {
		desc, err := remote.Get(reference(t, base, path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if desc.MediaType.IsIndex() != isIndex {
			t.Errorf("%s is a %s", path, desc.MediaType)
		}
		if !isIndex {
			image, err := desc.Image()
			if err != nil {
				t.Fatal(err)
			}
			if err := validate.Image(image); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		for _, child := range children(t, desc) {
			if child.Platform.OS == "unknown" {
				continue // an attestation is no image
			}
			image, err := remote.Image(reference(t, base, strings.Split(path, ":")[0]+"@"+child.Digest.String()))
			if err != nil {
				t.Fatal(err)
			}
			if err := validate.Image(image); err != nil {
				t.Errorf("%s %v: %v", path, child.Platform, err)
			}
		}
	}
}

func children(t testing.TB, desc *remote.Descriptor) []v1.Descriptor {
	t.Helper()
	index, err := desc.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m.Manifests
}

func TestAnIndexHasAttestations(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded()})
	desc, err := remote.Get(reference(t, base, "acme/app:2.0"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, child := range children(t, desc) {
		got = append(got, child.Platform.OS+"/"+child.Platform.Architecture+" "+child.Annotations["vnd.docker.reference.type"])
	}
	if diff := cmp.Diff([]string{"linux/amd64 ", "linux/arm64 ", "unknown/unknown attestation-manifest", "unknown/unknown attestation-manifest"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := remote.Get(reference(t, base, "acme/app:"+artifact.FallbackTag(desc.Digest.String())+".sig")); err != nil {
		t.Errorf("the index is not signed: %v", err)
	}
}

func TestPutTakesImagesOfGoContainerRegistry(t *testing.T) {
	index, err := random.Index(512, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	s := registry.NewStore()
	m, err := s.Put("deep/er/app", "v1", index)
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, registry.Registry{Store: s})
	got, err := remote.Index(reference(t, base, "deep/er/app:v1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(got); err != nil {
		t.Error(err)
	}
	if digest, _ := got.Digest(); digest.String() != m.Digest {
		t.Errorf("digest %s, put as %s", digest, m.Digest)
	}
}

func TestTheSeedIsTheSameEveryTime(t *testing.T) {
	lines := func() []standin.DumpLine { return slices.Collect(seeded().Lines("")) }
	if diff := cmp.Diff(lines(), lines()); diff != "" {
		t.Error(diff)
	}
}

func TestErrors(t *testing.T) {
	s := seeded()
	base := serve(t, registry.Registry{Store: s, Prefix: "/repository/docker"})
	at := base + "/repository/docker/v2/"
	sum := strings.Repeat("0", 64)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "", 200, `{}`},
		{"GET", "_catalog", 404, "404 page not found"},
		{"GET", "acme/none/tags/list", 404, `{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"acme/none"}}]}`},
		{"GET", "acme/empty/tags/list", 404, `{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"acme/empty"}}]}`},
		{"GET", "acme/app/manifests/none", 404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"none"}}]}`},
		{"GET", "acme/app/manifests/sha256:" + sum, 404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Name":"acme/app","Revision":"sha256:` + sum + `"}}]}`},
		{"GET", "acme/app/blobs/sha256:" + sum, 404, `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry","detail":"sha256:` + sum + `"}]}`},
		{"GET", "acme/app/blobs/md5:" + sum[:32], 400, `{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match uploaded content","detail":{}}]}`},
		{"GET", "acme/app/referrers/sha256:" + sum, 404, "404 page not found"},
		{"PUT", "acme/app/manifests/new", 405, `{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}`},
		{"GET", strings.Repeat("a", 256) + "/tags/list", 400, `{"errors":[{"code":"NAME_INVALID","message":"invalid repository name","detail":{}}]}`},
		{"GET", "Acme/app/tags/list", 404, "404 page not found"},
	} {
		got := ask(t, c.method, at+c.path, accept)
		if got.status != c.status || strings.TrimSpace(got.body) != c.body {
			t.Errorf("%s %s: %d %s\nwant %d %s", c.method, c.path, got.status, got.body, c.status, c.body)
		}
	}
	if got := ask(t, "GET", base+"/v2/"); got.status != 404 {
		t.Errorf("without its prefix the registry answers %d", got.status)
	}
}

func TestAManifestIsWhatTheClientAccepts(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded()}) + "/v2/acme/app/manifests/"
	for _, c := range []struct {
		path, accept string
		status       int
		want         string // media type, or the message
	}{
		{"2.0", accept, 200, string(types.OCIImageIndex)},
		{"2.0", "Accept: */*", 404, "OCI index found, but accept header does not support OCI indexes"},
		{"list", accept, 200, string(types.DockerManifestList)},
		{"list", "Accept: " + string(types.DockerManifestSchema2), 200, string(types.DockerManifestSchema2)},
		{"1.0", "Accept: */*", 200, string(types.DockerManifestSchema2)},
	} {
		got := ask(t, "GET", base+c.path, c.accept)
		if kind := got.header.Get("Content-Type"); got.status != c.status || kind != c.want && !strings.Contains(got.body, c.want) {
			t.Errorf("%s with %s: %d %s %s", c.path, c.accept, got.status, kind, got.body)
		}
	}
	head, get := ask(t, "HEAD", base+"2.0", accept), ask(t, "GET", base+"2.0", accept)
	head.header.Del("Date")
	get.header.Del("Date")
	if diff := cmp.Diff(get.header, head.header); diff != "" || head.body != "" {
		t.Errorf("HEAD and GET differ: %s", diff)
	}
	digest := get.header.Get("Docker-Content-Digest")
	if got := ask(t, "GET", base+"2.0", accept, `If-None-Match: "`+digest+`"`); got.status != 304 || get.header.Get("Etag") != `"`+digest+`"` {
		t.Errorf("a manifest that the client has: %d", got.status)
	}
}

func TestSchema1HasTheDigestOfWhatIsSigned(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded()})
	got := ask(t, "GET", base+"/v2/acme/legacy/manifests/old", accept)
	var document map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.body), &document); err != nil || document["signatures"] == nil || document["fsLayers"] == nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	if kind := got.header.Get("Content-Type"); kind != string(types.DockerManifestSchema1Signed) {
		t.Error(kind)
	}
	ref := reference(t, base, "acme/legacy:old")
	if desc, err := remote.Get(ref); err != nil || desc.Digest.String() != got.header.Get("Docker-Content-Digest") {
		t.Errorf("go-containerregistry reads %v, %v", desc, err)
	}
}

func TestWhatIsBroken(t *testing.T) {
	base := serve(t, registry.Registry{Store: seeded()})
	image, err := remote.Image(reference(t, base, "acme/broken:lost-blob"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err == nil || !strings.Contains(err.Error(), "BLOB_UNKNOWN") {
		t.Errorf("an image without its blob: %v", err)
	}
	desc, err := remote.Get(reference(t, base, "acme/broken:lost-child"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, child := range children(t, desc) {
		if _, err := remote.Get(reference(t, base, "acme/broken@"+child.Digest.String())); err == nil {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d children are there", found)
	}
	windows, err := remote.Get(reference(t, base, "acme/windows:ltsc"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := v1.ParseManifest(strings.NewReader(string(windows.Manifest)))
	if err != nil || len(m.Layers) != 2 || len(m.Layers[0].URLs) != 1 {
		t.Fatalf("%v %s", err, windows.Manifest)
	}
	for i, status := range []int{404, 200} {
		if got := ask(t, "GET", fmt.Sprintf("%s/v2/acme/windows/blobs/%s", base, m.Layers[i].Digest)); got.status != status {
			t.Errorf("layer %d: %d", i, got.status)
		}
	}
}

func TestHooksMayRefuse(t *testing.T) {
	var calls []registry.Call
	g := registry.Registry{Store: seeded(), Stats: &standin.Stats{}}
	g.Allow = func(w http.ResponseWriter, r *http.Request, c registry.Call) bool {
		calls = append(calls, c)
		if r.Header.Get("Authorization") == "" {
			registry.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", nil)
			return false
		}
		return true
	}
	pulls := 0
	g.Pull = func(w http.ResponseWriter, r *http.Request, _ registry.Call, m registry.Manifest) bool {
		if r.Method == http.MethodGet {
			pulls++
		}
		w.Header().Set("Ratelimit-Remaining", fmt.Sprint(2-pulls))
		if pulls > 2 {
			registry.Fail(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", m.Digest)
		}
		return pulls <= 2
	}
	base := serve(t, g) + "/v2/acme/app/"
	for i, c := range []struct {
		method, path, credential string
		status                   int
	}{
		{"GET", "manifests/1.0", "", 401}, {"HEAD", "manifests/1.0", "Bearer x", 200}, {"GET", "manifests/1.0", "Bearer x", 200},
		{"GET", "manifests/none", "Bearer x", 404}, {"GET", "manifests/2.0", "Bearer x", 200}, {"GET", "manifests/2.0", "Bearer x", 429},
		{"GET", "tags/list", "Bearer x", 200},
	} {
		if got := ask(t, c.method, base+c.path, "Authorization: "+c.credential, accept); got.status != c.status {
			t.Errorf("request %d: %d %s", i, got.status, got.body)
		}
	}
	if want := (registry.Call{Route: registry.Manifests, Repository: "acme/app", Reference: "1.0"}); calls[0] != want || len(calls) != 7 {
		t.Errorf("calls %v", calls)
	}
	if diff := cmp.Diff(map[string]int{"GET manifest": 5, "HEAD manifest": 1, "GET tags": 1}, g.Stats.Counts().Requests); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsStrike(t *testing.T) {
	for fault, path := range map[string]string{
		"503@list=1": "tags/list", "503@manifest=1": "manifests/1.0", "503@blob=1": "", "flip@blob=1": "", "short@read=1": "",
	} {
		parsed, err := standin.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		s := seeded()
		m, _ := s.Manifest("acme/app", "1.0")
		parts, err := v1.ParseManifest(strings.NewReader(string(m.Body)))
		if err != nil {
			t.Fatal(err)
		}
		if path == "" {
			path = "blobs/" + parts.Layers[0].Digest.String()
		}
		faults := standin.NewFaults([]standin.Fault{parsed}, 1)
		faults.Refuse = registry.Refuse
		base := serve(t, registry.Registry{Store: s, Faults: faults}) + "/v2/acme/app/"
		bad, good := ask(t, "GET", base+path, accept), ask(t, "GET", base+path, accept)
		if good.status != 200 || bad.status == 503 != strings.HasPrefix(fault, "503") || bad.body == good.body {
			t.Errorf("%s: %d %s, then %d", fault, bad.status, bad.body, good.status)
		}
		if bad.status == 503 && !strings.Contains(bad.body, `"code":"UNAVAILABLE"`) {
			t.Errorf("%s is worded %s", fault, bad.body)
		}
	}
}
