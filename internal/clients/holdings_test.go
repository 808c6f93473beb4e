package clients

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// arrivedStore holds packages that have arrived, each "format name version repository", by the rules.
func arrivedStore(t *testing.T, r *mapping.Router, packages ...string) *checkpoint.Store {
	t.Helper()
	s, err := checkpoint.Open(filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var batch checkpoint.Batch
	for _, text := range packages {
		word := strings.Fields(text)
		p := artifact.Package{
			Source: "src", Format: artifact.Format(word[0]), Name: word[1], Version: word[2], Repository: word[3],
			Files: []artifact.File{{Path: "dir/a file", Size: 1, Digests: artifact.DigestsOf("x")}},
		}
		batch.Entries = append(batch.Entries, checkpoint.Entry{Package: p, Destination: r.Route(p).Destination})
	}
	batch.To.Complete = true
	if err := s.List(t.Context(), "src", batch); err != nil {
		t.Fatal(err)
	}
	records, err := s.Take(t.Context(), time.Now(), 100, nil, func(checkpoint.Record) bool { return false })
	if err != nil || len(records) != len(packages) {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, record := range records {
		if err := s.Settle(t.Context(), record, checkpoint.Settlement{Outcome: artifact.Published}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func routes(t *testing.T, rules ...mapping.Rule) *mapping.Router {
	t.Helper()
	r, err := mapping.New("acme", append(rules, mapping.Defaults()...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var snapshots = mapping.Rule{Match: mapping.Match{Format: []string{"maven"}, Version: []string{"*-SNAPSHOT"}}, Project: "java-snapshots"}

// What arrived tells what the settings need: no project that got nothing, and of each what it holds.
func TestArrived(t *testing.T) {
	s := arrivedStore(t, routes(t, snapshots, mapping.Rule{Match: mapping.Match{Format: []string{"helm"}, Version: []string{"*-rc*"}}, Project: "helm-charts", Channel: "next"}),
		"npm @acme/ui 1.0.0 npm-local", "npm @acme/ui 1.1.0 npm-local", "npm @tools/x 1.0.0 npm-other", "npm plain 1.0.0 npm-local",
		"maven com.acme:lib 1.0 libs-release", "maven com.acme:lib 1.1-SNAPSHOT libs-snapshot", "helm web 1.0.0 charts", "helm web 2.0.0-rc1 charts")
	got, err := Arrived(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	one := func(path string, f artifact.Format, h Holding) Project {
		return Project{Place{Path: path}, map[artifact.Format]Holding{f: h}}
	}
	want := []Project{
		one("acme/helm-charts", artifact.Helm, Holding{Packages: 2, Channels: []string{"next", "stable"}, Repositories: []string{"charts"}}),
		one("acme/java-packages", artifact.Maven, Holding{Packages: 1, Releases: true, Repositories: []string{"libs-release"}}),
		one("acme/java-snapshots", artifact.Maven, Holding{Packages: 1, Snapshots: true, Repositories: []string{"libs-snapshot"}}),
		one("acme/node-packages", artifact.NPM, Holding{Packages: 4, Scopes: []string{"@acme", "@tools"}, Unscoped: true, Repositories: []string{"npm-local", "npm-other"}}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Before anything arrived the routes tell it, as far as they can.
func TestPlanned(t *testing.T) {
	r := routes(t, snapshots, mapping.Rule{Match: mapping.Match{Format: []string{"helm"}, Name: []string{"beta-*"}}, Project: "helm-charts", Channel: "beta"},
		mapping.Rule{Match: mapping.Match{Format: []string{"helm"}, Name: []string{"other-*"}}, Project: "other-charts", Channel: "edge"},
		mapping.Rule{Match: mapping.Match{Format: []string{"maven"}, Name: []string{"com.other:*"}}, Project: "java-other"})
	got := map[string]Holding{}
	for _, p := range Planned(r, []artifact.Format{artifact.Maven, artifact.Helm}) {
		for format, h := range p.Holds {
			got[p.Path+" "+string(format)] = h
		}
	}
	want := map[string]Holding{
		"acme/helm-charts helm": {Channels: []string{"beta", "stable"}}, "acme/other-charts helm": {Channels: []string{"edge"}}, "acme/java-packages maven": {Releases: true},
		"acme/java-snapshots maven": {Snapshots: true}, "acme/java-other maven": {Releases: true, Snapshots: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The lists have a row for everything that arrived, with the old and the new name.
func TestLists(t *testing.T) {
	s := arrivedStore(t, routes(t),
		"container team/app 1.0 docker-local", "container team/app 2.0 docker-local", "terraform acme/vpc/aws 1.0.0 tf", "generic tool 1.0 files", "generic =tool 1.0 files")
	projects, err := Arrived(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range projects {
		projects[i].ID = int64(i + 1)
	}
	g := &GitLab{URL: parsed(t, "https://gitlab.example.com"), Registry: "registry.example.com", Group: Place{"acme", 9}, Projects: projects}
	files := written(t, Options{GitLab: g, Store: s, Origins: map[string]Origin{"src": {Type: "artifactory", URL: parsed(t, "https://old.example.com/artifactory")}}})
	for name, want := range map[string]string{
		"container/images.csv": "source,repository,image,tag,old,new\n" +
			"src,docker-local,team/app,1.0,old.example.com/docker-local/team/app:1.0,registry.example.com/acme/docker-images/team/app:1.0\n" +
			"src,docker-local,team/app,2.0,old.example.com/docker-local/team/app:2.0,registry.example.com/acme/docker-images/team/app:2.0\n",
		"container/repositories.csv": "source,repository,image,old,new\n" +
			"src,docker-local,team/app,old.example.com/docker-local/team/app,registry.example.com/acme/docker-images/team/app\n",
		"terraform/modules.csv": "source,repository,module,old,new,project\n" +
			"src,tf,acme/vpc/aws,old.example.com/tf__acme/vpc/aws,gitlab.example.com/acme/vpc/aws,https://gitlab.example.com/api/v4/projects/3/packages/terraform/modules/vpc/aws\n",
		"generic/files.csv": "source,repository,package,version,file,new\n" +
			"src,files,tool,1.0,dir/a file,https://gitlab.example.com/api/v4/projects/2/packages/generic/tool/1.0/dir/a%20file\n" +
			"src,files,'=tool,1.0,dir/a file,https://gitlab.example.com/api/v4/projects/2/packages/generic/=tool/1.0/dir/a%20file\n",
	} {
		if diff := cmp.Diff(want, files[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if strings.Contains(files["README.md"], "Nothing has arrived yet") {
		t.Error("the overview says that nothing has arrived")
	}
}

// A listing can not make the settings grow without end.
func TestNamesAreBounded(t *testing.T) {
	var h Holding
	for i := range 2 * maxNames {
		h.add(checkpoint.Record{Destination: artifact.Destination{Format: artifact.NPM, Name: fmt.Sprintf("@s%d/x", i)}})
	}
	if len(h.Scopes) != maxNames || h.Packages != 2*maxNames {
		t.Errorf("%d scopes of %d packages", len(h.Scopes), h.Packages)
	}
}
