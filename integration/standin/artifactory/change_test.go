package artifactory_test

import (
	"fmt"
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
