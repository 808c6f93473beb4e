// Package scan finds the addresses of the registries that were copied from in the files of a directory: settings of package
// managers, lock files, build files, image names, pipelines and scripts. It tells what each becomes at GitLab, by what the
// checkpoint knows, and rewrites those of which that is certain.
//
// What is known of one ecosystem stands in the file named after it: which files it has, how an address is read there, and
// where GitLab has the same thing. The files are foreign: none is read beyond a limit, nothing is followed out of the
// directory, and no credential leaves this package.
package scan

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"runtime"
	"sync"

	"github.com/sourcegraph/conc/stream"

	"pkgferry/checkpoint"
)

// Registry is one that was copied from. Type is that of the configuration: artifactory, nexus, npmjs or dockerhub.
type Registry struct {
	Source, Type string
	URL          *url.URL // of dockerhub that of the registry, nil where it is Docker Hub's own
	Namespace    string   // of dockerhub
	Scopes       []string // of npmjs, such as @acme
}

// Also is another address of a registry: a host, perhaps with port and path, under which Repository of Source is reached, or
// the whole source where Repository is empty. The repository "*" stands for all that was copied of the source.
type Also struct {
	Host, Path         string // the path without slashes at its ends
	Source, Repository string
}

// Options are what a Scanner needs.
type Options struct {
	Registries []Registry
	Also       []Also
	// Virtual are names of repositories, by source, that show what was copied and public packages, and nothing else.
	Virtual map[string][]string
	Target  Target
	Copies  *checkpoint.Store
}

// Finding is one old address. File is slash-separated and relative to the directory. Exactly one of New and Why is set,
// but that a New which is no more than a proposal has a Why beside it: then nothing is rewritten.
type Finding struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Ecosystem  string `json:"ecosystem"`
	Source     string `json:"source"`
	Repository string `json:"repository,omitempty"`
	Old        string `json:"old"`
	New        string `json:"new,omitempty"`
	Why        string `json:"why,omitempty"`  // it is left as it is
	Then       string `json:"then,omitempty"` // what is left to do when it was rewritten
	Fixed      bool   `json:"fixed"`
}

// Safe tells that the finding can be rewritten.
func (f Finding) Safe() bool { return f.Why == "" }

// File is a file with findings, or one that could not be read.
type File struct {
	Path     string
	Findings []Finding
	Err      error // it could not be looked at
	// Diff is what rewriting changes, with credentials masked; empty when nothing can be rewritten.
	Diff string
	sum  [sha256.Size]byte // of the file as it was read
}

// Scanner finds addresses.
type Scanner struct {
	old    *old
	target Target
	copies *copies
}

// New makes a Scanner. It reads from the checkpoint where the packages of each repository went.
func New(ctx context.Context, o Options) (*Scanner, error) {
	moved, err := o.Copies.Moved(ctx)
	if err != nil {
		return nil, err
	}
	known := &copies{store: o.Copies, moved: moved, virtual: o.Virtual}
	return &Scanner{old: newOld(o.Registries, o.Also, known), target: o.Target, copies: known}, nil
}

// readers is how many files are looked at at once, each held in memory.
func readers() int { return min(max(runtime.GOMAXPROCS(0), 2), 8) }

// Scan looks at the files of dir and calls each for every file with findings, in the order of their names. It ends at the
// first error of each, and of the checkpoint or of GitLab.
func (s *Scanner) Scan(ctx context.Context, dir string, each func(File) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tree, err := openTree(dir)
	if err != nil {
		return err
	}
	defer func() { _ = tree.close() }()
	var once sync.Once
	fail := func(err error) { once.Do(func() { cancel(err) }) }
	work := stream.New().WithMaxGoroutines(readers())
	walked := tree.walk(ctx, func(path string, k kind) {
		work.Go(func() stream.Callback {
			file, err := s.look(ctx, tree, path, k)
			return func() {
				switch {
				case ctx.Err() != nil:
				case err != nil:
					fail(err)
				case file.Err != nil || len(file.Findings) > 0:
					if err := each(file); err != nil {
						fail(err)
					}
				}
			}
		})
	})
	work.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return walked
}

// look finds the addresses in one file.
func (s *Scanner) look(ctx context.Context, tree *tree, path string, k kind) (File, error) {
	if ctx.Err() != nil {
		return File{}, nil
	}
	doc, err := tree.read(path, k)
	if err != nil {
		return File{Path: path, Err: err}, nil
	}
	if doc == nil {
		return File{}, nil
	}
	edits, err := s.edits(ctx, doc)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	file := File{Path: path, sum: doc.sum, Diff: diff(path, doc.text, edits)}
	for _, e := range edits {
		file.Findings = append(file.Findings, e.Finding)
	}
	return file, nil
}

// edits are the findings in a document, in their order, with where they stand.
func (s *Scanner) edits(ctx context.Context, doc *document) ([]edit, error) {
	var edits []edit
	for _, a := range s.old.addresses(doc) {
		answer, err := s.answer(ctx, doc, a)
		if err != nil {
			return nil, err
		}
		if answer.quiet {
			continue
		}
		edits = append(edits, edit{start: a.start, end: a.end, text: answer.text, Finding: Finding{
			File: doc.path, Line: doc.line(a.start), Ecosystem: doc.kind.ecosystem(a.format), Source: a.registry.Source, Repository: a.repository,
			Old: mask(string(doc.text[a.start:a.end])), New: answer.text, Why: answer.why, Then: answer.then,
		}})
	}
	return edits, nil
}
