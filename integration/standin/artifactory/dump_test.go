package artifactory_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
)

// address is where a file of the storage is downloaded.
func address(repository, at string) string {
	segments := strings.Split(at, "/")
	for i, one := range segments {
		segments[i] = url.PathEscape(one)
	}
	return "/" + repository + "/" + strings.Join(segments, "/")
}

// Every row that AQL shows is downloaded with its bytes, whatever its name is; together they are the dump.
func TestEverythingIsServed(t *testing.T) {
	s := start(t, "small")
	var want, got []string
	s.Dump(func(line standin.DumpLine) bool {
		want = append(want, line.Repository+" "+line.SHA256)
		return true
	})
	for _, one := range append(s.query(`items.find().include("repo","path","name","size","sha256")`).Results, s.query(`items.find({"$or":[{"repo":"auto-trashcan"},{"repo":"jfrog-support-bundle"},{"repo":"_intransit"}]}).include("repo","path","name","size","sha256")`).Results...) {
		a := s.get(address(one.Repo, join(one.Path, one.Name)) + "?skipUpdateStats=true")
		sum := sha256.Sum256([]byte(a.body))
		digest := hex.EncodeToString(sum[:])
		unserved := one.Repo == "blackedout-local" || strings.HasSuffix(one.Name, ".tmp")
		switch size, _ := one.Size.Int64(); {
		case unserved && a.status < 400, !unserved && a.status != http.StatusOK:
			t.Errorf("%s/%s/%s: %d", one.Repo, one.Path, one.Name, a.status)
		case unserved:
			digest = one.SHA256
		case size != int64(len(a.body)), one.SHA256 != "" && one.SHA256 != digest, one.SHA256 != a.header.Get("X-Checksum-Sha256"):
			t.Errorf("%s/%s/%s: %d bytes %s, the row says %+v", one.Repo, one.Path, one.Name, len(a.body), digest, one)
		}
		got = append(got, one.Repo+" "+digest)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) || len(got) < 400 {
		t.Errorf("%d files are held and %d served", len(want), len(got))
	}
	if counts := s.Stats(); counts.ForeignCredentials != 0 {
		t.Errorf("%d foreign credentials", counts.ForeignCredentials)
	}
}

// A client of registries pulls every tag, with a token and redirected layers; what it pulls lies in the storage as well.
func TestImages(t *testing.T) {
	s := start(t, "small", "redirect=1000")
	host := strings.TrimPrefix(strings.TrimSuffix(s.url, "/artifactory"), "http://")
	login := remote.WithAuth(&authn.Basic{Username: s.user, Password: artifactory.Password})
	pulled := 0
	for _, one := range s.query(`items.find({"repo":"docker-local","$or":[{"name":"manifest.json"},{"name":"list.manifest.json"}]}).include("repo","path","name","sha256","property")`).Results {
		image, tag := path.Split(one.Path)
		separator := ":"
		if strings.HasPrefix(tag, "sha256:") {
			separator = "@"
		}
		if strings.HasPrefix(image, "odd/") {
			continue
		}
		reference, err := name.ParseReference(host+"/docker-local/"+strings.TrimSuffix(image, "/")+separator+tag, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		found, err := remote.Get(reference, login)
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		if found.Digest.Hex != one.SHA256 {
			t.Errorf("%s is %s, and %s in the storage", reference, found.Digest, one.SHA256)
		}
		if one.Name == "manifest.json" {
			pulledImage, err := found.Image()
			if err == nil && found.MediaType.IsImage() && !strings.HasSuffix(tag, ".sig") {
				err = validate.Image(pulledImage, validate.Fast)
			}
			if err != nil {
				t.Errorf("%s: %v", reference, err)
			}
		}
		pulled++
	}
	if pulled < 20 || s.Stats().ForeignCredentials != 0 || s.Stats().Requests["GET token"] == 0 {
		t.Errorf("%d are pulled, %+v", pulled, s.Stats())
	}
}

// A working day's changes are seen where they should be.
func TestMutate(t *testing.T) {
	s := start(t, "small")
	if a := s.do(http.MethodPost, "/_standin/mutate", ""); a.status != http.StatusOK || !strings.Contains(a.body, `"op":"image"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := s.get("/api/docker/docker-local/v2/app/manifests/daily", "Accept: application/vnd.docker.distribution.manifest.v2+json"); a.status != http.StatusOK {
		t.Errorf("the new tag: %d", a.status)
	}
	if names := s.names(`items.find({"repo":"docker-local","path":"app/daily"})`); len(names) != 3 {
		t.Errorf("its folder holds %v", names)
	}
	if names := s.names(`items.find({"repo":"files-local","path":"docs","name":"empty.bin"})`); len(names) != 0 {
		t.Errorf("%v is still there", names)
	}
	for _, bad := range []string{`[{"op":"deploy"}]`, `[{"op":"delete","repository":"files-local","path":"nope"}]`, `{`, `[{"op":"deploy","repository":"libs","path":"a"}]`,
		`[{"op":"copy","repository":"files-local","path":"root.txt","to_repository":"nowhere","to_path":"x"}]`, `[{"op":"image","repository":"files-local","path":"a:b"}]`,
		`[{"op":"paint","repository":"files-local","path":"root.txt"}]`, `[{"op":"deploy","repository":"files-local","path":"docs"}]`} {
		if a := s.do(http.MethodPost, "/_standin/mutate", bad); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	if a := s.do(http.MethodPost, "/_standin/clock", `{"advance":"1h"}`); a.status != http.StatusOK {
		t.Errorf("clock: %d %s", a.status, a.body)
	}
	if a := s.do(http.MethodPost, "/_standin/clock", `{"advance":"later"}`); a.status != http.StatusBadRequest {
		t.Errorf("clock: %d %s", a.status, a.body)
	}
	s.change(artifactory.Change{Op: "delete", Repository: artifactory.Docker, Path: "app/daily"})
	if a := s.get("/api/docker/docker-local/v2/app/manifests/daily", "Accept: application/vnd.docker.distribution.manifest.v2+json"); a.status != http.StatusNotFound {
		t.Errorf("the deleted tag: %d", a.status)
	}
}
