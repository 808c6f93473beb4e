package gitlab_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestManifestTypes pushes manifests of every type, as every type.
func TestManifestTypes(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	config, layer := r.blob(app, "{}"), r.blob(app, "layer")
	docker := image(dockerImage, descriptor("application/vnd.docker.container.image.v1+json", config), descriptor(dockerLayer, layer))
	oci := image(ociImage, descriptor(ociConfig, config), descriptor(ociLayer, layer))
	untyped := strings.Replace(oci, `"mediaType":"`+ociImage+`",`, "", 1)
	child := descriptor(dockerImage, r.put(app, "", dockerImage, docker))
	for _, row := range []struct {
		name, mediaType, body, answer string
		status                        int
	}{
		{"Docker", dockerImage, docker, "", 201},
		{"Docker with parameters", dockerImage + "; charset=utf-8", docker, "", 201},
		{"Docker as JSON", "application/json", docker, "", 201},
		{"Docker as nothing", "", docker, "", 201},
		{"Docker as anything", "application/x-anything", docker, "", 201},
		{"Docker as OCI", ociImage, docker, "MANIFEST_INVALID", 400},
		{"OCI", ociImage, oci, "", 201},
		{"OCI without its type", ociImage, untyped, "", 201},
		{"OCI as Docker", dockerImage, oci, "MANIFEST_INVALID", 400},
		{"OCI without its type, as Docker", dockerImage, untyped, "MANIFEST_INVALID", 400},
		{"list", dockerList, list(dockerList, child), "", 201},
		{"list as index", ociIndex, list(dockerList, child), "MANIFEST_INVALID", 400},
		{"index", ociIndex, list(ociIndex, child), "", 201},
		{"index without its type", ociIndex, strings.Replace(list(ociIndex, child), `"mediaType":"`+ociIndex+`",`, "", 1), "", 201},
		{"list without its type", dockerList, strings.Replace(list(dockerList, child), `"mediaType":"`+dockerList+`",`, "", 1), "MANIFEST_INVALID", 400},
		{"schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", `{"schemaVersion":1}`,
			`{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":"manifest type unsupported"}]}`, 400},
		{"unsigned schema 1", "application/vnd.docker.distribution.manifest.v1+json", `{"schemaVersion":1}`, "MANIFEST_INVALID", 400},
		{"bad type", "a/b/c", docker, "MANIFEST_INVALID", 400},
		{"no JSON", ociImage, "{", "MANIFEST_INVALID", 400},
		{"schemaVersion 1", ociImage, strings.Replace(oci, `"schemaVersion":2`, `"schemaVersion":1`, 1), "UNKNOWN", 500},
		{"schemaVersion 3 of an index", ociIndex, strings.Replace(list(ociIndex, child), `"schemaVersion":2`, `"schemaVersion":3`, 1), "UNKNOWN", 500},
		{"4 MiB", ociImage, oci + strings.Repeat(" ", 4<<20-len(oci)), "", 201},
		{"more than 4 MiB", ociImage, oci + strings.Repeat(" ", 4<<20-len(oci)+1), "MANIFEST_INVALID", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := r
			r.t = t
			r.want(row.status, row.answer, "PUT", "/v2/"+app+"/manifests/v1", row.body, "Content-Type: "+row.mediaType)
		})
	}
	r.want(400, "DIGEST_INVALID", "PUT", "/v2/"+app+"/manifests/"+sha("other"), oci, "Content-Type: "+ociImage)
}

// TestReferences checks that what a manifest refers to must be there first, in its own repository.
func TestReferences(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		t.Run("database "+database, func(t *testing.T) {
			c := start(t, "registry.database="+database)
			nothing := 400 // where nothing was pushed, the database fails
			if database == "on" {
				nothing = 500
			}
			fresh, other := imageProject+"/fresh", imageProject+"/other"
			r := c.pusher(app, other, fresh)
			config, layer := r.blob(app, "{}"), r.blob(app, "layer")
			r.blob(other, "elsewhere")
			put := func(status int, answer, repository, mediaType, body string) {
				t.Helper()
				r := r
				r.t = t
				r.want(status, answer, "PUT", "/v2/"+repository+"/manifests/v1", body, "Content-Type: "+mediaType)
			}
			one := func(layers string, more ...string) string {
				return image(ociImage, descriptor(ociConfig, config), layers, more...)
			}
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociImage, one(descriptor(ociLayer, sha("elsewhere"))))
			put(400, "MANIFEST_BLOB_UNKNOWN MANIFEST_BLOB_UNKNOWN", app, ociImage,
				one(descriptor(ociLayer, sha("a"))+","+descriptor(ociLayer, layer)+","+descriptor(ociLayer, sha("b"))))
			put(400, "DIGEST_INVALID MANIFEST_BLOB_UNKNOWN", app, ociImage, one(descriptor(ociLayer, "sha256:short")))
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociIndex, list(ociIndex, descriptor(ociImage, sha("child"))))
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociIndex, list(ociIndex, descriptor(ociImage, layer))) // a blob is no child
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociImage, one("", `"subject":`+descriptor(ociImage, sha("subject"))))
			put(nothing, "*", fresh, ociIndex, list(ociIndex, descriptor(ociImage, sha("child"))))
			put(nothing, "*", fresh, ociImage, one(""))

			const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
			with := func(u string) string {
				return image(dockerImage, descriptor("application/vnd.docker.container.image.v1+json", config), descriptor(foreign, sha("a"), `"urls":[`+u+`]`))
			}
			put(201, "", app, dockerImage, with(`"https://layers.example/a"`))
			put(500, "UNKNOWN MANIFEST_BLOB_UNKNOWN", app, dockerImage, with(""))
			put(500, "UNKNOWN MANIFEST_BLOB_UNKNOWN", app, dockerImage, with(`"ftp://layers.example/a"`))
			put(201, "", app, ociImage, one(descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar", sha("a"), `"urls":["https://layers.example/a"]`)))

			subject := r.put(app, "v1", ociImage, one(descriptor(ociLayer, layer)))
			got := r.want(201, "", "PUT", "/v2/"+app+"/manifests/v2", one("", `"subject":`+descriptor(ociImage, subject)), "Content-Type: "+ociImage)
			if got.header.Get("Oci-Subject") != "" {
				t.Error("OCI-Subject is sent")
			}
			put(201, "", app, ociIndex, list(ociIndex, descriptor(ociImage, subject)))

			// An index of blobs passes for BuildKit's cache, and only for that.
			const cache = "application/vnd.buildkit.cacheconfig.v0"
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociIndex, list(ociIndex, descriptor(ociLayer, layer)))
			put(201, "", app, ociIndex, list(ociIndex, descriptor(ociLayer, layer), descriptor(cache, config)))
			put(400, "MANIFEST_BLOB_UNKNOWN", app, ociIndex, list(ociIndex, descriptor(ociLayer, sha("a")), descriptor(cache, config)))
			if got := r.want(200, "", "GET", "/v2/"+app+"/manifests/v1", "", acceptAll); got.header.Get("Content-Type") != ociIndex {
				t.Errorf("a cache is served as %s", got.header.Get("Content-Type"))
			}
		})
	}
}

// TestMediaTypes checks that the database takes known types only, of layers any.
func TestMediaTypes(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		t.Run("database "+database, func(t *testing.T) {
			c := start(t, "registry.database="+database)
			r := c.pusher(app)
			config, layer := r.blob(app, "{}"), descriptor(ociLayer, r.blob(app, "layer"))
			status := map[string]int{"on": 400, "off": 201}[database]
			for name, body := range map[string]string{
				"config":       image(ociImage, descriptor("application/vnd.acme.thing+json", config), layer),
				"artifactType": image(ociImage, descriptor(ociConfig, config), layer, `"artifactType":"application/vnd.acme.thing+json"`),
			} {
				got := r.want(status, "*", "PUT", "/v2/"+app+"/manifests/v1", body, "Content-Type: "+ociImage)
				if status == 400 && !strings.Contains(got.body, `"detail":"unknown media type: application/vnd.acme.thing+json"`) {
					t.Errorf("%s: %s", name, got.body)
				}
			}
			for name, body := range map[string]string{
				"layer":    image(ociImage, descriptor(ociConfig, config), descriptor("application/vnd.acme.thing", sha("layer"))),
				"artifact": image(ociImage, descriptor("application/vnd.oci.empty.v1+json", config), layer, `"artifactType":"application/vnd.cncf.helm.config.v1+json"`),
			} {
				if got := r.want(201, "", "PUT", "/v2/"+app+"/manifests/v1", body, "Content-Type: "+ociImage); got.status != 201 {
					t.Errorf("%s: %s", name, got.body)
				}
			}
		})
	}
}

// TestAccept reads manifests with more and less in the Accept header.
func TestAccept(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	config, layer := r.blob(app, "{}"), r.blob(app, "layer")
	arm := image(dockerImage, descriptor("application/vnd.docker.container.image.v1+json", config), descriptor(dockerLayer, layer))
	amd := arm + " "
	entry := func(digest, platform string) string {
		return descriptor(dockerImage, digest, `"platform":{"os":"linux","architecture":"`+platform+`"}`)
	}
	both := list(dockerList, entry(r.put(app, "", dockerImage, arm), "arm64"), entry(r.put(app, "", dockerImage, amd), "amd64"))
	r.put(app, "list", dockerList, both)
	r.put(app, "arm", dockerList, list(dockerList, entry(sha(arm), "arm64")))
	oci := image(ociImage, descriptor(ociConfig, config), descriptor(ociLayer, layer))
	r.put(app, "oci", ociImage, oci)
	index := list(ociIndex, descriptor(ociImage, sha(oci)))
	r.put(app, "index", ociIndex, index)
	for _, row := range []struct {
		name, reference, accept, body, digest string
		status                                int
	}{
		{"Docker", sha(arm), "", arm, sha(arm), 200},
		{"list", "list", dockerList, both, sha(both), 200},
		{"list among others", "list", dockerImage + ", " + dockerList + ";q=0.5", both, sha(both), 200},
		{"list by tag, rewritten", "list", "", amd, sha(amd), 200},
		{"list by tag, rewritten for */*", "list", "*/*", amd, sha(amd), 200},
		{"list by digest", sha(both), "", both, sha(both), 200},
		{"list without the default platform", "arm", "", "MANIFEST_UNKNOWN", "", 404},
		{"OCI", "oci", ociImage, oci, sha(oci), 200},
		{"OCI without Accept", "oci", "*/*", "MANIFEST_UNKNOWN", "", 404},
		{"OCI by digest without Accept", sha(oci), dockerImage, "MANIFEST_UNKNOWN", "", 404},
		{"index", "index", ociIndex, index, sha(index), 200},
		{"index without Accept", "index", ociImage,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"OCI index found, but accept header does not support OCI indexes"}]}`, "", 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := r
			r.t = t
			path := "/v2/" + app + "/manifests/" + row.reference
			got := r.want(row.status, row.body, "GET", path, "", "Accept: "+row.accept)
			if row.status == 200 && got.body != row.body || got.header.Get("Docker-Content-Digest") != row.digest {
				t.Errorf("answers %s %q", got.header.Get("Docker-Content-Digest"), got.body)
			}
			head := r.want(row.status, "", "HEAD", path, "", "Accept: "+row.accept)
			if row.status == 200 && head.header.Get("Content-Length") != fmt.Sprint(len(row.body)) {
				t.Errorf("HEAD: %v", head.header)
			}
		})
	}
	r.want(304, "", "GET", "/v2/"+app+"/manifests/oci", "", acceptAll, `If-None-Match: "`+sha(oci)+`"`)
}

// TestTags moves, lists and deletes them.
func TestTags(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	names := []string{}
	for i := range 105 {
		name := fmt.Sprintf("v%03d", i)
		r.pushed(app, name, "layer")
		names = append(names, `"`+name+`"`)
	}
	tags := "/v2/" + app + "/tags/list"
	page := func(names []string) string {
		return fmt.Sprintf(`{"name":%q,"tags":[%s]}`, app, strings.Join(names, ","))
	}
	got := r.want(200, page(names[:100]), "GET", tags, "")
	if link := got.header.Get("Link"); link != "<"+tags+`?last=v099&n=100>; rel="next"` {
		t.Errorf("link %q", link)
	}
	if got = r.want(200, page(names[100:]), "GET", tags+"?last=v099&n=100", ""); got.header.Get("Link") != "" {
		t.Errorf("link of the last page: %q", got.header.Get("Link"))
	}
	r.want(200, page(names), "GET", tags+"?n=10000", "")
	r.want(200, page(names[:100]), "GET", tags+"?n=-1", "")
	r.want(200, fmt.Sprintf(`{"name":%q,"tags":null}`, app), "GET", tags+"?last=zzz", "")
	c.mutate(`{"mode":{"registry.database":"off"}}`)
	if got = r.want(200, "", "GET", tags+"?n=2", ""); strings.Count(got.body, `"v`) != 105 || got.header.Get("Link") != "" {
		t.Errorf("without database: %s %v", got.body, got.header)
	}
	c.mutate(`{"mode":{"registry.database":"on"}}`)

	old := r.want(200, "", "HEAD", "/v2/"+app+"/manifests/v000", "", acceptAll).header.Get("Docker-Content-Digest")
	moved := r.pushed(app, "v000", "another layer")
	if now := r.want(200, "", "HEAD", "/v2/"+app+"/manifests/v000", "", acceptAll).header.Get("Docker-Content-Digest"); now != moved || now == old {
		t.Errorf("the tag is at %s", now)
	}
	index := r.put(app, "index", ociIndex, list(ociIndex, descriptor(ociImage, moved)))
	deleter := c.registry(c.token, "repository:"+app+":delete,pull")
	r.want(401, "UNAUTHORIZED", "DELETE", "/v2/"+app+"/manifests/v000", "")
	deleter.want(202, "", "DELETE", "/v2/"+app+"/manifests/v000", "")
	deleter.want(404, "MANIFEST_UNKNOWN", "DELETE", "/v2/"+app+"/manifests/v000", "")
	deleter.want(409, "MANIFEST_REFERENCED", "DELETE", "/v2/"+app+"/manifests/"+moved, "")
	deleter.want(202, "", "DELETE", "/v2/"+app+"/manifests/"+index, "")
	deleter.want(404, "MANIFEST_UNKNOWN", "GET", "/v2/"+app+"/manifests/index", "", acceptAll)
	deleter.want(202, "", "DELETE", "/v2/"+app+"/manifests/"+moved, "")
}

// TestProtectedTags checks what the registry refuses although the token grants a push: after the blobs, without a challenge.
func TestProtectedTags(t *testing.T) {
	c := start(t)
	c.mutate(fmt.Sprintf(`{"protect_tag":{"project":%q,"pattern":"^v","push":"maintainer","delete":"maintainer"}}`, imageProject))
	c.mutate(fmt.Sprintf(`{"protect_tag":{"project":%q,"pattern":"final"}}`, imageProject))
	r, boss := c.pusher(app), c.registry(c.token, "repository:"+app+":pull,push,delete")
	digest := r.pushed(app, "final", "layer")
	body := r.want(200, "", "GET", "/v2/"+app+"/manifests/final", "", acceptAll).body
	for _, row := range []struct {
		who          registry
		method, tag  string
		status       int
		code, detail string
	}{
		{r, "PUT", "v1", 401, "PROTECTED_TAG", `tag \"v1\" is protected`},
		{r, "PUT", "final", 401, "IMMUTABLE_TAG", `tag \"final\" is immutable`}, // with the digest that it has
		{boss, "PUT", "v1", 201, "", ""},
		{boss, "PUT", "final", 401, "IMMUTABLE_TAG", "immutable"},
		{boss, "DELETE", "final", 401, "IMMUTABLE_TAG", "immutable"},
		{boss, "DELETE", digest, 401, "PROTECTED_MANIFEST", ""},
		{boss, "DELETE", "v1", 202, "", ""},
	} {
		got := row.who.want(row.status, row.code, row.method, "/v2/"+app+"/manifests/"+row.tag, body, "Content-Type: "+ociImage)
		if got.header.Get("WWW-Authenticate") != "" || !strings.Contains(got.body, row.detail) {
			t.Errorf("%s %s: %v %s", row.method, row.tag, got.header, got.body)
		}
	}
	for i := range 4 {
		c.mutate(fmt.Sprintf(`{"protect_tag":{"project":%q,"pattern":"x%d","push":"owner","delete":"owner"}}`, imageProject, i))
	}
	c.pusher(app).want(400, "TAG_PATTERN_COUNT_LIMIT_EXCEEDED", "PUT", "/v2/"+app+"/manifests/free", body, "Content-Type: "+ociImage)
}

// TestRegistryStates checks read-only mode, a project that is renamed, and one without a registry.
func TestRegistryStates(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	r.pushed(app, "v1", "layer")
	c.mutate(`{"mode":{"registry.readonly":"true"}}`)
	got := r.want(405, "Method Not Allowed", "POST", "/v2/"+app+"/blobs/uploads/", "")
	if got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("allowed: %q", got.header.Get("Allow"))
	}
	r.want(200, "", "GET", "/v2/"+app+"/manifests/v1", "", acceptAll)
	c.mutate(`{"mode":{"registry.readonly":"false"}}`)
	c.mutate(fmt.Sprintf(`{"set":{"project":%q,"renaming":true}}`, imageProject))
	r.want(409, "RENAME_IN_PROGRESS", "POST", "/v2/"+app+"/blobs/uploads/", "")
	r.want(200, "", "GET", "/v2/"+app+"/manifests/v1", "", acceptAll)
	c.mutate(fmt.Sprintf(`{"set":{"project":%q,"renaming":false,"container_registry":"disabled"}}`, imageProject))
	if _, claims := c.grant("any", c.token, "repository:"+app+":pull,push"); claims.granted() != "" {
		t.Errorf("granted %s", claims.granted())
	}
	r.want(202, "", "POST", "/v2/"+app+"/blobs/uploads/", "") // what was granted before goes on
}
