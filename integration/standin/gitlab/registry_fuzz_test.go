package gitlab

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin"
)

// FuzzImagePath compares the resolver with the grammar of a path's parts.
func FuzzImagePath(f *testing.F) {
	for _, seed := range []string{"acme/app", "acme/a/b/c/d", "acme", "a//b", "a/-b", "a/b-", "A/B", "a/b__c", "a/b___c", "a/b.-c", "a/b--c", "/a/b", "a/b/"} {
		f.Add(seed)
	}
	part := regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-*)[a-z0-9]+)*$`)
	s := &state{}
	s.addProject("acme/app", "private", time.Now())
	f.Fuzz(func(t *testing.T, text string) {
		path, ok := parseImagePath(text)
		parts := strings.Split(path, "/")
		want := len(parts) >= 2 && len(parts) < 20
		for _, one := range parts {
			want = want && part.MatchString(one)
		}
		if ok != want {
			t.Fatalf("%q: %v, want %v", text, ok, want)
		}
		if p := s.imageProject(path); ok && (p != nil) != ((path + "/")[:min(len(path)+1, 9)] == "acme/app/" && len(parts) <= 4) {
			t.Fatalf("%q belongs to %v", path, p)
		} else if p != nil && p.imageName(path) != strings.TrimPrefix(path[len("acme/app"):], "/") {
			t.Fatalf("%q is called %q", path, p.imageName(path))
		}
	})
}

// FuzzScopes checks that what was read says what was written.
func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"repository:a/b:pull,push", "repository:a:5000/b:pull", "a:b:", "a:b", "", "  a:b:c  d:e:f\t", "a:b:,,c", "::"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		scopes, ok := parseScopes([]string{one, two})
		words := strings.Fields(one + " " + two)
		if !ok {
			return
		}
		if len(scopes) != len(words) {
			t.Fatalf("%d scopes of %d words", len(scopes), len(words))
		}
		for i, got := range scopes {
			rest := strings.TrimPrefix(words[i], got.kind+":"+got.name+":")
			if rest == words[i] || strings.Contains(got.kind, ":") || strings.Contains(got.name, ":") {
				t.Fatalf("%q became %+v", words[i], got)
			}
			for _, action := range got.actions {
				if action == "" || !strings.Contains(rest, action) {
					t.Fatalf("%q became %+v", words[i], got)
				}
			}
		}
	})
}

// FuzzManifest checks that a manifest that is taken is taken again as what it is served as, and refers to what it says.
func FuzzManifest(f *testing.F) {
	for _, kind := range []string{typeSchema2, typeList, typeManifest, typeIndex, typeSchema1, "application/json", "", "a/b/c"} {
		f.Add(kind, []byte(`{"schemaVersion":2,"mediaType":"`+kind+`","config":{"digest":"a"},"layers":[{"digest":"b","urls":["x"]}],"subject":{"digest":"c"}}`))
		f.Add(kind, []byte(`{"schemaVersion":2,"manifests":[{"mediaType":"`+typeBuildkit+`","digest":"a"},{"mediaType":"x","digest":"b"}]}`))
	}
	f.Add(typeIndex, []byte(`{"manifests":[{"mediaType":"`+typeManifest+`"},{"mediaType":"`+typeBuildkit+`"}]}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		m, err := parseManifest(kind, body)
		if err != nil {
			return
		}
		again, err := parseManifest(m.MediaType, body)
		if err != nil || again.MediaType != m.MediaType || len(again.references()) != len(m.references()) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
		if m.index() != (m.MediaType == typeIndex || m.MediaType == typeList) || m.index() && (m.Layers != nil || m.blobs() != nil) {
			t.Fatalf("index: %+v", m)
		}
		stored := m
		if m.cache {
			if stored, err = m.buildkit(); err != nil {
				return
			}
		}
		known := map[string]bool{}
		for _, one := range stored.references() {
			known[one.Digest] = true
		}
		for _, digest := range stored.blobs() {
			if !known[digest] {
				t.Fatalf("%q is kept for nobody", digest)
			}
		}
	})
}

// FuzzRegistryPath sends any path with any method: no answer may be a crash, and without a token none a success.
func FuzzRegistryPath(f *testing.F) {
	for _, seed := range []string{"", "_catalog", "a/b/tags/list", "a/b/manifests/v1", "a/b/blobs/sha256:x", "a/b/blobs/uploads/", "a/b/blobs/uploads/0?_state=x&digest=y"} {
		f.Add("GET", seed)
		f.Add("PUT", seed)
	}
	s, err := New(standin.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	method := regexp.MustCompile(`^[A-Z]+$`)
	f.Fuzz(func(t *testing.T, verb, path string) {
		if !method.MatchString(verb) {
			return
		}
		r := httptest.NewRequest(verb, "/v2/", strings.NewReader("{}"))
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut("/v2/"+path, "?")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code >= 500 || w.Code < 300 {
			t.Fatalf("%s %s: %d %s", verb, path, w.Code, w.Body)
		}
	})
}

// FuzzUploadState checks that only what the registry signed is believed.
func FuzzUploadState(f *testing.F) {
	images, err := newRegistry()
	if err != nil {
		f.Fatal(err)
	}
	good := images.packState(uploadState{Name: "a/b", UUID: "1", Offset: 7})
	for _, seed := range []string{"", "x", good, good[1:], good + "A", "sha256:" + good} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		state, err := images.unpackState(text)
		if (err == nil) != (images.packState(state) == text && text == good) {
			t.Fatalf("%q: %+v, %v", text, state, err)
		}
	})
}

// FuzzRegistryToken does the same with tokens.
func FuzzRegistryToken(f *testing.F) {
	key, err := theSigner()
	if err != nil {
		f.Fatal(err)
	}
	good, err := key.sign(claims{Issuer: registryIssuer, Audience: registryService, Expires: 1 << 40})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "a.b.c", good, good + "A", "." + good, strings.Replace(good, ".", "..", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := key.verify(text, time.Now(), 0); (err == nil) != (text == good) {
			t.Fatalf("%q: %+v, %v", text, c, err)
		}
	})
}
