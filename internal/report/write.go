package report

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// A form is one way to write a report.
type form struct {
	name  string
	files []output
}

type output struct {
	file  string
	write func(ctx context.Context, s *checkpoint.Store, w io.Writer) error
}

// forms are the reports that there are.
var forms = []form{
	{"markdown", []output{{"summary.md", markdown}}},
	{"csv", []output{{"packages.csv", everything(CSV)}, {"failures.csv", failures}}},
	{"ndjson", []output{{"packages.ndjson", everything(NDJSON)}}},
}

// Forms names the reports that there are.
func Forms() []string {
	var names []string
	for _, f := range forms {
		names = append(names, f.name)
	}
	return names
}

// CheckForms refuses names that are none of Forms.
func CheckForms(names []string) error {
	for _, name := range names {
		if !slices.Contains(Forms(), name) {
			return fmt.Errorf("there is no report form %q; there are %s", name, strings.Join(Forms(), ", "))
		}
	}
	return nil
}

// Write writes the reports of the given forms, all when there are none, into dir, and returns the paths of the files. A
// file appears when it is whole.
func Write(ctx context.Context, s *checkpoint.Store, dir string, names []string) ([]string, error) {
	if err := CheckForms(names); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	var paths []string
	for _, f := range forms {
		if len(names) > 0 && !slices.Contains(names, f.name) {
			continue
		}
		for _, out := range f.files {
			path := filepath.Join(dir, out.file)
			if err := ToFile(path, func(w io.Writer) error { return out.write(ctx, s, w) }); err != nil {
				return paths, err
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// ToFile has write fill the file at path, which appears, or replaces an older one, when it is whole.
func ToFile(path string, write func(io.Writer) error) error {
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }()
	if err := write(file); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

func markdown(ctx context.Context, s *checkpoint.Store, w io.Writer) error {
	summary, err := Summarize(ctx, s)
	if err != nil {
		return err
	}
	return summary.Markdown(w)
}

type rows = func(io.Writer, iter.Seq2[checkpoint.Record, error]) error

func everything(write rows) func(context.Context, *checkpoint.Store, io.Writer) error {
	return func(ctx context.Context, s *checkpoint.Store, w io.Writer) error {
		return write(w, s.Records(ctx, checkpoint.Filter{}))
	}
}

// failures writes what failed or is in conflict: the rows to work on.
func failures(ctx context.Context, s *checkpoint.Store, w io.Writer) error {
	return CSV(w, func(yield func(checkpoint.Record, error) bool) {
		for _, outcome := range []artifact.Outcome{artifact.Failed, artifact.Conflict} {
			for record, err := range s.Records(ctx, checkpoint.Filter{Outcome: outcome}) {
				if !yield(record, err) {
					return
				}
			}
		}
	})
}
