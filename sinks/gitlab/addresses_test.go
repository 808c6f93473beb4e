package gitlab_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/httpx"
	"pkgferry/sinks/gitlab"
)

func located(t *testing.T, address string, projects ...string) (gitlab.Addresses, error) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", token), Secrets: []string{token}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	return gitlab.Locate(t.Context(), client, "acme/artifact-management", projects)
}

func TestLocate(t *testing.T) {
	s := start(t, "docker-images", standin.Options{Modes: map[string]string{"registry.host": "registry.example.com:5050"}})
	const absent = "acme/artifact-management/absent"
	found, err := located(t, s.url, s.project, absent)
	if err != nil {
		t.Fatal(err)
	}
	if found.Group == 0 || found.Projects[s.project] == 0 || found.Registry != "registry.example.com:5050" {
		t.Errorf("found %+v", found)
	}
	if id, ok := found.Projects[absent]; ok {
		t.Errorf("a project that is not there has the number %d", id)
	}
}

// What GitLab names as a host must be one: it stands in the scripts that consumers run.
func TestLocateTakesHostsAlone(t *testing.T) {
	for prefix, well := range map[string]bool{
		"registry.example.com:5050/a": true, "": true, "evil.example.com'; id #/a": false, "user@registry.example.com/a": false, "a b/c": false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := `{"id":7}`
			if strings.Contains(r.URL.Path, "/projects/") {
				answer = `{"id":8,"container_registry_access_level":"enabled","container_registry_enabled":true,"container_registry_image_prefix":"` + prefix + `"}`
			}
			_, _ = w.Write([]byte(answer))
		}))
		found, err := located(t, server.URL, "acme/artifact-management/x")
		if (err == nil) != well {
			t.Errorf("%q: found %+v, %v", prefix, found, err)
		}
		server.Close()
	}
}
