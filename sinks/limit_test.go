package sinks

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// strict is a sink that refuses some files, or everything.
type strict struct {
	Sink
	err error
}

func (s strict) Allows(artifact.Destination, artifact.Package) error { return s.err }

func TestLimit(t *testing.T) {
	odd := &Refused{Files: map[string]error{"odd": fault.Errorf(artifact.FileNameNotAllowed, "odd")}}
	for name, c := range map[string]struct {
		format artifact.Format
		limit  int64
		inner  error
		code   artifact.Reason
		files  []string // of a Refused
	}{
		"no limit":          {artifact.Maven, 0, nil, "", nil},
		"below":             {artifact.Maven, 11, nil, "", nil},
		"at it":             {artifact.Maven, 10, nil, artifact.FileTooLarge, nil},
		"plain files":       {artifact.Generic, 10, nil, artifact.FileTooLarge, []string{"large"}},
		"more plain files":  {artifact.Generic, 10, odd, "", []string{"large", "odd"}},
		"refused otherwise": {artifact.Generic, 10, fault.Errorf(artifact.NameNotAllowed, "no"), artifact.NameNotAllowed, nil},
		"some, and below":   {artifact.Generic, 11, odd, artifact.FileNameNotAllowed, []string{"odd"}},
	} {
		t.Run(name, func(t *testing.T) {
			dst := artifact.Destination{Project: "g/p", Format: c.format}
			sink := Limit(strict{err: c.inner}, func(to artifact.Destination) int64 {
				if to != dst {
					t.Errorf("asked for %v", to)
				}
				return c.limit
			})
			err := sink.Allows(dst, artifact.Package{Files: []artifact.File{{Path: "small", Size: 9}, {Path: "unknown", Size: -1}, {Path: "large", Size: 10}}})
			if code := artifact.Reason(fault.CodeOf(err)); c.code != "" && code != c.code || (err == nil) != (c.code == "" && c.files == nil) {
				t.Errorf("%v, want %q", err, c.code)
			}
			var some *Refused
			var files []string
			if errors.As(err, &some) {
				files = slices.Sorted(maps.Keys(some.Files))
			}
			if diff := cmp.Diff(c.files, files); diff != "" {
				t.Error(diff)
			}
		})
	}
}
