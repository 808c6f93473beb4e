package artifactory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	art "pkgferry/integration/standin/artifactory"
	"pkgferry/sources"
)

// given are files of several types of repository, each with what it is to have: files in a folder that a page may not hold, one
// whose type needs properties by itself, and the manifest of a tag.
var given = map[string]string{
	art.Releases + "/com/example/lib/1.0/lib-1.0.jar": "stage=candidate stage=released team=core",
	art.Releases + "/com/example/lib/1.0/lib-1.0.pom": "team=core",
	art.Files + "/root.txt":                           "stage=released",
	art.Files + "/props/labelled.bin":                 "stage=released stage=tested",
	art.NPM + "/right/-/right-0.1.0.tgz":              "team=web",
	art.Docker + "/app/1.0/manifest.json":             "stage=released",
}

// give gives files their properties, and each one that nobody asks for.
func (s *server) give(all map[string]string) {
	for _, at := range slices.Sorted(maps.Keys(all)) {
		repository, path, _ := strings.Cut(at, "/")
		change := art.Change{Op: "properties", Repository: repository, Path: path, Properties: []art.Property{{Key: "other", Value: "x"}}}
		for _, text := range strings.Fields(all[at]) {
			key, value, _ := strings.Cut(text, "=")
			change.Properties = append(change.Properties, art.Property{Key: key, Value: value})
		}
		s.change(change)
	}
}

// propertied are the files of a listing that have properties, with them.
func propertied(items []sources.Listed) map[string]string {
	all := map[string]string{}
	for _, item := range items {
		for _, f := range item.Package.Files {
			var texts []string
			for key, values := range f.Properties {
				for _, value := range values {
					texts = append(texts, key+"="+value)
				}
			}
			slices.Sort(texts)
			l, err := parseLocator(f.Locator)
			if at := l.Repository + "/" + l.Path; err == nil && len(texts) > 0 {
				if l.Image != "" {
					at = l.Repository + "/" + l.Image + "/" + item.Package.Version + "/manifest.json"
				}
				all[at] = strings.Join(texts, " ")
			}
		}
	}
	return all
}

// Whoever lists, and however the server lets it: files have the properties that are asked for, all their values, and no others.
func TestFilesHaveTheirProperties(t *testing.T) {
	for _, c := range []struct{ user, modes string }{
		{art.Username, "edition=pro"}, {art.Username, "edition=oss"}, {art.Reader, "edition=pro"}, {"", "edition=pro anonymous=on"},
	} {
		for _, page := range []int{7, 10000} {
			t.Run(fmt.Sprintf("%s %s %d", c.user, c.modes, page), func(t *testing.T) {
				t.Parallel()
				s := start(t, "small", strings.Fields(c.modes)...)
				want := map[string]string{}
				for at, properties := range given {
					if key, _, _ := strings.Cut(at, "/"); !strings.Contains(c.modes, "oss") || key == art.Releases || key == art.Files {
						want[at] = properties
					}
				}
				s.give(want)
				o := Options{Page: page, Properties: []string{"stage", "team", "none"}}
				items, _ := list(t, s.source(c.user, o), sources.Start{})
				if diff := cmp.Diff(want, propertied(items)); diff != "" {
					t.Errorf("(-there +listed):\n%s", diff)
				}
				o.Properties = nil
				if items, _ := list(t, s.source(c.user, o), sources.Start{}); len(propertied(items)) > 0 {
					t.Errorf("nobody asks, and it tells %v", propertied(items))
				}
			})
		}
	}
}

// A property that changes is a change; and what changed otherwise comes with its properties.
func TestChangesHaveTheirProperties(t *testing.T) {
	s := start(t, "small")
	s.give(given)
	s.Advance(48 * time.Hour)
	notes := map[string]string{}
	source := s.source(art.Username, Options{Properties: []string{"stage", "team"}})
	for item := range source.Packages(t.Context(), sources.Start{}) {
		maps.Copy(notes, item.Notes)
	}
	s.Advance(48 * time.Hour)
	changed := map[string]string{
		art.Files + "/root.txt":                           "stage=withdrawn",
		art.Releases + "/com/example/lib/1.0/lib-1.0.jar": "team=core",
	}
	s.give(changed)
	s.Advance(time.Hour)
	recall := func(_ context.Context, key string) (string, error) { return notes[key], nil }
	items, errs := list(t, source, sources.Start{Changes: true, Recall: recall})
	if diff := cmp.Diff(changed, propertied(items)); diff != "" || len(errs) > 0 {
		t.Errorf("%v (-changed +listed):\n%s", errs, diff)
	}
}
