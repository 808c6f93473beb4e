package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/internal/fault"
	"pkgferry/mapping"
	"pkgferry/sinks"
)

func TestIndexFollowsItsVersions(t *testing.T) {
	src := new(source)
	src.add(artifact.NPM, "ui", "", "dist-tags/latest", "9.0.0")
	for i := range 10 {
		src.add(artifact.NPM, "ui", fmt.Sprintf("%d.0.0", i), "t.tgz", strings.Repeat("x", i+1))
	}
	dst := newSink()
	outcomes(t, migration(t, src, dst))
	want(t, len(dst.order), 11)
	want(t, dst.order[10], "pkg:npm/ui")
}

// A version that arrives in a later run moves the sink's tag, as GitLab's npm registry does; the index puts it back.
func TestIndexIsSetAgainAfterALateVersion(t *testing.T) {
	src := new(source).add(artifact.NPM, "ui", "1.0.0", "t.tgz", "old").add(artifact.NPM, "ui", "2.0.0", "t.tgz", "new").
		add(artifact.NPM, "ui", "", "dist-tags/latest", "2.0.0")
	dst := newSink()
	refuse := true
	dst.before = func(to artifact.Destination, _ artifact.File) error {
		if to.Version == "1.0.0" && refuse {
			return fault.Errorf(artifact.TargetRejected, "not today")
		}
		return nil
	}
	index := artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui"}
	dst.after = func(to artifact.Destination, _ artifact.File) error {
		if to.Version != "" {
			dst.put(index, "dist-tags/latest", to.Version)
		}
		return nil
	}
	o := migration(t, src, dst)
	want(t, outcomes(t, o)["pkg:npm/ui@1.0.0"], "failed target-rejected")
	refuse = false
	want(t, outcomes(t, o), map[string]string{
		"pkg:npm/ui@1.0.0": "published", "pkg:npm/ui@2.0.0": "published", "pkg:npm/ui": "published",
	})
	want(t, dst.held[index]["dist-tags/latest"], "2.0.0")
}

func TestIndexIsReplacedAndReleaseIsNot(t *testing.T) {
	src := new(source).add(artifact.NPM, "ui", "", "dist-tags/latest", "2.0.0").
		add(artifact.Maven, "g:a", "1.0-SNAPSHOT", "a-1.0-SNAPSHOT.jar", "new", "maven-metadata.xml", "new")
	dst := newSink()
	dst.put(artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui"}, "dist-tags/latest", "1.0.0")
	snapshot := artifact.Destination{Project: "g/java-packages", Format: artifact.Maven, Name: "g:a", Version: "1.0-SNAPSHOT"}
	dst.put(snapshot, "maven-metadata.xml", "old")
	dst.put(snapshot, "a-1.0-SNAPSHOT.jar", "old")
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{
		"pkg:npm/ui":                 "published",
		"pkg:maven/g/a@1.0-SNAPSHOT": "conflict target-holds-other",
	})
}

func TestRoutesMayLetTagsMove(t *testing.T) {
	for answer, outcome := range map[mapping.OnConflict]string{"": "conflict target-holds-other", mapping.Replace: "published"} {
		src := new(source).add(artifact.Container, "app", "latest", "manifests/new", "new").add(artifact.Generic, "tool", "1.0", "f", "new")
		dst := newSink()
		dst.put(artifact.Destination{Project: "g/docker-images", Format: artifact.Container, Name: "app", Version: "latest"}, "manifests/new", "old")
		dst.put(artifact.Destination{Project: "g/generic-packages", Format: artifact.Generic, Name: "tool", Version: "1.0"}, "f", "old")
		rules := mapping.Defaults()
		for i := range rules {
			rules[i].OnConflict = answer
		}
		o := migration(t, src, dst)
		var err error
		if o.Router, err = mapping.New("g", rules); err != nil {
			t.Fatal(err)
		}
		want(t, outcomes(t, o), map[string]string{"pkg:oci/app@latest": outcome, "pkg:generic/tool@1.0": "conflict target-holds-other"})
	}
}

// Two repositories with an index of the same name: the second does not take the place of the first.
func TestIndexesOfTwoRepositories(t *testing.T) {
	for _, slow := range []bool{false, true} { // whether the sink shows what it took only at the second look
		t.Run(fmt.Sprint(slow), func(t *testing.T) { indexesOfTwoRepositories(t, slow) })
	}
}

func indexesOfTwoRepositories(t *testing.T, slow bool) {
	src := new(source).add(artifact.Maven, "g:a", "", "maven-metadata.xml", "releases").
		add(artifact.Maven, "g:a", "", "maven-metadata.xml", "snapshots")
	src.items[1].Package.Repository = "snapshots"
	src.items[1].Package.Files[0].Locator = "snapshots"
	src.items[0].Package.Files[0].Locator = "releases"
	src.items[0].Package.Files[0].Digests, src.items[0].Package.Files[0].Size = artifact.DigestsOf("releases"), int64(len("releases"))
	src.bytes = map[string]string{"releases": "releases", "snapshots": "snapshots"}
	dst := newSink()
	looks := map[int]int{} // by the number of writes
	dst.state = func(artifact.Destination) (sinks.State, string) {
		if looks[len(dst.order)]++; slow && looks[len(dst.order)] == 1 {
			return sinks.Pending, ""
		}
		return sinks.Ready, ""
	}
	o := migration(t, src, dst)
	for range 2 {
		if _, err := engine.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for r := range o.Store.Records(t.Context(), checkpoint.Filter{}) {
			got[r.Package.Repository] = string(r.Outcome) + " " + string(r.Reason)
		}
		want(t, got, map[string]string{"r": "published ", "snapshots": "conflict name-collision"})
		want(t, dst.writes, map[string]int{"pkg:maven/g/a maven-metadata.xml": 1})
	}
}
