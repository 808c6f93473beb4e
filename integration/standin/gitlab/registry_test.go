package gitlab_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// The types of manifests.
const (
	dockerImage = "application/vnd.docker.distribution.manifest.v2+json"
	dockerList  = "application/vnd.docker.distribution.manifest.list.v2+json"
	ociImage    = "application/vnd.oci.image.manifest.v1+json"
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	acceptAll   = "Accept: " + dockerImage + "," + dockerList + ", " + ociImage + "," + ociIndex
)

// registry is a client that has a token for some repositories.
type registry struct {
	client
	bearer string
}

// registry asks for a token as the holder of a credential.
func (c client) registry(password string, scopes ...string) registry {
	c.t.Helper()
	token, _ := c.grant("any", password, scopes...)
	return registry{c.as(""), token}
}

// pusher may push to repositories of the stand-in's project for images.
func (c client) pusher(repositories ...string) registry {
	scopes := []string{}
	for _, one := range repositories {
		scopes = append(scopes, "repository:"+one+":pull,push")
	}
	return c.registry("standin-developer", scopes...)
}

func (r registry) do(method, path, body string, header ...string) reply {
	r.t.Helper()
	return r.client.do(method, path, body, append(header, "Authorization: Bearer "+r.bearer)...)
}

// want sends a request and checks status and, unless it is "*", what the answer begins with or the codes of its errors.
func (r registry) want(status int, answer, method, path, body string, header ...string) reply {
	r.t.Helper()
	got := r.do(method, path, body, header...)
	if got.status != status || answer != "*" && !strings.HasPrefix(got.body, answer) && codes(got.body) != answer {
		r.t.Errorf("%s %s: %d %s, want %d %s", method, path, got.status, got.body, status, answer)
	}
	return got
}

// codes are those of an answer's errors.
func codes(body string) string {
	var answer struct{ Errors []struct{ Code string } }
	if json.Unmarshal([]byte(body), &answer) != nil {
		return ""
	}
	all := []string{}
	for _, one := range answer.Errors {
		all = append(all, one.Code)
	}
	return strings.Join(all, " ")
}

func sha(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// local is the path and query of an address of the registry.
func local(t testing.TB, location string) string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.RequestURI()
}

// begin starts an upload and returns where it goes on.
func (r registry) begin(repository string) string {
	r.t.Helper()
	got := r.want(202, "", "POST", "/v2/"+repository+"/blobs/uploads/", "")
	return local(r.t, got.header.Get("Location"))
}

// blob pushes a blob and returns its digest.
func (r registry) blob(repository, body string) string {
	r.t.Helper()
	digest := sha(body)
	r.want(201, "", "PUT", r.begin(repository)+"&digest="+digest, body)
	return digest
}

// part is a descriptor as JSON.
func descriptor(mediaType, digest string, more ...string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":4%s}`, mediaType, digest, strings.Join(append([]string{""}, more...), ","))
}

// image is a manifest as JSON; more are further members.
func image(mediaType, config, layers string, more ...string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]%s}`, mediaType, config, layers,
		strings.Join(append([]string{""}, more...), ","))
}

func list(mediaType string, entries ...string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, mediaType, strings.Join(entries, ","))
}

// put pushes a manifest and returns its digest.
func (r registry) put(repository, tag, mediaType, body string) string {
	r.t.Helper()
	digest := sha(body)
	if tag == "" {
		tag = digest
	}
	got := r.want(201, "", "PUT", "/v2/"+repository+"/manifests/"+tag, body, "Content-Type: "+mediaType)
	if got.header.Get("Docker-Content-Digest") != digest || !strings.HasSuffix(got.header.Get("Location"), "/manifests/"+digest) {
		r.t.Errorf("pushed manifest: %v", got.header)
	}
	return digest
}

// pushed pushes an OCI image of one layer, whose text makes it unique.
func (r registry) pushed(repository, tag, text string) (digest string) {
	r.t.Helper()
	config := descriptor(ociConfig, r.blob(repository, "{}"))
	return r.put(repository, tag, ociImage, image(ociImage, config, descriptor(ociLayer, r.blob(repository, text))))
}

// TestChallenge checks what the registry says to those without the right token.
func TestChallenge(t *testing.T) {
	c := start(t)
	realm := `Bearer realm="` + c.url + `/jwt/auth",service="container_registry"`
	scope := `,scope="repository:` + app + `:`
	puller := c.registry("standin-reporter", "repository:"+app+":pull,push")
	for _, row := range []struct {
		name, method, path, bearer, challenge string
	}{
		{"base", "GET", "/v2/", "", realm},
		{"nonsense", "GET", "/v2/", "a.b.c", realm + `,error="invalid_token"`},
		{"pull", "GET", "/v2/" + app + "/manifests/v1", "", realm + scope + `pull"`},
		{"push", "PUT", "/v2/" + app + "/manifests/v1", "", realm + scope + `pull,push"`},
		{"delete", "DELETE", "/v2/" + app + "/manifests/v1", "", realm + scope + `delete"`},
		{"push of a reader", "POST", "/v2/" + app + "/blobs/uploads/", puller.bearer, realm + scope + `pull,push",error="insufficient_scope"`},
		{"another repository", "GET", "/v2/acme/other/tags/list", puller.bearer,
			realm + `,scope="repository:acme/other:pull",error="insufficient_scope"`},
		{"catalog", "GET", "/v2/_catalog", puller.bearer, realm + `,scope="registry:catalog:*",error="insufficient_scope"`},
		{"mount", "POST", "/v2/" + app + "/blobs/uploads/?mount=" + sha("") + "&from=acme/other", puller.bearer,
			realm + scope + `pull,push repository:acme/other:pull",error="insufficient_scope"`},
	} {
		header := []string{}
		if row.bearer != "" {
			header = append(header, "Authorization: Bearer "+row.bearer)
		}
		got := c.as("").do(row.method, row.path, "", header...)
		if got.status != 401 || got.header.Get("WWW-Authenticate") != row.challenge || codes(got.body) != "UNAUTHORIZED" {
			t.Errorf("%s: %d %s\n %s, want\n %s", row.name, got.status, got.body, got.header.Get("WWW-Authenticate"), row.challenge)
		}
	}
	got := puller.want(200, "{}", "GET", "/v2/", "")
	if got.header.Get("Gitlab-Container-Registry-Database-Enabled") != "true" || got.header.Get("Gitlab-Container-Registry-Version") == "" ||
		got.header.Get("Gitlab-Container-Registry-Features") != "tag_delete" || got.header.Get("Docker-Distribution-Api-Version") != "registry/2.0" {
		t.Errorf("headers of /v2/: %v", got.header)
	}
}

// TestExpiry checks that a token ends, and that the registry is lenient for a minute.
func TestExpiry(t *testing.T) {
	c := start(t, "registry.token=1s")
	r := c.registry(c.token)
	r.want(200, "{}", "GET", "/v2/", "")
	c.want(200, "*", "POST", "/_standin/clock", `{"advance":"50s"}`)
	r.want(200, "{}", "GET", "/v2/", "")
	c.mutate(`{"mode":{"registry.leeway":"0s"}}`)
	r.want(401, "UNAUTHORIZED", "GET", "/v2/", "")
	c.mutate(`{"mode":{"registry.leeway":"60s"}}`)
	c.want(200, "*", "POST", "/_standin/clock", `{"advance":"15s"}`)
	r.want(401, "UNAUTHORIZED", "GET", "/v2/", "")
}

// TestPaths checks which addresses the registry has.
func TestPaths(t *testing.T) {
	c := start(t)
	r := c.pusher(app)
	for _, row := range []struct {
		method, path, answer string
		status               int
	}{
		{"GET", "/v2", "*", 301},
		{"GET", "/v2/" + app + "/tags/list/", "*", 301},
		{"POST", "/v2/" + app + "/blobs/uploads", "*", 301},
		{"GET", "/v2/" + app + "/referrers/" + sha(""), "*", 404},
		{"GET", "/v2/" + app + "/manifests/-bad", "*", 404},
		{"GET", "/v2/" + app + "/manifests/" + strings.Repeat("a", 129), "*", 404},
		{"GET", "/v2/acme/App/tags/list", "*", 404},
		{"GET", "/v2/" + app + "/blobs/" + sha("")[:40], "DIGEST_INVALID", 400},
		{"GET", "/v2/" + app + "/blobs/" + sha(""), "BLOB_UNKNOWN", 404},
		{"HEAD", "/v2/" + app + "/blobs/" + sha(""), "", 404},
		{"GET", "/v2/" + app + "/manifests/v1", "MANIFEST_UNKNOWN", 404},
		{"GET", "/v2/" + app + "/manifests/" + sha(""), "MANIFEST_UNKNOWN", 404},
		{"GET", "/v2/" + app + "/tags/list", "NAME_UNKNOWN", 404},
		{"POST", "/v2/" + app + "/manifests/v1", "Method Not Allowed", 405},
		{"OPTIONS", "/v2/" + app + "/manifests/v1", "", 200},
	} {
		r.want(row.status, row.answer, row.method, row.path, "")
	}
	if got := r.do("OPTIONS", "/v2/"+app+"/manifests/v1", ""); got.header.Get("Allow") != "DELETE, GET, HEAD, PUT" {
		t.Errorf("allowed: %q", got.header.Get("Allow"))
	}
	long := imageProject + "/" + strings.Repeat("a", 240)
	c.pusher(long).want(500, "UNKNOWN", "GET", "/v2/"+long+"/tags/list", "")
}

// TestUploads walks through every way to upload a blob.
func TestUploads(t *testing.T) {
	c := start(t)
	r := c.pusher(app, imageProject+"/b")
	uploads := "/v2/" + app + "/blobs/uploads/"
	got := r.want(202, "", "POST", uploads+"?digest="+sha("blob"), "blob") // never in one request
	if got.header.Get("Range") != "0-0" || got.header.Get("Docker-Upload-Uuid") == "" || got.header.Get("Location") == "" {
		t.Errorf("begun: %v", got.header)
	}
	first := local(t, got.header.Get("Location"))
	r.want(204, "", "GET", first, "")
	r.want(500, "UNKNOWN", "PATCH", first, "bl", "Content-Type: text/plain")
	r.want(500, "UNKNOWN", "PATCH", first, "bl", "Content-Range: bytes 0-1/4")
	r.want(416, "CONTENT_RANGE_INVALID", "PATCH", first, "bl", "Content-Range: 2-3")
	got = r.want(202, "", "PATCH", first, "bl", "Content-Type: application/octet-stream", "Content-Range: 0-1")
	if got.header.Get("Range") != "0-1" {
		t.Errorf("range %q", got.header.Get("Range"))
	}
	second := local(t, got.header.Get("Location"))
	r.want(416, "RESUMABLE_BLOB_UPLOAD_INVALID", "PATCH", first, "ob")
	if got = r.want(204, "", "GET", first, ""); local(t, got.header.Get("Location")) != second || got.header.Get("Range") != "0-1" {
		t.Errorf("status of an old address: %v", got.header)
	}
	r.want(400, "DIGEST_INVALID", "PUT", second, "ob")
	r.want(400, "DIGEST_INVALID", "PUT", second+"&digest=sha256:abc", "ob")
	got = r.want(201, "", "PUT", second+"&digest="+sha("blob"), "ob")
	if got.header.Get("Docker-Content-Digest") != sha("blob") || local(t, got.header.Get("Location")) != "/v2/"+app+"/blobs/"+sha("blob") {
		t.Errorf("done: %v", got.header)
	}
	r.want(404, "BLOB_UPLOAD_UNKNOWN", "GET", second, "")
	r.want(200, "blob", "GET", "/v2/"+app+"/blobs/"+sha("blob"), "")

	wrong := r.begin(app)
	r.want(400, "DIGEST_INVALID", "PUT", wrong+"&digest="+sha("other"), "blob")
	r.want(416, "RESUMABLE_BLOB_UPLOAD_INVALID", "PUT", wrong+"&digest="+sha("blob"), "blob") // the wrong bytes are still there
	r.want(404, "BLOB_UPLOAD_INVALID", "PUT", uploads+"0?digest="+sha("blob"), "blob")
	other := strings.Replace(r.begin(app), app, imageProject+"/b", 1)
	r.want(404, "BLOB_UPLOAD_INVALID", "PATCH", other, "blob")
	deleter := c.registry(c.token, "repository:"+app+":pull,push,delete")
	kept := deleter.begin(app)
	r.want(401, "UNAUTHORIZED", "DELETE", kept, "")
	deleter.want(204, "", "DELETE", kept, "")
	deleter.want(404, "BLOB_UPLOAD_UNKNOWN", "PATCH", kept, "blob")
	const sha512 = "sha512:ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff"
	if got = r.want(201, "", "PUT", r.begin(app)+"&digest="+sha512, "test"); got.header.Get("Docker-Content-Digest") != sha("test") {
		t.Errorf("sha512: %v", got.header)
	}
	r.want(404, "BLOB_UNKNOWN", "GET", "/v2/"+app+"/blobs/"+sha512, "")
}

// TestBlobs reads, links and deletes them.
func TestBlobs(t *testing.T) {
	c := start(t)
	other := imageProject + "/other"
	r := c.pusher(app, other)
	path := "/v2/" + app + "/blobs/" + r.blob(app, "0123456789")
	got := r.want(200, "", "HEAD", path, "")
	if got.header.Get("Content-Length") != "10" || got.header.Get("Docker-Content-Digest") != sha("0123456789") {
		t.Errorf("HEAD: %v", got.header)
	}
	r.want(206, "3456789", "GET", path, "", "Range: bytes=3-")
	r.want(416, "*", "GET", path, "", "Range: bytes=99-")
	r.want(304, "", "GET", path, "", `If-None-Match: "`+sha("0123456789")+`"`)

	mount := "/v2/" + other + "/blobs/uploads/?mount=" + sha("0123456789") + "&from="
	r.want(404, "BLOB_UNKNOWN", "GET", "/v2/"+other+"/blobs/"+sha("0123456789"), "")
	got = r.want(201, "", "POST", mount+app, "")
	if got.header.Get("Docker-Content-Digest") != sha("0123456789") || local(t, got.header.Get("Location")) != "/v2/"+other+"/blobs/"+sha("0123456789") {
		t.Errorf("mounted: %v", got.header)
	}
	r.want(200, "0123456789", "GET", "/v2/"+other+"/blobs/"+sha("0123456789"), "")
	r.want(202, "", "POST", "/v2/"+other+"/blobs/uploads/?mount="+sha("absent")+"&from="+app, "")
	c.pusher(other).want(401, "UNAUTHORIZED", "POST", mount+app, "") // not 202
	// A reader of the source and a writer of the destination may mount.
	c.registry("standin-developer", "repository:"+app+":pull", "repository:"+other+":pull,push").want(201, "", "POST", mount+app, "")

	deleter := c.registry(c.token, "repository:"+app+":delete,pull")
	deleter.want(202, "", "DELETE", path, "")
	deleter.want(404, "BLOB_UNKNOWN", "DELETE", path, "")
	deleter.want(404, "BLOB_UNKNOWN", "GET", path, "")
	r.want(200, "0123456789", "GET", "/v2/"+other+"/blobs/"+sha("0123456789"), "")
}
