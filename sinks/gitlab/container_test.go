package gitlab_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
	"pkgferry/sinks/sinktest"
)

func TestContainer(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		t.Run("database "+database, func(t *testing.T) {
			c := sinktest.Case{
				Open: func(t *testing.T) sinktest.Target {
					s := startRegistry(t, "registry.database", database)
					return sinktest.Target{
						Sink: s.sink(t), Project: s.project,
						Again:    func(t *testing.T) sinks.Sink { return s.sink(t) },
						Rows:     func(t *testing.T) int { return len(s.tags(t)) },
						Requests: func(t *testing.T) int { return s.total(t) },
					}
				},
				Make: makeImage, Proof: gitlab.Proof(artifact.Container), Token: token,
			}
			if database == "on" {
				c.Large = makeLargeImage
			}
			sinktest.Run(t, c)
		})
	}
}

// startRegistry starts a stand-in with these modes, as pairs.
func startRegistry(t *testing.T, modes ...string) server {
	t.Helper()
	o := standin.Options{Modes: map[string]string{}}
	for i := 0; i < len(modes); i += 2 {
		o.Modes[modes[i]] = modes[i+1]
	}
	return start(t, "docker-images", o)
}

// tags are the tags that the registry has, by "repository:tag", with the digests they name.
func (s server) tags(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range s.dump(t) {
		if digest, ok := strings.CutPrefix(line.File, "manifests/"); ok && line.Version != digest {
			all[line.Package+":"+line.Version] = digest
		}
	}
	return all
}

func (s server) mustPublish(t *testing.T, sink sinks.Sink, all ...sinktest.Sample) {
	t.Helper()
	for _, one := range all {
		if err := s.publish(t, sink, one); err != nil {
			t.Fatalf("%s: %v", one.PURL(), err)
		}
	}
}

// since are the requests to the registry that f makes, by method and route.
func (s server) since(t *testing.T, f func()) map[string]int {
	t.Helper()
	before, made := s.requests(t), map[string]int{}
	f()
	for route, n := range s.requests(t) {
		if n > before[route] && !strings.Contains(route, "_standin") {
			made[route] = n - before[route]
		}
	}
	return made
}

// What an image costs: for every new blob a POST and a PUT, for every manifest a PUT.
func TestRequestsOfAnImage(t *testing.T) {
	s, m := startRegistry(t), images{}
	sink := s.sink(t)
	root := m.image("app", "one", "two", "three")
	first := s.since(t, func() { s.mustPublish(t, sink, m.sample("app", "1.0", root)) })
	want := map[string]int{
		"GET project": 1, "GET jwt": 2, "GET registry base": 1, "GET registry tags": 1,
		"POST registry upload": 4, "PUT registry upload": 4, "PUT registry manifest": 1,
	}
	if fmt.Sprint(first) != fmt.Sprint(want) {
		t.Errorf("the first image of a repository costs %v, want %v", first, want)
	}
	again := s.since(t, func() { s.mustPublish(t, sink, m.sample("app", "latest", root)) })
	if want := map[string]int{"PUT registry manifest": 1}; fmt.Sprint(again) != fmt.Sprint(want) {
		t.Errorf("another tag for it costs %v, want %v", again, want)
	}
	next := s.since(t, func() { s.mustPublish(t, sink, m.sample("app", "1.1", m.image("app", "one", "two", "four"))) })
	if want := map[string]int{"POST registry upload": 1, "PUT registry upload": 1, "PUT registry manifest": 1}; fmt.Sprint(next) != fmt.Sprint(want) {
		t.Errorf("an image with one new layer costs %v, want %v", next, want)
	}
	later := s.sink(t) // another run, which finds the repository as it is
	resumed := s.since(t, func() { s.mustPublish(t, later, m.sample("app", "1.2", m.image("app", "one", "five"))) })
	want = map[string]int{
		"GET project": 1, "GET jwt": 2, "GET registry base": 1, "GET registry tags": 1, "HEAD registry manifest": 1, "HEAD registry blob": 3,
		"POST registry upload": 1, "PUT registry upload": 1, "PUT registry manifest": 1,
	}
	if fmt.Sprint(resumed) != fmt.Sprint(want) {
		t.Errorf("an image in a repository from before costs %v, want %v", resumed, want)
	}
}

// A layer that many images share is sent once, however many workers want it at the same time.
func TestSharedLayers(t *testing.T) {
	for name, repository := range map[string]string{"one repository": "team/app", "many repositories": "team/app%d"} {
		t.Run(name, func(t *testing.T) {
			const count = 20
			s, m := startRegistry(t), images{}
			sink, base := s.sink(t), strings.Repeat("base", 5000)
			var opened sync.Map
			var all sync.WaitGroup
			var samples []sinktest.Sample
			for n := range count {
				place := repository
				if strings.Contains(place, "%d") {
					place = fmt.Sprintf(place, n)
				}
				samples = append(samples, m.sample(place, fmt.Sprint("v", n), m.image(fmt.Sprint("app", n), base, fmt.Sprint("own", n))))
			}
			for _, one := range samples {
				one.Content = func(f artifact.File) io.Reader {
					if n, again := opened.LoadOrStore(f.Path, 1); again {
						opened.Store(f.Path, n.(int)+1)
					}
					return m.content(f)
				}
				all.Go(func() {
					if err := s.publish(t, sink, one); err != nil {
						t.Error(err)
					}
				})
			}
			made := s.since(t, all.Wait)
			opened.Range(func(path, n any) bool {
				if strings.HasPrefix(path.(string), "blobs/") && n != 1 {
					t.Errorf("%s was read %d times", path, n)
				}
				return true
			})
			if made["PUT registry upload"] != 1+2*count || made["HEAD registry blob"] != 0 {
				t.Errorf("%v for %d images with %d blobs", made, count, 1+2*count)
			}
			if tags := s.tags(t); len(tags) != count {
				t.Errorf("%d tags", len(tags))
			}
		})
	}
}

// What another repository holds is mounted, also in another run.
func TestMounting(t *testing.T) {
	s, m := startRegistry(t), images{}
	root := m.image("app", "one", "two")
	s.mustPublish(t, s.sink(t), m.sample("first", "1.0", root))
	sink := s.sink(t)
	s.mustPublish(t, sink, m.sample("first", "1.1", m.image("app", "one", "two", "three")))
	made := s.since(t, func() { s.mustPublish(t, sink, m.sample("second", "1.0", root)) })
	if made["PUT registry upload"] != 0 || made["POST registry upload"] != 3 || made["HEAD registry blob"] != 0 {
		t.Errorf("%v for an image that another repository holds", made)
	}
}

// A token that may not pull from where a blob is must not ask to mount it, and sends it.
func TestMountingIsNotGranted(t *testing.T) {
	s, m := startRegistry(t), images{}
	other := s
	other.project = standingitlab.Group + "/generic-packages"
	sink, root := s.sink(t), m.image("app", "one", "two")
	other.mustPublish(t, sink, m.sample("app", "1.0", root))
	s.mutate(t, `{"set":{"project":"`+other.project+`","container_registry":"disabled"}}`)
	made := s.since(t, func() { s.mustPublish(t, sink, m.sample("app", "1.0", root)) })
	if made["PUT registry upload"] != 3 || made["POST registry upload"] != 3 {
		t.Errorf("%v for three blobs", made)
	}
}

// A blob that is lost where it is mounted from is sent.
func TestMountingWhatIsLost(t *testing.T) {
	s, m := startRegistry(t), images{}
	sink, root := s.sink(t), m.image("app", "one")
	s.mustPublish(t, sink, m.sample("first", "1.0", root))
	for path := range m {
		if strings.HasPrefix(path, "blobs/") {
			s.mutate(t, `{"delete":{"project":"`+s.project+`","format":"container","package":"first","file":"`+path+`"}}`)
		}
	}
	made := s.since(t, func() { s.mustPublish(t, sink, m.sample("second", "1.0", root)) })
	if made["PUT registry upload"] != 2 || made["POST registry upload"] != 2 {
		t.Errorf("%v for two blobs", made)
	}
}

// What was sent and is collected as garbage before its manifest comes is sent again by the next attempt.
func TestCollectedInBetween(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		s, m := startRegistry(t, "registry.database", database), images{}
		sink := s.sink(t)
		layer := m.blob(layerType, "shared")
		s.mustPublish(t, sink, m.sample("app", "1.0", m.image("one", "shared")))
		s.mutate(t, `{"delete":{"project":"`+s.project+`","format":"container","package":"app","file":"blobs/`+layer.digest()+`"}}`)
		next := m.sample("app", "1.1", m.image("two", "shared"))
		err := s.publish(t, sink, next)
		if _, temporary := fault.IsTemporary(err); !temporary || fault.CodeOf(err) != string(artifact.TargetFailed) {
			t.Errorf("reason %q: %v", fault.CodeOf(err), err)
		}
		made := s.since(t, func() { s.mustPublish(t, sink, next) })
		if made["PUT registry upload"] != 1 {
			t.Errorf("%v to mend one blob", made)
		}
		if holding := look(t, sink, s.destination(next.Package), next.Package); holding.State != sinks.Ready {
			t.Errorf("state %v", holding.State)
		}
	}
}

// Others push while a migration runs. A tag that they pushed since the listing is theirs: it stays, and the next look
// shows it.
func TestTagsOfOthersStay(t *testing.T) {
	for _, when := range []string{"before the manifest", "during a layer"} {
		t.Run(when, func(t *testing.T) {
			s, m := startRegistry(t), images{}
			sink := s.sink(t)
			sink.DistrustListings()
			theirs := m.sample("app", "latest", m.image("theirs"))
			ours := m.sample("app", "latest", m.image("ours", "layer"))
			ours.Content = func(f artifact.File) io.Reader {
				if strings.HasPrefix(f.Path, "blobs/") == (when == "during a layer") {
					s.mustPublish(t, s.sink(t), theirs)
				}
				return m.content(f)
			}
			dst := s.destination(ours.Package)
			if holding := look(t, sink, dst, ours.Package); holding.State != sinks.Absent {
				t.Fatalf("state %v", holding.State)
			}
			err := s.publish(t, sink, ours)
			if _, temporary := fault.IsTemporary(err); !temporary || s.tags(t)["app:latest"] != "sha256:"+theirs.Files[0].Digests.SHA256 {
				t.Errorf("tags %v: %v", s.tags(t), err)
			}
			held := look(t, sink, dst, ours.Package).Files[ours.Files[0].Path]
			if held.Digests.Compare(ours.Files[0].Digests) != artifact.Different {
				t.Errorf("held as %+v", held)
			}
			ours.Content = m.content
			s.mustPublish(t, sink, ours) // when the route says to replace it
			if s.tags(t)["app:latest"] != "sha256:"+ours.Files[0].Digests.SHA256 {
				t.Errorf("tags %v", s.tags(t))
			}
		})
	}
}
