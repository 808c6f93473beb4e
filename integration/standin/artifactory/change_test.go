package artifactory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pkgferry/integration/standin/artifactory"
)

// names are those that a query finds.
func (s server) names(query string) (names []string) {
	s.t.Helper()
	for _, one := range s.query(query).Results {
		names = append(names, one.Name)
	}
	return names
}

// What changes after the seed is found by its dates: the made files are older. What comes by a copy has the old dates.
func TestWindows(t *testing.T) {
	s := start(t, "200")
	began := time.Now().Add(-time.Minute)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	const made = "com/example/team000/area00/lib00/1.10.0/lib00-1.10.0.jar"
	s.change(
		artifactory.Change{Op: "deploy", Repository: artifactory.Releases, Path: "a/dated.jar", Body: "x", Modified: &old},
		artifactory.Change{Op: "copy", Repository: artifactory.Releases, Path: made, ToRepository: artifactory.Files, ToPath: "copied.jar"},
		artifactory.Change{Op: "properties", Repository: artifactory.Releases, Path: made, Properties: []artifactory.Property{{Key: "k", Value: "v"}}},
	)
	for field, want := range map[string]string{"created": "[dated.jar]", "updated": "[dated.jar]", "modified": "[]", "props_modified": "[lib00-1.10.0.jar]"} {
		got := fmt.Sprint(s.names(fmt.Sprintf(`items.find({%q:{"$gte":%q}})`, field, began.Format(time.RFC3339))))
		if got != want {
			t.Errorf("%s: %s is found, want %s", field, got, want)
		}
	}
	if got := fmt.Sprint(s.names(`items.find({"@k":"v"}).include("repo","path","name")`)); got != "[lib00-1.10.0.jar]" {
		t.Errorf("by property: %s", got)
	}
	s.change(artifactory.Change{Op: "delete", Repository: artifactory.Releases, Path: made})
	if got := s.get("/" + artifactory.Releases + "/" + made); got.status != 404 {
		t.Errorf("a deleted file is answered %d", got.status)
	}
	if got := s.as(artifactory.Outsider).get("/" + artifactory.Files + "/copied.jar"); got.status != 403 {
		t.Errorf("an outsider gets %d", got.status)
	}
}

// What each change does to the three dates.
func TestDates(t *testing.T) {
	old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	const root, stray = "root.txt", "s.tgz"
	for _, c := range []struct {
		name    string
		change  artifactory.Change
		at      string // the row to look at
		changed string // which dates are of today
	}{
		{"a new file", artifactory.Change{Op: "deploy", Path: "new.txt", Body: "x"}, "new.txt", "created modified updated"},
		{"a new file with a date", artifactory.Change{Op: "deploy", Path: "new.txt", Body: "x", Modified: &old}, "new.txt", "created updated"},
		{"new content", artifactory.Change{Op: "deploy", Path: root, Body: "x"}, root, "modified updated"},
		{"a copy", artifactory.Change{Op: "copy", Path: root, ToPath: "copy.txt"}, "copy.txt", ""},
		{"a move", artifactory.Change{Op: "move", Path: root, ToPath: "moved.txt"}, "moved.txt", ""},
		{"a copy with properties", artifactory.Change{Op: "copy", Path: "props/labelled.bin", ToPath: "copy.bin"}, "copy.bin", "props_modified"},
		{"properties", artifactory.Change{Op: "properties", Path: root, Properties: []artifactory.Property{{Key: "a", Value: "b"}}}, root, "props_modified"},
		{"a deploy with properties", artifactory.Change{Op: "deploy", Path: stray, Body: "x", Properties: []artifactory.Property{{Key: "a", Value: "b"}}}, stray,
			"created modified updated props_modified"},
		{"a slow upload", artifactory.Change{Op: "deploy", Path: "new.txt", Body: "x", Late: "48h"}, "new.txt", ""},
	} {
		s := start(t, "small")
		c.change.Repository, c.change.ToRepository = artifactory.Files, artifactory.Files
		s.change(c.change)
		var changed []string
		for _, field := range []string{"created", "modified", "updated", "props_modified"} {
			for _, name := range s.names(fmt.Sprintf(`items.find({"repo":"files-local",%q:{"$last":"1d"}}).include("repo","path","name")`, field)) {
				if name == c.at {
					changed = append(changed, field)
				}
			}
		}
		if got := strings.Join(changed, " "); got != c.changed {
			t.Errorf("%s: of today are %q, want %q", c.name, got, c.changed)
		}
		if a := s.get("/files-local/" + c.at); a.status != 200 {
			t.Errorf("%s: the file is answered %d", c.name, a.status)
		}
		if a := s.get("/files-local/root.txt"); (a.status == 404) != (c.change.Op == "move") {
			t.Errorf("%s: root.txt is answered %d", c.name, a.status)
		}
	}
	s := start(t, "small", "copy-dates=new")
	s.change(artifactory.Change{Op: "copy", Repository: artifactory.Files, Path: "docs", ToRepository: artifactory.Releases, ToPath: "docs"})
	if names := s.names(`items.find({"repo":"libs-release-local","created":{"$last":"1d"}})`); len(names) != 9 {
		t.Errorf("of a folder that was copied with new dates %q are found", names)
	}
}

// What is not served, although it is listed.
func TestListedAndNotServed(t *testing.T) {
	s := start(t, "small")
	for _, c := range []struct {
		op     string
		status int
	}{{"lose", 404}, {"find", 200}, {"block", 403}, {"allow", 200}} {
		s.change(artifactory.Change{Op: c.op, Repository: artifactory.Files, Path: "root.txt"})
		if a := s.get("/files-local/root.txt"); a.status != c.status {
			t.Errorf("%s: %d", c.op, a.status)
		}
		if names := s.names(`items.find({"repo":"files-local","name":"root.txt"})`); len(names) != 1 {
			t.Errorf("%s: %v is listed", c.op, names)
		}
	}
	s.change(artifactory.Change{Op: "blackout", Repository: artifactory.Files})
	if a := s.get("/files-local/root.txt"); a.status != 403 {
		t.Errorf("of a repository that is blacked out: %d", a.status)
	}
	// A remote repository asks its upstream for what its cache does not have.
	if a := s.get("/central-remote/org/example/other/1/other-1.jar"); a.status != 404 || s.Stats().Requests["GET upstream"] != 1 {
		t.Errorf("%d, %v", a.status, s.Stats().Requests)
	}
	if a := s.get("/central-remote-cache/org/example/other/1/other-1.jar"); a.status != 404 || s.Stats().Requests["GET upstream"] != 1 {
		t.Errorf("%d, %v", a.status, s.Stats().Requests)
	}
}

func TestFilesWithoutSHA256(t *testing.T) {
	for _, seed := range []string{"300", "small"} {
		s := start(t, seed, "no-sha256=libs-release-local/**/*.jar")
		jars, without := 0, 0
		for _, one := range s.query(`items.find({"repo":"libs-release-local"}).include("repo","path","name","sha256")`).Results {
			isJar := strings.HasSuffix(one.Name, ".jar")
			if isJar {
				jars++
			}
			if one.SHA256 == "" {
				without++
			}
		}
		if seed == "small" {
			without-- // the old POM
		}
		if jars == 0 || jars != without {
			t.Errorf("seed %s: %d jars, %d files without SHA-256", seed, jars, without)
		}
	}
}
