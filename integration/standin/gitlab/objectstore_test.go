package gitlab_test

import (
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/gitlab"
)

// TestObjectStore follows downloads to the store: which are sent there, what it serves, and that it takes no credentials.
func TestObjectStore(t *testing.T) {
	server, err := gitlab.New(standin.Options{Modes: map[string]string{"settle": "immediate"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c := client{t, another(t, server), server.Ready("").Token}
	store := client{t, another(t, server), ""}
	c.mutate(`{"mode":{"store":"` + store.url + `"}}`)
	c.put(generic+"/generic/tool/1.0/f", "generic", 201)
	c.put(java+"/maven/com/acme/lib/1.0/lib-1.0.jar", "maven", 200)
	c.publish(publish{name: "a", version: "1.0.0"})
	c.send(201, created, "POST", python+"/pypi", wheel("sha256_digest", ones)...)
	c.push(201, created, c.nuget()+"/", nupkg(t, "Acme", "1.0"))
	c.upload(201, created, "stable", chart(t, "a", "1.0.0"))
	c.put(modules+"/terraform/modules/net/aws/1.0.0/file", "module", 201)
	owner := basic("owner", c.token)
	for path, redirects := range map[string]bool{
		generic + "/generic/tool/1.0/f":                            true,
		node + "/npm/a/-/a-1.0.0.tgz":                              true,
		python + "/pypi/files/" + ones + "/a-1.0-py3-none-any.whl": true,
		charts + "/helm/stable/charts/a-1.0.0.tgz":                 true,
		modules + "/terraform/modules/net/aws/1.0.0":               true,
		java + "/maven/com/acme/lib/1.0/lib-1.0.jar":               false,
		c.nuget() + "/download/Acme/1.0/acme.1.0.nupkg":            false,
	} {
		header, anonymous := owner, c.as("")
		if strings.Contains(path, "/npm/") {
			header = "PRIVATE-TOKEN: " + c.token
		}
		if !redirects {
			anonymous.want(200, "*", "GET", path, "", header)
			continue
		}
		for _, method := range []string{"GET", "HEAD"} {
			got := anonymous.want(302, "", method, path, "", header)
			at, signed := strings.CutPrefix(got.header.Get("Location"), store.url+"/_store/")
			if !signed || !strings.Contains(at, "X-Amz-Signature=") || got.header.Get("X-Checksum-SHA256") != "" {
				t.Fatalf("%s leads to %s", path, got.header.Get("Location"))
			}
			store.want(200, "*", method, "/_store/"+at, "")
		}
	}
	at := strings.TrimPrefix(c.do("GET", generic+"/generic/tool/1.0/f", "").header.Get("Location"), store.url)
	store.want(200, "generic", "GET", at, "")
	store.want(206, "ner", "GET", at, "", "Range: bytes=2-4")
	store.want(403, "*", "GET", strings.Replace(at, "Signature=", "Signature=0", 1), "")
	store.want(403, "*", "GET", strings.Replace(at, "body-", "body-0", 1), "")
	store.want(403, "*", "GET", strings.Replace(at, "packages", "pages", 1), "")
	if n := c.counts().ForeignCredentials; n != 0 {
		t.Errorf("%d credentials before any was sent", n)
	}
	store.want(400, "*", "GET", at, "", owner)
	store.want(200, "generic", "GET", at, "", "PRIVATE-TOKEN: x")
	if n := c.counts().ForeignCredentials; n != 2 {
		t.Errorf("%d credentials where none belong", n)
	}
	c.mutate(`{"fault":"flip@read=1"}`)
	c.want(302, "", "GET", generic+"/generic/tool/1.0/f", "")
	if got := store.do("GET", at, ""); got.status != 200 || got.body == "generic" {
		t.Errorf("the fault does not strike at the store: %s", got.body)
	}
}
