package dockerhub_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/dockerhub"
	"pkgferry/integration/standin/registry"
)

// asOwner is the credential that the token service takes.
var asOwner = basic(dockerhub.Username, dockerhub.Token)

// layer is the digest of a tag's first layer.
func (s server) layer(repository, tag string) string {
	s.t.Helper()
	m, ok := s.Store().Manifest(repository, tag)
	if !ok {
		s.t.Fatalf("no %s:%s", repository, tag)
	}
	parsed, err := v1.ParseManifest(strings.NewReader(string(m.Body)))
	if err != nil {
		s.t.Fatal(err)
	}
	return parsed.Layers[0].Digest.String()
}

// blob follows the redirect of a blob without its credential.
func (s server) blob(repository, digest string) answer {
	s.t.Helper()
	a := s.ask(http.MethodGet, s.Registry+"/v2/"+repository+"/blobs/"+digest, "", s.token(asOwner, repository))
	if location := a.header.Get("Location"); location != "" {
		return s.ask(http.MethodGet, location, "")
	}
	return a
}

func sum(text string) string {
	hash := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(hash[:])
}

func TestWhoMayPull(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, secret, repository, tag string
		status                        int
	}{
		{"", "", "acme/app", "1.0", 401}, {"", "", "acme/scanned", "1", 200}, {"", "", "library/hello", "1", 200}, {"", "", "hello", "1", 401},
		{dockerhub.Username, dockerhub.Token, "acme/app", "1.0", 200}, {dockerhub.Username, dockerhub.TokenPublic, "acme/app", "1.0", 401},
		{dockerhub.Outsider, dockerhub.Password, "acme/app", "1.0", 401}, {dockerhub.Org, dockerhub.TokenOrg, "acme/app", "1.0", 200},
		{dockerhub.Org, dockerhub.TokenOrgFew, "acme/app", "1.0", 200}, {dockerhub.Org, dockerhub.TokenOrgFew, "acme/tool", "1", 401},
		{dockerhub.Username, dockerhub.Token, "acme/none", "1", 401}, {dockerhub.Username, dockerhub.Token, "acme/app", "none", 404},
	} {
		credential := ""
		if c.name != "" {
			credential = basic(c.name, c.secret)
		}
		a := s.pull(http.MethodHead, "/v2/"+c.repository+"/manifests/"+c.tag, s.token(credential, c.repository))
		if a.status != c.status {
			t.Errorf("%s %s pulls %s:%s: %d", c.name, c.secret, c.repository, c.tag, a.status)
		}
		if insufficient := strings.Contains(a.header.Get("Www-Authenticate"), `error="insufficient_scope"`); insufficient != (c.status == 401) {
			t.Errorf("%s: challenge %s", c.repository, a.header.Get("Www-Authenticate"))
		}
	}
}

// What the token grants is what of the scope one may have; nothing of it is an error.
func TestScopes(t *testing.T) {
	s := start(t)
	grants := func(query string) (granted []string) {
		a := s.ask(http.MethodGet, s.Auth+"/token?service=registry.docker.io&"+query, "", asOwner)
		var token struct{ Token string }
		var claims struct {
			Access []struct {
				Type, Name string
				Actions    []string
			}
		}
		if err := json.Unmarshal([]byte(a.body), &token); err != nil || a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if err := json.Unmarshal(payload(t, token.Token), &claims); err != nil {
			t.Fatal(err)
		}
		for _, one := range claims.Access {
			granted = append(granted, fmt.Sprint(one.Type, ":", one.Name, one.Actions))
		}
		return granted
	}
	for query, want := range map[string][]string{
		"scope=repository:acme/app:pull":                                                     {"repository:acme/app[pull]"},
		"scope=repository:acme/app:pull,push":                                                {"repository:acme/app[pull]"},
		"scope=repository:acme/app:push":                                                     {"repository:acme/app[]"},
		"scope=repository:acme/none:pull":                                                    {"repository:acme/none[]"},
		"scope=repository:acme/app:pull&scope=repository:library/hello:pull":                 {"repository:acme/app[pull]", "repository:library/hello[pull]"},
		"scope=repository:acme/app:pull%20repository:acme/tool:pull":                         {"repository:acme/app[pull]", "repository:acme/tool[pull]"},
		"scope=registry:catalog:*":                                                           nil,
		"scope=repository:ACME/app:pull&scope=repository:acme/app&scope=repository::pull":    nil,
		"account=standin&client_id=docker&scope=repository:acme/app:pull&offline_token=true": {"repository:acme/app[pull]"},
	} {
		if diff := cmp.Diff(want, grants(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	other := s.ask(http.MethodGet, s.Auth+"/token?service=other&scope=repository:acme/app:pull", "", asOwner)
	token, _ := s.fields(other)["token"].(string)
	if a := s.pull("HEAD", "/v2/acme/app/manifests/1.0", "Authorization: Bearer "+token); a.status != 401 {
		t.Errorf("a token for another service pulls: %d", a.status)
	}
}

func TestTokensOfTheRegistryEnd(t *testing.T) {
	s := start(t)
	pull := s.token(asOwner, "acme/app")
	s.advance("4m59s")
	if a := s.pull("HEAD", "/v2/acme/app/manifests/1.0", pull); a.status != 200 {
		t.Errorf("within five minutes: %d", a.status)
	}
	s.advance("2s")
	a := s.pull("HEAD", "/v2/acme/app/manifests/1.0", pull)
	if a.status != 401 || !strings.Contains(a.header.Get("Www-Authenticate"), `error="invalid_token"`) {
		t.Errorf("after five minutes: %d %v", a.status, a.header)
	}
}

func TestAScopelessTokenOpensTheBase(t *testing.T) {
	for mode, status := range map[string]int{"200": 200, "401": 401} {
		s := start(t, "v2="+mode)
		var token struct{ Token string }
		a := s.ask(http.MethodGet, s.Auth+"/token?service=registry.docker.io", "", asOwner)
		if err := json.Unmarshal([]byte(a.body), &token); err != nil {
			t.Fatal(err)
		}
		if a := s.pull("GET", "/v2/", "Authorization: Bearer "+token.Token); a.status != status {
			t.Errorf("mode %s: %d", mode, a.status)
		}
	}
}

// A password that needs a second factor is none at the token service.
func TestThePasswordOfTwoFactors(t *testing.T) {
	s := start(t, "2fa=true")
	for secret, status := range map[string]int{dockerhub.Password: 401, dockerhub.Token: 200} {
		if a := s.ask(http.MethodGet, s.Auth+"/token?service=registry.docker.io", "", basic(dockerhub.Username, secret)); a.status != status {
			t.Errorf("%s: %d", secret, a.status)
		}
	}
}

func TestCredentialsInTheWrongPlaceAreCounted(t *testing.T) {
	s := start(t)
	api, pull := s.owner(), s.token(asOwner, "acme/app")
	location := s.ask(http.MethodGet, s.Registry+"/v2/acme/app/blobs/"+s.layer("acme/app", "1.0"), "", pull).header.Get("Location")
	for i, wrong := range []func() answer{
		func() answer { return s.pull("GET", "/v2/acme/app/tags/list", api) },
		func() answer { return s.pull("GET", "/v2/acme/app/tags/list", asOwner) },
		func() answer { return s.get("/v2/namespaces/acme/repositories", pull) },
		func() answer { return s.ask("GET", s.Auth+"/token", "", api) },
		func() answer { return s.ask("GET", location, "", pull) },
	} {
		if a := wrong(); a.status != 401 && a.status != 400 {
			t.Errorf("request %d: %d %s", i, a.status, a.body)
		}
		if n := s.Stats().ForeignCredentials; n != i+1 {
			t.Errorf("request %d: %d foreign credentials", i, n)
		}
	}
}

func TestPullsAreCharged(t *testing.T) {
	for _, c := range []struct {
		mode string
		left [4]int // after 1.0, after the index 2.0, after an image of it, after its attestation
	}{
		{"each", [4]int{29, 28, 27, 26}}, {"images", [4]int{29, 29, 28, 27}}, {"platforms", [4]int{29, 26, 25, 24}},
	} {
		s := start(t, "quota=30", "quota.count="+c.mode)
		pull := s.token(asOwner, "acme/app")
		references := []string{"1.0", "2.0"}
		m, _ := s.Store().Manifest("acme/app", "2.0")
		index, err := v1.ParseIndexManifest(strings.NewReader(string(m.Body)))
		if err != nil {
			t.Fatal(err)
		}
		references = append(references, index.Manifests[0].Digest.String(), index.Manifests[3].Digest.String())
		for i, reference := range references {
			want := fmt.Sprintf("%d;w=21600", c.left[i])
			if a := s.pull("GET", "/v2/acme/app/manifests/"+reference, pull); a.header.Get("Ratelimit-Remaining") != want {
				t.Errorf("%s: GET %s leaves %s, want %s", c.mode, reference, a.header.Get("Ratelimit-Remaining"), want)
			}
			if a := s.pull("HEAD", "/v2/acme/app/manifests/"+reference, pull); a.header.Get("Ratelimit-Remaining") != want {
				t.Errorf("%s: HEAD %s leaves %s", c.mode, reference, a.header.Get("Ratelimit-Remaining"))
			}
		}
		counts := s.Stats().Requests
		if counts["GET manifest"] != 4 || counts["HEAD manifest"] != 4 || counts["PULL charged"] != 30-c.left[3] {
			t.Errorf("%s: %v", c.mode, counts)
		}
	}
}

// The window rolls: what was spent an hour ago comes back in five hours, what is spent now in six.
func TestTheWindowRolls(t *testing.T) {
	s := start(t, "quota=2")
	get := func() answer { return s.pull("GET", "/v2/acme/app/manifests/1.0", s.token(asOwner, "acme/app")) }
	get()
	s.advance("1h")
	get()
	if a := get(); a.status != 429 {
		t.Errorf("the third: %d", a.status)
	}
	if a := s.pull("HEAD", "/v2/acme/app/manifests/1.0", s.token(asOwner, "acme/app")); a.status != 200 || a.header.Get("Ratelimit-Remaining") != "0;w=21600" {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
	if a := s.pull("GET", "/v2/acme/app/tags/list", s.token(asOwner, "acme/app")); a.status != 200 {
		t.Errorf("a list is a pull: %d", a.status)
	}
	s.advance("5h")
	if a := get(); a.status != 200 || a.header.Get("Ratelimit-Remaining") != "0;w=21600" {
		t.Errorf("six hours after the first: %d %v", a.status, a.header)
	}
	if a := get(); a.status != 429 {
		t.Errorf("then: %d", a.status)
	}
	s.advance("1h")
	if a := get(); a.status != 200 {
		t.Errorf("six hours after the second: %d", a.status)
	}
}

func TestWhoseQuotaItIs(t *testing.T) {
	s := start(t, "quota=10", "quota.anonymous=5", "quota.source=ip")
	anonymous := s.pull("GET", "/v2/acme/scanned/manifests/1", s.token("", "acme/scanned"))
	signedIn := s.pull("GET", "/v2/acme/scanned/manifests/1", s.token(asOwner, "acme/scanned"))
	if anonymous.header.Get("Ratelimit-Remaining") != "4;w=21600" || signedIn.header.Get("Ratelimit-Remaining") != "9;w=21600" {
		t.Errorf("%v and %v", anonymous.header, signedIn.header)
	}
	for mode, want := range map[string]string{"ip": "127.0.0.1", "none": ""} {
		s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"quota.source": mode}})
		if got := s.pull("HEAD", "/v2/acme/scanned/manifests/1", s.token(asOwner, "acme/scanned")).header.Get("Docker-Ratelimit-Source"); got != want {
			t.Errorf("%s: %q", mode, got)
		}
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"quota.source": "id"}})
	if got := s.pull("HEAD", "/v2/acme/scanned/manifests/1", s.token(asOwner, "acme/scanned")).header.Get("Docker-Ratelimit-Source"); len(got) != 36 {
		t.Errorf("an account: %q", got)
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"quota": "0"}})
	if a := s.pull("GET", "/v2/acme/scanned/manifests/1", s.token(asOwner, "acme/scanned")); a.header.Get("Ratelimit-Limit") != "" {
		t.Errorf("a paid plan has %v", a.header)
	}
}

func TestFaultsOfTheRegistry(t *testing.T) {
	for fault, check := range map[string]func(s server) (bad, good bool){
		"flip@blob=1":  damagedBlob,
		"short@blob=1": damagedBlob,
		"403@blob=1": func(s server) (bool, bool) {
			digest := s.layer("acme/app", "1.0")
			return s.blob("acme/app", digest).status == 403, s.blob("acme/app", digest).status == 200
		},
		"429@manifest=1": func(s server) (bool, bool) {
			pull := s.token(asOwner, "acme/app")
			a := s.pull("GET", "/v2/acme/app/manifests/1.0", pull)
			return a.status == 429 && strings.Contains(a.body, "pull rate limit"), s.pull("GET", "/v2/acme/app/manifests/1.0", pull).status == 200
		},
		"429@list=1": func(s server) (bool, bool) {
			a := s.get("/v2/namespaces/acme/repositories")
			return a.status == 429 && strings.Contains(a.body, "Rate limit exceeded"), s.get("/v2/namespaces/acme/repositories").status == 200
		},
		"429@token=1": func(s server) (bool, bool) {
			a := s.ask("GET", s.Auth+"/token", "")
			return a.status == 429 && a.body == "Too Many Requests", s.ask("GET", s.Auth+"/token", "").status == 200
		},
		"429@blob=1": func(s server) (bool, bool) {
			digest := s.layer("acme/app", "1.0")
			a := s.blob("acme/app", digest)
			return a.status == 429 && a.body == "Too Many Requests", s.blob("acme/app", digest).status == 200
		},
		"401@manifest=1": func(s server) (bool, bool) {
			pull := s.token(asOwner, "acme/app")
			a := s.pull("GET", "/v2/acme/app/manifests/1.0", pull)
			return a.status == 401 && a.header.Get("Www-Authenticate") != "", s.pull("GET", "/v2/acme/app/manifests/1.0", pull).status == 200
		},
		"503@manifest=1": func(s server) (bool, bool) {
			pull := s.token(asOwner, "acme/app")
			a := s.pull("GET", "/v2/acme/app/manifests/1.0", pull)
			return a.status == 503 && strings.Contains(a.body, "UNAVAILABLE"), s.pull("GET", "/v2/acme/app/manifests/1.0", pull).status == 200
		},
		"401@token=1": func(s server) (bool, bool) {
			a := s.ask("GET", s.Auth+"/token", "")
			return a.status == 401 && strings.Contains(a.body, "incorrect username or password"), s.ask("GET", s.Auth+"/token", "").status == 200
		},
	} {
		bad, good := check(start(t, "fault="+fault))
		if !bad || !good {
			t.Errorf("%s: strikes %v, ends %v", fault, bad, good)
		}
	}
}

func damagedBlob(s server) (bad, good bool) {
	digest := s.layer("acme/app", "1.0")
	first, second := s.blob("acme/app", digest), s.blob("acme/app", digest)
	return first.status == 200 && sum(first.body) != digest, sum(second.body) == digest
}

func TestTheAddressAtTheCDNEnds(t *testing.T) {
	s := start(t, "cdn.lifetime=1m")
	location := s.ask("GET", s.Registry+"/v2/acme/app/blobs/"+s.layer("acme/app", "1.0"), "", s.token(asOwner, "acme/app")).header.Get("Location")
	if a := s.ask("GET", location, "", "Range: bytes=10-19"); a.status != 206 || len(a.body) != 10 {
		t.Errorf("a range: %d", a.status)
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"cdn.ranges": "false"}})
	if a := s.ask("GET", location, "", "Range: bytes=10-19"); a.status != 200 {
		t.Errorf("a range that is ignored: %d", a.status)
	}
	s.advance("1m")
	if a := s.ask("GET", location, ""); a.status != 403 {
		t.Errorf("after a minute: %d", a.status)
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"cdn": "off"}})
	if a := s.blob("acme/app", s.layer("acme/app", "1.0")); a.status != 200 || sum(a.body) != s.layer("acme/app", "1.0") {
		t.Errorf("without a CDN: %d", a.status)
	}
}

func TestReferrersMayBeOn(t *testing.T) {
	s := start(t)
	image, _ := s.Store().Manifest("acme/scanned", "1")
	pull := s.token("", "acme/scanned")
	if a := s.pull("GET", "/v2/acme/scanned/referrers/"+image.Digest, pull); a.status != 200 || !strings.Contains(a.body, "application/spdx+json") {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"referrers": "off"}})
	if a := s.pull("GET", "/v2/acme/scanned/referrers/"+image.Digest, pull); a.status != 404 {
		t.Errorf("off: %d", a.status)
	}
	if a := s.pull("HEAD", "/v2/acme/scanned/manifests/"+strings.Replace(image.Digest, ":", "-", 1), pull); a.status != 200 {
		t.Errorf("the fallback tag: %d", a.status)
	}
}

func TestGoContainerRegistryPulls(t *testing.T) {
	s := start(t, "localhost=true")
	auth := remote.WithAuth(&authn.Basic{Username: dockerhub.Username, Password: dockerhub.Token})
	host := strings.TrimPrefix(s.Registry, "http://")
	for path, isIndex := range map[string]bool{"acme/app:1.0": false, "acme/app:list": true, "library/hello:1": false, "acme/many:build-0000007": false} {
		ref, err := name.ParseReference(host+"/"+path, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if isIndex {
			index, err := remote.Index(ref, auth)
			if err == nil {
				err = validate.Index(index)
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		image, err := remote.Image(ref, auth)
		if err == nil {
			err = validate.Image(image)
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, tags := range []string{"all", "link", "absolute"} {
		s.change(dockerhub.Change{Op: "mode", Mode: map[string]string{"tags": tags, "tags.page": "100"}})
		repository, err := name.NewRepository(host+"/acme/many", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if names, err := remote.List(repository, auth); err != nil || len(names) != registry.ManyTags {
			t.Errorf("%s: %d tags, %v", tags, len(names), err)
		}
	}
	if n := s.Stats().ForeignCredentials; n != 0 {
		t.Errorf("%d foreign credentials", n)
	}
}

func TestTheDumpHasEveryFile(t *testing.T) {
	s := start(t, "odd=false")
	a := s.get("/_standin/dump")
	lines := map[string]standin.DumpLine{}
	for _, text := range strings.Split(strings.TrimSpace(a.body), "\n") {
		var line standin.DumpLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines[line.Package+" "+line.Version+" "+line.File] = line
	}
	m, _ := s.Store().Manifest("acme/app", "1.0")
	layer := s.layer("acme/app", "1.0")
	for _, key := range []string{
		"acme/app 1.0 manifests/" + m.Digest, "acme/app " + m.Digest + " manifests/" + m.Digest, "acme/app " + layer + " blobs/" + layer,
		"acme/tool " + layer + " blobs/" + layer, // shared
	} {
		line, ok := lines[key]
		if !ok || "sha256:"+line.SHA256 != key[strings.LastIndexByte(key, '/')+1:] || line.Format != "container" {
			t.Errorf("%s: %+v", key, line)
		}
	}
}
