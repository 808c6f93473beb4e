package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/httpx"
)

// A pause that is told again, because it lasts longer, is noted once.
func TestPausesAreNotedOnce(t *testing.T) {
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "m.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r := rests{app: &app{}, store: store, until: map[string]time.Time{}}
	at := time.Unix(1_700_000_040, 0)
	for _, seconds := range []time.Duration{10, 20, 20, 15} {
		r.note(httpx.Pause{Host: "h", Since: at, Until: at.Add(seconds * time.Second)})
	}
	traffic, err := store.Traffic(t.Context(), time.Minute)
	if err != nil || len(traffic) != 1 || traffic[0].Paused != 20*time.Second {
		t.Errorf("%v %v", traffic, err)
	}
}

func TestAddressesAtTheSource(t *testing.T) {
	for _, one := range []struct {
		kind string
		f    artifact.File
		want string
	}{
		{"nexus", artifact.File{Path: "a", Locator: `{"repository":"maven-releases","path":"g/a b.jar"}`}, "https://h.example/x/repository/maven-releases/g/a%20b.jar"},
		{"nexus", artifact.File{Path: "dist-tags/latest", Locator: `{"text":"1.0.0"}`}, ""},
		{"nexus", artifact.File{Path: "a", Locator: `nonsense`}, ""},
		{"artifactory", artifact.File{Path: "a", Locator: `{"repository":"libs","path":"g/a#.jar"}`}, "https://h.example/x/libs/g/a%23.jar"},
		{"artifactory", artifact.File{Path: "manifests/sha256:ab", Locator: `{"repository":"docker","image":"team/app"}`}, "https://h.example/x/api/docker/docker/v2/team/app/manifests/sha256:ab"},
		{"npmjs", artifact.File{Path: "ui.tgz", Locator: "https://u:p@r.example/@acme%2fui/-/ui.tgz?token=s"}, "https://r.example/@acme%2fui/-/ui.tgz"},
		{"npmjs", artifact.NPMTag("latest", "1.0.0"), ""},
		{"dockerhub", artifact.File{Path: "manifests/sha256:ab", Locator: "acme/app"}, "https://h.example/x/v2/acme/app/manifests/sha256:ab"},
	} {
		w := wired[slices.Index(sourceTypes(), one.kind)]
		if got := w.address("https://h.example/x/", one.f); got != one.want {
			t.Errorf("%s %s: got %q, want %q", one.kind, one.f.Locator, got, one.want)
		}
	}
}
