package gitlab_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/sinktest"
)

// Refusals that pass ask for another attempt, which stores nothing twice.
func TestRefusalsThatPass(t *testing.T) {
	for _, c := range []struct{ project, mode, kind string }{
		{"nuget-packages", "sync", standin.ObjectStore}, {"nuget-packages", "async", standin.ObjectStore},
		{"nuget-packages", "sync", standin.Lock}, {"helm-charts", "sync", standin.ObjectStore},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			s := start(t, c.project, standin.Options{
				Modes:  map[string]string{"nuget": c.mode},
				Faults: []standin.Fault{{Kind: c.kind, Stage: standin.Write, Rate: 1}},
			})
			sink, one := s.sink(t), makers[c.project](t, 1, "a")
			if _, temporary := fault.IsTemporary(s.publish(t, sink, one)); !temporary {
				t.Error("no further attempt")
			}
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent {
				t.Errorf("state %v", holding.State)
			}
			if err := s.publish(t, sink, one); err != nil {
				t.Error(err)
			}
			s.has(t, sink, one)
			if rows := s.stored(t); rows != len(one.Files) {
				t.Errorf("%d rows for %d files", rows, len(one.Files))
			}
		})
	}
}

// stored counts the file rows of packages that are shown.
func (s server) stored(t *testing.T) (rows int) {
	for _, row := range s.dump(t) {
		if !strings.Contains(row.Package, ".Temporary.") {
			rows++
		}
	}
	return rows
}

// has tells whether the sample is there, byte by byte.
func (s server) has(t *testing.T, sink sinks.Sink, one sinktest.Sample) {
	t.Helper()
	holding := look(t, sink, s.destination(one.Package), one.Package)
	for _, f := range one.Files {
		if held, ok := holding.Files[f.Path]; !ok || compare(t, held, f) != artifact.Same {
			t.Errorf("%s: state %v (%s), %+v", f.Path, holding.State, holding.Reason, held)
		}
	}
}

// What GitLab finds wrong only later is told in its words.
func TestRefusedInTheBackground(t *testing.T) {
	for name, c := range map[string]struct {
		one    sinktest.Sample
		mutate string
		says   string
	}{
		"protected chart": {
			one: makeHelm(t, 1, "a"), says: "is protected",
			mutate: `{"protect":{"project":"%p","format":"helm","pattern":"acme-*","role":"admin"}}`,
		},
		"chart with what GitLab does not know": {
			one: chartSample(t, "one", "1.0.0", chartYAML("one", "1.0.0")+"engine: gotpl\n", "a"), says: "Validation failed",
		},
		"protected package": {
			one: makeNuGet(t, 1, "a"), says: "is protected",
			mutate: `{"protect":{"project":"%p","format":"nuget","pattern":"acme.*","role":"admin"}}`,
		},
		"package without authors and description": {
			one:  nugetSample(t, "One", "1.0.0", `<package xmlns="x"><metadata><id>One</id><version>1.0.0</version></metadata></package>`, "", "a"),
			says: "authors and/or description not found",
		},
	} {
		t.Run(name, func(t *testing.T) {
			project := "helm-charts"
			if c.one.Format == artifact.NuGet {
				project = "nuget-packages"
			}
			s := start(t, project, standin.Options{Modes: map[string]string{"nuget": "async"}})
			if c.mutate != "" {
				s.mutate(t, strings.ReplaceAll(c.mutate, "%p", s.project))
			}
			sink := s.sink(t)
			if err := s.publish(t, sink, c.one); err != nil {
				t.Fatal(err)
			}
			holding := look(t, sink, s.destination(c.one.Package), c.one.Package)
			if holding.State != sinks.Broken || !strings.Contains(holding.Reason, c.says) {
				t.Errorf("state %v (%s)", holding.State, holding.Reason)
			}
		})
	}
}

// A process that was killed after an upload: the next one waits for what GitLab is at work on instead of sending again.
func TestNothingIsSentTwiceAfterACrash(t *testing.T) {
	for project, one := range map[string]sinktest.Sample{
		"helm-charts": makeHelm(t, 1, "a"), "nuget-packages": mainOnly(t, "1.0.0"),
	} {
		t.Run(project, func(t *testing.T) {
			s := start(t, project, standin.Options{Modes: map[string]string{"settle": "manual", "nuget": "async"}})
			if err := s.publish(t, s.sink(t), one); err != nil {
				t.Fatal(err)
			}
			next := s.sink(t)
			holding, err := next.Stat(t.Context(), s.destination(one.Package), one.Package)
			if err != nil || holding.State != sinks.Pending {
				t.Errorf("state %v, %v", holding.State, err)
			}
			s.work(t, "1")
			s.has(t, next, one)
			s.has(t, s.sink(t), one)
		})
	}
}

// GitLab finds a version under its own spelling and under one normal form, which is not always NuGet's.
func TestNuGetSpellings(t *testing.T) {
	for _, mode := range []string{"sync", "async"} {
		for _, version := range []string{"1.0", "1.0.0.0", "1.0-RC", "1.0-rc.1", "1.2.3+Build.7", "1.2.3.4-Beta"} {
			t.Run(mode+" "+version, func(t *testing.T) {
				s := start(t, "nuget-packages", standin.Options{Modes: map[string]string{"nuget": mode}})
				sink, one := s.sink(t), mainOnly(t, version)
				if err := s.publish(t, sink, one); err != nil {
					t.Fatal(err)
				}
				s.has(t, sink, one)
				one.Version, _ = artifact.NuGetVersion(version) // as some sources list it
				s.has(t, s.sink(t), one)
			})
		}
	}
}

// A zip that was written as a stream can be read in the background only, which no further attempt changes.
func TestStreamedNuGet(t *testing.T) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	part, err := w.Create("One.nuspec")
	if err == nil {
		_, err = io.WriteString(part, nuspec("One", "1.0.0", ""))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	p := artifact.Package{Format: artifact.NuGet, Name: "One", Version: "1.0.0"}
	one := sinktest.Bytes(p, []string{"one.nupkg"}, map[string][]byte{"one.nupkg": packed.Bytes()})
	s := start(t, "nuget-packages", standin.Options{Modes: map[string]string{"nuget": "sync"}})
	err = s.publish(t, s.sink(t), one)
	if _, temporary := fault.IsTemporary(err); temporary || fault.CodeOf(err) != string(artifact.TargetRejected) || !strings.Contains(err.Error(), "pack it anew") {
		t.Errorf("%v", err)
	}
	s = start(t, "nuget-packages", standin.Options{Modes: map[string]string{"nuget": "async"}})
	if err := s.publish(t, s.sink(t), one); err != nil {
		t.Error(err)
	}
	s.has(t, s.sink(t), one)
}
