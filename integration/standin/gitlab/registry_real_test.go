//go:build integration

package gitlab_test

import (
	"fmt"
	"strings"
	"testing"

	"pkgferry/integration/realserver"
)

// GitLab's registry without its database began as distribution 2. Here the two answer the same questions, each with tokens
// of the stand-in.

// transcript asks a registry everything and returns a line for each answer, by the question.
func transcript(t *testing.T, r registry) (names []string, answers map[string]string) {
	t.Helper()
	answers = map[string]string{}
	ask := func(name, method, path, body string, header ...string) reply {
		t.Helper()
		got := r.do(method, path, body, header...)
		line := fmt.Sprintf("%d %s", got.status, codes(got.body))
		for _, key := range []string{"Docker-Content-Digest", "Range", "Content-Range", "Link"} {
			if value := got.header.Get(key); value != "" {
				line += " " + key + "=" + value
			}
		}
		if location := got.header.Get("Location"); location != "" {
			path, _, _ := strings.Cut(local(t, location), "?")
			line += " Location=" + path[:strings.LastIndexByte(path, '/')]
		}
		names, answers[name] = append(names, name), line
		return got
	}
	v2 := "/v2/" + app
	uploads, manifests := v2+"/blobs/uploads/", v2+"/manifests/"
	next := func(got reply) string { t.Helper(); return local(t, got.header.Get("Location")) }
	asOCI, asDocker, asList, asIndex := "Content-Type: "+ociImage, "Content-Type: "+dockerImage, "Content-Type: "+dockerList, "Content-Type: "+ociIndex

	ask("base", "GET", "/v2/", "")
	ask("catalog", "GET", "/v2/_catalog", "")
	ask("tags of nothing", "GET", v2+"/tags/list", "")
	ask("blob of nothing", "HEAD", v2+"/blobs/"+sha("a"), "")
	ask("manifest of nothing", "GET", manifests+"v1", "")
	ask("referrers", "GET", v2+"/referrers/"+sha("a"), "")
	ask("bad digest", "GET", v2+"/blobs/"+sha("a")[:40], "")
	ask("wrong method", "POST", manifests+"v1", "")
	ask("push to another repository", "POST", "/v2/acme/other/blobs/uploads/", "")

	got := ask("begin", "POST", uploads+"?digest="+sha("blob"), "blob")
	first := next(got)
	ask("status", "GET", first, "")
	got = ask("patch", "PATCH", first, "bl")
	ask("patch at an old address", "PATCH", first, "ob")
	ask("put without digest", "PUT", next(got), "ob")
	got = ask("status again", "GET", next(got), "")
	ask("put", "PUT", next(got)+"&digest="+sha("blob"), "ob")
	ask("put again", "PUT", next(got)+"&digest="+sha("blob"), "ob")
	got = ask("begin another", "POST", uploads, "")
	ask("wrong digest", "PUT", next(got)+"&digest="+sha("other"), "blob")
	ask("put after a wrong digest", "PUT", next(got)+"&digest="+sha("blob"), "blob")
	ask("blob", "GET", v2+"/blobs/"+sha("blob"), "")
	ask("range", "GET", v2+"/blobs/"+sha("blob"), "", "Range: bytes=1-2")
	ask("mount of a blob that is not there", "POST", "/v2/"+imageProject+"/uploads/blobs/uploads/?mount="+sha("x")+"&from="+app, "")
	ask("mount", "POST", "/v2/"+imageProject+"/uploads/blobs/uploads/?mount="+sha("blob")+"&from="+app, "")
	ask("mount without pull", "POST", uploads+"?mount="+sha("blob")+"&from=acme/other", "")

	config := descriptor("application/vnd.docker.container.image.v1+json", r.blob(app, "{}"))
	docker := image(dockerImage, config, descriptor(dockerLayer, sha("blob")))
	oci := image(ociImage, descriptor(ociConfig, sha("{}")), descriptor(ociLayer, sha("blob")))
	ask("docker", "PUT", manifests+"docker", docker, asDocker)
	ask("docker as nothing", "PUT", manifests+"docker", docker)
	ask("docker as OCI", "PUT", manifests+"v1", docker, asOCI)
	ask("OCI", "PUT", manifests+"oci", oci, asOCI)
	ask("OCI as docker", "PUT", manifests+"v1", oci, asDocker)
	ask("unknown types", "PUT", manifests+"odd", image(ociImage, descriptor("application/vnd.acme.x", sha("{}")), descriptor("y/z", sha("blob"))), asOCI)
	ask("missing layers", "PUT", manifests+"v1", image(ociImage, config, descriptor(ociLayer, sha("a"))+","+descriptor(ociLayer, sha("b"))), asOCI)
	ask("another digest", "PUT", manifests+sha("a"), oci, asOCI)
	ask("no JSON", "PUT", manifests+"v1", "{", asOCI)
	ask("too large", "PUT", manifests+"v1", oci+strings.Repeat(" ", 4<<20), asOCI)
	child := descriptor(dockerImage, sha(docker), `"platform":{"os":"linux","architecture":"amd64"}`)
	ask("list", "PUT", manifests+"list", list(dockerList, child), asList)
	ask("index", "PUT", manifests+"index", list(ociIndex, descriptor(ociImage, sha(oci))), asIndex)
	ask("missing child", "PUT", manifests+"v1", list(ociIndex, descriptor(ociImage, sha("a"))), asIndex)
	ask("a blob as child", "PUT", manifests+"v1", list(ociIndex, descriptor(ociImage, sha("blob"))), asIndex)

	for _, tag := range []string{"docker", "oci", "list", "index", "absent"} {
		ask("get "+tag+" without Accept", "GET", manifests+tag, "")
		ask("get "+tag, "GET", manifests+tag, "", acceptAll)
		ask("head "+tag, "HEAD", manifests+tag, "", acceptAll)
	}
	ask("not modified", "GET", manifests+"docker", "", `If-None-Match: "`+sha(docker)+`"`)
	ask("tags", "GET", v2+"/tags/list?n=2", "")
	ask("delete a tag without the right", "DELETE", manifests+"docker", "")
	return names, answers
}

// TestRealRegistries compares the stand-in with real registries, question by question. What differs is listed with its reason.
func TestRealRegistries(t *testing.T) {
	const (
		resumable = "GitLab tells an old address from a wrong one by a code of its own"
		schema2   = "GitLab has no schema 1, so that schema 2 is what a manifest is by default"
	)
	differs := map[realserver.Distribution]map[string]string{
		realserver.Distribution2: {
			"patch at an old address": resumable, "put after a wrong digest": resumable,
			"docker as nothing": schema2, "get docker without Accept": schema2, "get list without Accept": schema2,
			"a blob as child": "GitLab looks for children among manifests alone",
		},
		realserver.Distribution3: {
			"patch at an old address": resumable, "put after a wrong digest": resumable,
			"docker as nothing": schema2, "get list without Accept": schema2,
			"get index without Accept": "release 3 serves an index to everybody",
			"tags":                     "release 3 pages its tags",
		},
	}
	certificate := start(t).want(200, "*", "GET", "/_standin/registry.crt", "").body
	for release, known := range differs {
		t.Run(string(release), func(t *testing.T) {
			c := start(t, "registry.database=off")
			r := c.pusher(app, imageProject+"/uploads")
			names, want := transcript(t, r)
			r.url = realserver.Registry(t, release, realserver.RegistryOptions{
				Realm: c.url + "/jwt/auth", Service: "container_registry", Issuer: "gitlab-issuer", Certificate: []byte(certificate),
			})
			_, got := transcript(t, r)
			for _, name := range names {
				reason, expected := known[name]
				if (got[name] != want[name]) != expected {
					t.Errorf("%s: the real one answers\n  %s, the stand-in\n  %s; known: %q", name, got[name], want[name], reason)
				}
			}
		})
	}
}
