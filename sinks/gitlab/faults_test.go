package gitlab_test

import (
	"slices"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/sinktest"
)

// opener opens a sample's files, whose content these tests do not damage.
func opener(s sinktest.Sample) artifact.Opener { return s.Opener() }

func (s server) publish(t *testing.T, sink sinks.Sink, one sinktest.Sample) error {
	t.Helper()
	return sink.Publish(t.Context(), s.destination(one.Package), one.Package, one.Files, opener(one))
}

var makers = map[string]func(*testing.T, int, string) sinktest.Sample{
	"java-packages": makeMaven, "generic-packages": makeGeneric, "node-packages": makeNPM,
	"python-packages": makePyPI, "terraform-modules": makeTerraform,
	"nuget-packages": makeNuGet, "helm-charts": makeHelm,
}

// compare tells whether a held file is f, by its digests, or by what it reads back as where it has none.
func compare(t *testing.T, held sinks.Held, f artifact.File) artifact.Agreement {
	t.Helper()
	if held.Digests == (artifact.Digests{}) && held.Open != nil {
		var err error
		if held, err = sinks.ReadBack(t.Context(), f, held); err != nil {
			t.Error(err)
		}
	}
	return held.Digests.Compare(f.Digests)
}

// A server that fails after it stored a file: the error asks for another attempt, and Stat knows that nothing is missing.
func TestStoredButNotAnswered(t *testing.T) {
	for project, sample := range makers {
		for _, kind := range []string{"500", standin.Reset} {
			t.Run(project+" "+kind, func(t *testing.T) {
				s := start(t, project, standin.Options{})
				sink, one := s.sink(t), sample(t, 1, "a")
				one.Files = one.Files[:1]
				if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
					t.Fatalf("state %v", holding.State)
				}
				s.mutate(t, `{"fault":"`+kind+`@stored=1"}`)
				err := s.publish(t, sink, one)
				if _, temporary := fault.IsTemporary(err); !temporary || fault.SideOf(err) != fault.Sink {
					t.Errorf("error %v", err)
				}
				holding := look(t, sink, s.destination(one.Package), one.Package)
				if held := holding.Files[one.Files[0].Path]; holding.State != sinks.Ready || compare(t, held, one.Files[0]) != artifact.Same {
					t.Errorf("state %v, %+v", holding.State, holding.Files)
				}
				if rows := len(s.dump(t)); rows != 1 {
					t.Errorf("%d rows", rows)
				}
			})
		}
	}
}

func TestServerErrorsAreTemporary(t *testing.T) {
	for project, sample := range makers {
		for _, kind := range []string{"500", "503", "429", standin.Reset, standin.ObjectStore} {
			t.Run(project+" "+kind, func(t *testing.T) {
				s := start(t, project, standin.Options{Faults: []standin.Fault{{Kind: kind, Stage: standin.Write, Rate: 1}}})
				sink, one := s.sink(t), sample(t, 1, "a")
				err := s.publish(t, sink, one)
				if _, temporary := fault.IsTemporary(err); !temporary {
					t.Errorf("error %v", err)
				}
				if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
					t.Errorf("state %v", holding.State)
				}
				if err := s.publish(t, sink, one); err != nil {
					t.Errorf("the second attempt: %v", err)
				}
				if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
					t.Errorf("state %v", holding.State)
				}
			})
		}
	}
}

// A listing that fails or breaks off is read again.
func TestListingsAreReadAgain(t *testing.T) {
	for project, sample := range makers {
		for _, kind := range []string{standin.Cut, standin.Reset, "500", "429"} {
			t.Run(project+" "+kind, func(t *testing.T) {
				t.Parallel() // it mostly waits
				s := start(t, project, standin.Options{Faults: []standin.Fault{{Kind: kind, Stage: standin.List, Rate: 2}}})
				sink, one := s.sink(t), sample(t, 1, "a")
				if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
					t.Errorf("state %v", holding.State)
				}
				if err := s.publish(t, sink, one); err != nil {
					t.Fatal(err)
				}
				s.mutate(t, `{"fault":"`+kind+`@list=2"}`)
				if holding := look(t, s.sink(t), s.destination(one.Package), one.Package); holding.State != sinks.Ready {
					t.Errorf("state %v", holding.State)
				}
			})
		}
	}
}

// A byte that changes on the way to GitLab must show, at the latest in Stat's digests.
func TestFlippedOnTheWay(t *testing.T) {
	for project, sample := range makers {
		t.Run(project, func(t *testing.T) {
			s := start(t, project, standin.Options{Faults: []standin.Fault{{Kind: standin.Flip, Stage: standin.Write, Rate: 1}}})
			sink, one := sinks.Verify(s.sink(t), func(artifact.Destination, artifact.Package) bool { return true }), sample(t, 1, "a")
			err := s.publish(t, sink, one)
			if err != nil {
				if code := fault.CodeOf(err); code != string(artifact.TargetMismatch) && code != string(artifact.TargetRejected) {
					t.Errorf("error %v", err)
				}
				return
			}
			holding := look(t, sink, s.destination(one.Package), one.Package)
			for _, f := range one.Files {
				if held, ok := holding.Files[f.Path]; !ok || held.Digests.Compare(f.Digests) != artifact.Same {
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		project string
		modes   map[string]string
		mutate  string // %p is the project
		token   string
		twice   bool
		reason  artifact.Reason
		says    string
		stop    bool
	}{
		"wrong token":        {project: "java-packages", token: "nobody", stop: true, says: "does not accept the token"},
		"reporter":           {project: "java-packages", token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"reporter, npm":      {project: "node-packages", token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"stranger":           {project: "generic-packages", token: "standin-stranger", reason: artifact.NotPermitted, says: "can not see it"},
		"protected, maven":   {project: "java-packages", mutate: `{"protect":{"project":"%p","format":"maven","pattern":"com/acme/*","role":"admin"}}`, reason: artifact.Protected},
		"protected, npm":     {project: "node-packages", mutate: `{"protect":{"project":"%p","format":"npm","pattern":"@acme/*","role":"admin"}}`, reason: artifact.Protected},
		"protected, generic": {project: "generic-packages", mutate: `{"protect":{"project":"%p","format":"generic","pattern":"tools*","role":"admin"}}`, reason: artifact.Protected},
		"reporter, nuget":    {project: "nuget-packages", token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"reporter, helm":     {project: "helm-charts", token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"stranger, nuget":    {project: "nuget-packages", token: "standin-stranger", reason: artifact.NotPermitted, says: "can not see it"},
		"protected, nuget":   {project: "nuget-packages", mutate: `{"protect":{"project":"%p","format":"nuget","pattern":"acme.*","role":"admin"}}`, reason: artifact.Protected},
		"too large, nuget":   {project: "nuget-packages", modes: map[string]string{"limit.nuget": "10"}, reason: artifact.FileTooLarge},
		"too large, helm":    {project: "helm-charts", modes: map[string]string{"limit.helm": "10"}, reason: artifact.FileTooLarge},
		"archived, helm":     {project: "helm-charts", mutate: `{"set":{"project":"%p","archived":true}}`, reason: artifact.NotPermitted, says: "archived"},
		"too large, maven":   {project: "java-packages", modes: map[string]string{"limit.maven": "10"}, reason: artifact.FileTooLarge},
		"too large, generic": {project: "generic-packages", modes: map[string]string{"limit.generic": "10"}, reason: artifact.FileTooLarge},
		"too large, npm":     {project: "node-packages", modes: map[string]string{"limit.npm": "10"}, reason: artifact.FileTooLarge},
		"protected, pypi":    {project: "python-packages", mutate: `{"protect":{"project":"%p","format":"pypi","pattern":"acme*","role":"admin"}}`, reason: artifact.Protected},
		"too large, pypi":    {project: "python-packages", modes: map[string]string{"limit.pypi": "10"}, reason: artifact.FileTooLarge, says: "entity is too large"},
		"reporter, pypi":     {project: "python-packages", token: "standin-reporter", reason: artifact.NotPermitted, says: "Developer"},
		"stranger, pypi":     {project: "python-packages", token: "standin-stranger", reason: artifact.NotPermitted, says: "can not see it"},
		"other bytes, pypi": {
			project: "python-packages", twice: true, reason: artifact.TargetRejected, says: "File name has already been taken",
		},
		"archived": {project: "generic-packages", mutate: `{"set":{"project":"%p","archived":true}}`, reason: artifact.NotPermitted, says: "archived"},
		"other bytes, no duplicates": {
			project: "java-packages", modes: map[string]string{"maven.duplicates": "false"}, twice: true,
			reason: artifact.TargetRejected, says: "Duplicate package is not allowed",
		},
		"other bytes, no nuget duplicates": {
			project: "nuget-packages", modes: map[string]string{"nuget.duplicates": "false"}, twice: true,
			reason: artifact.TargetRejected, says: "same name and version already exists",
		},
		"other bytes, no generic duplicates": {
			project: "generic-packages", modes: map[string]string{"generic.duplicates": "false"}, twice: true,
			reason: artifact.TargetRejected, says: "Duplicate package is not allowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, c.project, standin.Options{Modes: c.modes})
			if c.mutate != "" {
				s.mutate(t, strings.ReplaceAll(c.mutate, "%p", s.project))
			}
			secret := token
			if c.token != "" {
				secret = c.token
			}
			sink := s.sink(t, secret)
			if c.twice {
				if err := s.publish(t, sink, makers[c.project](t, 1, "old")); err != nil {
					t.Fatal(err)
				}
			}
			err := s.publish(t, sink, makers[c.project](t, 1, "a"))
			if err == nil || fault.IsStop(err) != c.stop || !c.stop && fault.CodeOf(err) != string(c.reason) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("reason %q, stop %v: %v", fault.CodeOf(err), fault.IsStop(err), err)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Error("the error tells the token")
			}
		})
	}
}

// Equal bytes under a name that may not be given twice are there already, which is no failure.
func TestRefusedDuplicateWithEqualBytes(t *testing.T) {
	for _, project := range []string{"java-packages", "generic-packages", "python-packages", "nuget-packages", "terraform-modules"} {
		s := start(t, project, standin.Options{Modes: map[string]string{
			"maven.duplicates": "false", "generic.duplicates": "false", "nuget.duplicates": "false",
		}})
		one := makers[project](t, 1, "a")
		one.Files = slices.DeleteFunc(one.Files, func(f artifact.File) bool { return artifact.NuGetSymbols(f.Path) })
		for range 2 {
			if err := s.publish(t, s.sink(t), one); err != nil {
				t.Error(err)
			}
		}
		if rows := len(s.dump(t)); rows != len(one.Files) {
			t.Errorf("%d rows for %d files", rows, len(one.Files))
		}
	}
}

// Where the source declares nothing that GitLab shows, another look compares the bytes.
func TestRefusedDuplicateThatCanNotBeCompared(t *testing.T) {
	s := start(t, "generic-packages", standin.Options{Modes: map[string]string{"generic.duplicates": "false"}})
	one := makeGeneric(t, 1, "a")
	for i := range one.Files {
		one.Files[i].Digests = artifact.Digests{}
	}
	if err := s.publish(t, s.sink(t), one); err != nil {
		t.Fatal(err)
	}
	err := s.publish(t, s.sink(t), one)
	if _, temporary := fault.IsTemporary(err); !temporary || fault.CodeOf(err) != string(artifact.TargetRejected) {
		t.Errorf("error %v", err)
	}
}

func TestLostRows(t *testing.T) {
	for project, sample := range makers {
		t.Run(project, func(t *testing.T) {
			s := start(t, project, standin.Options{})
			sink, one := s.sink(t), sample(t, 1, "a")
			if err := s.publish(t, sink, one); err != nil {
				t.Fatal(err)
			}
			look(t, sink, s.destination(one.Package), one.Package)
			name := s.dump(t)[0].Package
			s.mutate(t, `{"delete":{"project":"`+s.project+`","format":"`+string(one.Format)+`","package":"`+name+`","version":"`+one.Version+`"}}`)
			fresh := s.sink(t)
			if holding := look(t, fresh, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
				t.Errorf("a deleted package is %v", holding.State)
			}
			if err := s.publish(t, fresh, one); err != nil {
				t.Error(err)
			}
			if holding := look(t, fresh, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
				t.Errorf("published again it is %v", holding.State)
			}
		})
	}
}
