package oci

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	subject = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	first   = `{"mediaType":"m","digest":"sha256:2222222222222222222222222222222222222222222222222222222222222222","size":1}`
	second  = `{"mediaType":"m","digest":"sha256:3333333333333333333333333333333333333333333333333333333333333333","size":1}`
)

// referring is a registry whose API answers with api, and whose fallback tag is tagged; "": there is none.
func referring(tagged string, api http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/referrers/"):
			api(w, r)
		case tagged == "":
			http.NotFound(w, r)
		default:
			w.Header().Set("Docker-Content-Digest", "sha256:"+artifact.DigestsOf(tagged).SHA256)
			_, _ = w.Write([]byte(tagged))
		}
	}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = w.Write([]byte(body)) }
}

func openReferrers(t *testing.T, r *Registry) (string, error) {
	t.Helper()
	content, err := r.Open(t.Context(), "acme/app", artifact.ImageReferrers(subject, ""), 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(content)
	return string(text), err
}

// TestTheAPIAndTheTagAreJoined, each entry once, with what else the tag's index says.
func TestTheAPIAndTheTagAreJoined(t *testing.T) {
	tagged := `{"schemaVersion":2,"mediaType":"` + artifact.OCIIndex + `","annotations":{"by":"us"},"manifests":[` + first + `]}`
	for name, c := range map[string]struct {
		api     string
		entries int
		bytes   string // "" when they are made up
	}{
		"nothing more":      {`{"manifests":[` + first + `]}`, 1, tagged},
		"one more, twice":   {`{"manifests":[` + second + `,` + first + `,` + second + `]}`, 2, ""},
		"none, and no list": {`{"manifests":null}`, 1, tagged},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := openReferrers(t, serve(t, referring(tagged, says(http.StatusOK, c.api)), Options{}))
			var got struct {
				Annotations map[string]string
				Manifests   []any
			}
			if err != nil || json.Unmarshal([]byte(text), &got) != nil {
				t.Fatal(text, err)
			}
			if len(got.Manifests) != c.entries || got.Annotations["by"] != "us" || c.bytes != "" && text != c.bytes {
				t.Errorf("%s", text)
			}
		})
	}
}

// TestARegistryWithoutTheAPI is soon asked for it no more; but one 404 is no proof.
func TestARegistryWithoutTheAPI(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusNotImplemented} {
		asked := 0
		r := serve(t, referring("", func(w http.ResponseWriter, r *http.Request) { asked++; says(status, "no such page")(w, r) }), Options{})
		for range 3 * notFoundBefore {
			if text, err := openReferrers(t, r); err != nil || !strings.Contains(text, `"manifests":[]`) {
				t.Fatalf("%d: %s, %v", status, text, err)
			}
		}
		if asked != notFoundBefore {
			t.Errorf("%d: asked %d times", status, asked)
		}
	}
}

// TestAnAPIThatFailsIsNotAnEmptyOne.
func TestAnAPIThatFailsIsNotAnEmptyOne(t *testing.T) {
	answer := says(http.StatusOK, `{"manifests":[`+first+`]}`)
	r := serve(t, referring("", func(w http.ResponseWriter, r *http.Request) { answer(w, r) }), Options{})
	if text, err := openReferrers(t, r); err != nil || !strings.Contains(text, first) {
		t.Fatal(text, err)
	}
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusInternalServerError} {
		answer = says(status, "no such page")
		if text, err := openReferrers(t, r); err == nil {
			t.Errorf("%d: taken for %s", status, text)
		}
	}
	answer = says(http.StatusOK, `{"manifests":[{"digest":"`+strings.Repeat("x", artifact.MaxManifest-100)+`"}]}`)
	pages := 0
	last := answer
	answer = func(w http.ResponseWriter, r *http.Request) {
		pages++
		w.Header().Set("Link", `<x?last=`+strings.Repeat("y", pages)+`>; rel="next"`)
		last(w, r)
	}
	if _, err := openReferrers(t, r); fault.CodeOf(err) != string(artifact.ManifestTooLarge) || pages != 2 {
		t.Errorf("%d pages, %v", pages, err)
	}
}
