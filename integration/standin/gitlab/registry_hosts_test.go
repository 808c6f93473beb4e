package gitlab_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/gitlab"
)

// counts reads the statistics.
func (c client) counts() (counts standin.Counts) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.want(200, "*", "GET", "/_standin/stats", "").body), &counts); err != nil {
		c.t.Fatal(err)
	}
	return counts
}

// another serves the same stand-in at one more address.
func another(t testing.TB, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// spread is a stand-in whose registry, object store and uploads have addresses of their own.
func spread(t testing.TB) (c client, at map[string]string) {
	t.Helper()
	server, err := gitlab.New(standin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	at = map[string]string{}
	for _, name := range []string{"gitlab", "registry", "store", "uploads"} {
		at[name] = another(t, server)
	}
	c = client{t, at["gitlab"], server.Ready("").Token}
	host := func(name string) string { return strings.TrimPrefix(at[name], "http://") }
	c.mutate(fmt.Sprintf(`{"mode":{"external_url":%q,"registry.host":%q,"registry.store":%q,"registry.upload.host":%q}}`,
		at["gitlab"], host("registry"), at["store"], host("uploads")))
	return c, at
}

// TestHosts checks which address answers what, and which credential belongs where.
func TestHosts(t *testing.T) {
	c, at := spread(t)
	r := c.pusher(app)
	c.want(404, "*", "GET", "/v2/", "")
	r.url = at["registry"]
	r.client.want(404, "*", "GET", "/api/v4/version", "")
	r.want(200, "{}", "GET", "/v2/", "")
	got := r.client.do("GET", "/v2/", "")
	if want := `Bearer realm="` + at["gitlab"] + `/jwt/auth",service="container_registry"`; got.header.Get("WWW-Authenticate") != want {
		t.Errorf("challenge %s", got.header.Get("WWW-Authenticate"))
	}
	if project := c.object(imagesAPI); project["container_registry_image_prefix"] != strings.TrimPrefix(at["registry"], "http://")+"/"+imageProject {
		t.Errorf("prefix %v", project["container_registry_image_prefix"])
	}

	location := r.want(202, "", "POST", "/v2/"+app+"/blobs/uploads/", "").header.Get("Location")
	if !strings.HasPrefix(location, at["uploads"]+"/v2/") {
		t.Fatalf("upload at %s", location)
	}
	uploads := client{t, at["uploads"], ""}
	uploads.want(404, "*", "PUT", strings.Replace(local(t, location), "_state=", "_state=x", 1)+"&digest="+sha("blob"), "blob")
	uploads.want(201, "*", "PUT", local(t, location)+"&digest="+sha("blob"), "blob")

	location = r.want(307, "*", "GET", "/v2/"+app+"/blobs/"+sha("blob"), "").header.Get("Location")
	if !strings.HasPrefix(location, at["store"]+"/") {
		t.Fatalf("blob at %s", location)
	}
	store := client{t, at["store"], ""}
	store.want(200, "blob", "GET", local(t, location), "")
	store.want(403, "*", "GET", strings.Split(local(t, location), "?")[0], "")
	if n := c.counts().ForeignCredentials; n != 0 {
		t.Fatalf("%d foreign credentials before there were any", n)
	}
	for i, send := range []func(){
		func() { store.want(400, "*", "GET", local(t, location), "", "Authorization: Bearer "+r.bearer) },
		func() { r.client.do("GET", "/v2/", "", basic("any", c.token)) },
		func() { r.client.do("GET", "/v2/", "", "PRIVATE-TOKEN: "+c.token) },
		func() { r.client.do("GET", "/v2/", "", "JOB-TOKEN: standin-job") },
		func() { c.as("").do("GET", "/api/v4/version", "", "Authorization: Bearer "+r.bearer) },
		func() { uploads.do("GET", "/v2/"+app+"/blobs/uploads/0", "", "Authorization: Bearer "+r.bearer) },
	} {
		send()
		if n := c.counts().ForeignCredentials; n != i+1 {
			t.Errorf("%d foreign credentials after %d were sent", n, i+1)
		}
	}
	c.want(200, "*", "GET", "/api/v4/version", "", "Authorization: Bearer "+c.token)
	if n := c.counts().ForeignCredentials; n != 6 {
		t.Error("a personal token as bearer is foreign to the API")
	}
}

// TestRegistryModes refuses values that are none.
func TestRegistryModes(t *testing.T) {
	for _, word := range []string{
		"registry=maybe", "registry.database=1", "registry.token=0s", "registry.token=1500ms", "registry.token=x", "registry.leeway=-1s",
		"registry.host=http://x", "registry.upload.host=a/b", "registry.store=x", "registry.token.json=all", "storage=half", "registry.colour=red",
	} {
		modes, err := standin.ParseModes([]string{word})
		if err != nil {
			t.Fatal(err)
		}
		if server, err := gitlab.New(standin.Options{Modes: modes}); err == nil {
			_ = server.Close()
			t.Errorf("%s is accepted", word)
		}
	}
}

// TestRegistryFaults checks where faults strike and how they are worded.
func TestRegistryFaults(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	digest := r.pushed(app, "v1", "layer")
	manifest, blob := "/v2/"+app+"/manifests/v1", "/v2/"+app+"/blobs/"+sha("layer")
	body := r.want(200, "", "GET", manifest, "", acceptAll).body
	index := list(ociIndex, descriptor(ociImage, digest))
	for _, row := range []struct {
		fault, method, path, body, kind, answer string
		status                                  int
	}{
		{"429@manifest", "GET", manifest, "", "", "TOOMANYREQUESTS", 429},
		{"409@manifest", "PUT", manifest, body, ociImage, "RENAME_IN_PROGRESS", 409},
		{"404@manifest", "GET", manifest, "", "", "MANIFEST_UNKNOWN", 404},
		{"503@index", "PUT", manifest, index, ociIndex, "UNAVAILABLE", 503},
		{"500@blob", "GET", blob, "", "", "UNKNOWN", 500},
		{"401@blob", "GET", blob, "", "", "UNAUTHORIZED", 401},
		{"502@read", "GET", blob, "", "", "502 Bad Gateway", 502},
		{"503@upload", "POST", "/v2/" + app + "/blobs/uploads/", "", "", "UNAVAILABLE", 503},
		{"flip@manifest", "PUT", "/v2/" + app + "/manifests/" + digest, body, ociImage, "*", 400},
		{"flip@upload", "PUT", r.begin(app) + "&digest=" + sha("blob"), "blob", "", "DIGEST_INVALID", 400},
		{"500@stored", "PUT", "/v2/" + app + "/manifests/v2", body, ociImage, "UNKNOWN", 500},
		{"403@list", "GET", "/v2/" + app + "/tags/list", "", "", "DENIED", 403},
	} {
		t.Run(row.fault, func(t *testing.T) {
			r := r
			r.t = t
			r.mutate(`{"fault":"` + row.fault + `=1"}`)
			got := r.want(row.status, row.answer, row.method, row.path, row.body, acceptAll, "Content-Type: "+row.kind)
			if row.status == 429 && got.header.Get("Retry-After") != "1" || row.status == 401 && !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
				t.Errorf("headers: %v", got.header)
			}
		})
	}
	r.want(200, body, "GET", "/v2/"+app+"/manifests/v2", "", acceptAll) // it was stored, and the client did not learn it
	r.want(201, "", "PUT", manifest, index, "Content-Type: "+ociIndex)
	c.mutate(`{"fault":"500@token=1"}`)
	if got := c.ask("any", c.token); got.status != 500 {
		t.Errorf("token: %d", got.status)
	}
	c.mutate(`{"fault":"401@token=1"}`)
	if got := c.ask("any", c.token); got.status != 401 || codes(got.body) != "UNAUTHORIZED" {
		t.Errorf("token: %d %s", got.status, got.body)
	}
}

// TestRegistryBook checks what is counted, dumped, corrupted and deleted by hand.
func TestRegistryBook(t *testing.T) {
	c := start(t)
	r := c.pusher(app, imageProject)
	digest := r.pushed(app, "v1", "layer")
	r.pushed(app, "v1", "layer")
	r.pushed(imageProject, "v1", "layer")
	counts := c.counts()
	for key, want := range map[string]int{
		app[:len(imageProject)] + "/container/app/v1/manifests/" + digest:                                  2,
		imageProject + "/container/app/" + sha("layer") + "/blobs/" + sha("layer"):                         2,
		imageProject + "/container//" + sha("layer") + "/blobs/" + sha("layer"):                            1,
		imageProject + "/container/app/" + sha("not pushed at all") + "/blobs/" + sha("not pushed at all"): 0,
	} {
		if counts.Writes[key] != want {
			t.Errorf("%s was written %d times, want %d", key, counts.Writes[key], want)
		}
	}
	if counts.Requests["PUT registry upload"] != 6 || counts.Requests["PUT registry manifest"] != 3 || counts.Requests["GET jwt"] != 1 {
		t.Errorf("requests: %v", counts.Requests)
	}
	dump := strings.Join(c.dump(), "\n")
	for _, line := range []string{
		"app v1 manifests/" + digest, "app " + digest + " manifests/" + digest, "app " + sha("layer") + " blobs/" + sha("layer") + " 5", " v1 manifests/" + digest,
	} {
		if !strings.Contains(dump, line) {
			t.Errorf("%s is not in\n%s", line, dump)
		}
	}
	place := func(name, version, file string) string {
		return fmt.Sprintf(`{"project":%q,"format":"container","package":%q,"version":%q,"file":%q}`, imageProject, name, version, file)
	}
	c.mutate(`{"corrupt":` + place("app", "", "blobs/"+sha("layer")) + `}`)
	r.want(200, "laYer", "GET", "/v2/"+app+"/blobs/"+sha("layer"), "")
	c.mutate(`{"corrupt":` + place("app", "", "manifests/"+digest) + `}`)
	if got := r.want(200, "", "GET", "/v2/"+app+"/manifests/v1", "", acceptAll); sha(got.body) == digest {
		t.Error("the manifest is whole")
	}
	c.mutate(`{"delete":` + place("app", "v1", "") + `}`)
	r.want(404, "MANIFEST_UNKNOWN", "GET", "/v2/"+app+"/manifests/v1", "", acceptAll)
	r.want(200, "", "GET", "/v2/"+app+"/manifests/"+digest, "", acceptAll)
	c.mutate(`{"delete":` + place("app", digest, "") + `}`)
	r.want(404, "MANIFEST_UNKNOWN", "GET", "/v2/"+app+"/manifests/"+digest, "", acceptAll)
	c.mutate(`{"delete":` + place("", "", "blobs/"+sha("layer")) + `}`)
	r.want(404, "BLOB_UNKNOWN", "GET", "/v2/"+app+"/blobs/"+sha("layer"), "")
	for _, body := range []string{
		`{"delete":` + place("app", "absent", "") + `}`, `{"delete":` + place("absent", "v1", "") + `}`, `{"corrupt":` + place("app", "", "blobs/x") + `}`,
		`{"protect_tag":{"project":"absent","pattern":"x"}}`, `{"protect_tag":{"project":"` + imageProject + `","pattern":"x","push":"owner"}}`,
		`{"set":{"project":"` + imageProject + `","container_registry":"perhaps"}}`,
	} {
		c.want(400, "*", "POST", "/_standin/mutate", body)
	}
}

// TestTogetherInTheRegistry pushes the same blobs from many sides at once.
func TestTogetherInTheRegistry(t *testing.T) {
	c := start(t)
	const pushers = 8
	repositories := []string{}
	for i := range pushers {
		repositories = append(repositories, fmt.Sprintf("%s/r%d", imageProject, i%3))
	}
	r := c.pusher(repositories...)
	var all sync.WaitGroup
	for i := range pushers {
		all.Go(func() {
			for j := range 6 {
				r.pushed(repositories[i], fmt.Sprintf("v%d-%d", i, j), fmt.Sprintf("layer %d", j))
				r.want(200, "", "GET", "/v2/"+repositories[i]+"/tags/list", "")
				c.advance("1s")
			}
		})
	}
	all.Wait()
	lines := strings.Join(c.dump(), "\n")
	if tags, blobs := strings.Count(lines, " v"), strings.Count(lines, " blobs/"); tags != pushers*6 || blobs != 3*7 {
		t.Errorf("%d tags and %d blobs", tags, blobs)
	}
}

// TestRegistryMemory streams a blob far larger than what the server may allocate for it.
func TestRegistryMemory(t *testing.T) {
	const size = 96 << 20
	c := start(t)
	r := c.pusher(app)
	req, err := http.NewRequest("PATCH", c.url+r.begin(app), io.LimitReader(repeat("A"), size))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.bearer)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	runtime.ReadMemStats(&after)
	if want := fmt.Sprintf("0-%d", size-1); resp.StatusCode != 202 || resp.Header.Get("Range") != want {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > size/8 {
		t.Errorf("%d bytes were allocated for %d", allocated, size)
	}
}
