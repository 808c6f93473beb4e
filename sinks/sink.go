// Package sinks is the port through which packages are published, and the decorators that any sink can wear.
package sinks

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// State is how far a package has come at a sink.
type State int

// The states.
const (
	Absent  State = iota // nothing of the package is there, or only some of its files
	Pending              // the sink took it and is still at work on it: look again later
	Ready                // it can be installed, with the files that Holding names
	Broken               // the sink took it and refused it in the background; Holding.Reason quotes it
)

// Held is one file as the sink holds it.
type Held struct {
	// Size is in bytes; -1 when the sink does not say.
	Size int64
	// Digests are what the sink shows, and Proof how it came by them: Server or Declared (BySize when it shows none).
	Digests artifact.Digests
	Proof   artifact.Proof
	// Open reads the file back from the sink; nil when it can not be read.
	Open func(ctx context.Context) (artifact.Content, error)
}

// Holding is what a sink holds of one package.
type Holding struct {
	State State
	// Files has an entry for each of the package's files that is there, by File.Path; files that were not asked about
	// may be left out.
	Files map[string]Held
	// Reason is the sink's own explanation of Broken.
	Reason string
}

// Sink publishes packages to one target. It never deletes anything there. Its methods may be called by many workers at
// once, but never for the same destination at the same time.
type Sink interface {
	// Check proves that the target answers, accepts the credentials and has the projects, with enough rights to
	// publish and each ready for the formats that may go there. Its errors are marked fault.Stop; missing projects are a
	// *NoProject.
	Check(ctx context.Context, projects map[string][]artifact.Format) error
	// Allows tells without any request whether the target can hold p at dst: nil, or an error whose reason code says
	// what stands against it (name-not-allowed, file-too-large, format-unsupported, …) with the offending part quoted.
	// Where the files of a package stand for themselves, a *Refused names those that can not be held; the others can.
	Allows(dst artifact.Destination, p artifact.Package) error
	// Packages yields what the sink holds in a project of one format, index packages included, in no particular order.
	Packages(ctx context.Context, project string, format artifact.Format) iter.Seq2[artifact.Destination, error]
	// Stat reports which of p's files lie at dst, and in which state. After a Publish it reflects that Publish. It
	// finds what is there with few requests: what was listed before and can not have changed is not asked again.
	Stat(ctx context.Context, dst artifact.Destination, p artifact.Package) (Holding, error)
	// Publish brings p's missing files to dst, in order. It pulls each from open, which checks every byte. What is there
	// under a missing file's name is replaced where the format can do so. A nil error is a promise: Stat tells when it
	// is kept. A stream that breaks leaves nothing that could be installed.
	Publish(ctx context.Context, dst artifact.Destination, p artifact.Package, missing []artifact.File, open artifact.Opener) error
}

// NoProject is the error of Check when the target lacks projects, or hides them from the token.
type NoProject struct{ Projects []string }

func (e *NoProject) Error() string {
	if len(e.Projects) == 1 {
		return "project " + e.Projects[0] + " does not exist on the target, or the token can not see it: create it, as pkgferry provision does, or route elsewhere"
	}
	return "projects " + strings.Join(e.Projects, ", ") + " do not exist on the target, or the token can not see them: " +
		"create them, as pkgferry provision does, correct the group, or route elsewhere"
}

// Refused is the error of Allows when only some of a package's files can not be held: why, by File.Path.
type Refused struct{ Files map[string]error }

func (r *Refused) Error() string {
	const few = 3
	var reasons []string
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		if len(reasons) == few {
			reasons = append(reasons, fmt.Sprintf("and %d more files", len(r.Files)-few))
			break
		}
		reasons = append(reasons, r.Files[path].Error())
	}
	return strings.Join(reasons, "; ")
}

// Unwrap gives the reasons, so that their codes are found.
func (r *Refused) Unwrap() []error { return slices.Collect(maps.Values(r.Files)) }
