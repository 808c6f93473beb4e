package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
)

// The files of a report.
const (
	SealedFile   = "packages.ndjson"
	pageFile     = "report.html"
	summaryFile  = "summary.md"
	packagesFile = "packages.csv"
	failuresFile = "failures.csv"
	filesFile    = "files.csv"
)

// The forms of a report. The sealed file is written with each of them.
const (
	asPage     = "html"
	asMarkdown = "markdown"
	asTables   = "csv"
	asLines    = "ndjson"
)

// Forms names the reports that there are.
func Forms() []string { return []string{asPage, asMarkdown, asTables, asLines} }

// CheckForms refuses names that are none of Forms.
func CheckForms(names []string) error {
	for _, name := range names {
		if !slices.Contains(Forms(), name) {
			return fmt.Errorf("there is no report form %q; there are %s", name, strings.Join(Forms(), ", "))
		}
	}
	return nil
}

// Options say how a report is written.
type Options struct {
	Dir   string
	Forms []string // some of Forms; all when there are none
	// Version is that of the pkgferry that writes it, Now the time of sealing. What else a report says comes from the checkpoint
	// alone, so that the same checkpoint gives the same report.
	Version string
	Now     time.Time
	// Address tells where a file lies at its source, without credentials; "" when that is not known. Nil: never.
	Address func(artifact.Package, artifact.File) string
}

// Written is a report.
type Written struct {
	Paths  []string // of its files
	Sealed string   // the path of the sealed file
	Seal   checkpoint.Seal
	// Unkept is why the checkpoint does not remember the seal; nil when it does.
	Unkept error
}

// Signable are the paths that a signature is for: the sealed file, and the page, which shows its head.
func (w Written) Signable() []string {
	return slices.DeleteFunc(slices.Clone(w.Paths), func(path string) bool {
		return filepath.Base(path) != SealedFile && filepath.Base(path) != pageFile
	})
}

// Write writes a report and seals it. A file appears when it is whole. The packages are read once, and one at a time.
func Write(ctx context.Context, s *checkpoint.Store, o Options) (Written, error) {
	var written Written
	if err := CheckForms(o.Forms); err != nil {
		return written, err
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return written, err
	}
	all := &session{Options: o, store: s, beside: map[string]string{}}
	defer all.abandon()
	if err := all.write(ctx); err != nil {
		return written, err
	}
	written.Seal = checkpoint.Seal{At: o.Now, File: SealedFile, Lines: all.chain.lines, Head: all.chain.head, Version: o.Version}
	if err := all.page(ctx, written.Seal); err != nil {
		return written, err
	}
	slices.SortStableFunc(all.outputs, func(a, b *output) int { // the page is what to look at first
		return map[bool]int{true: -1}[a.name == pageFile] - map[bool]int{true: -1}[b.name == pageFile]
	})
	for _, out := range all.outputs {
		if err := out.file.CloseAtomicallyReplace(); err != nil {
			return written, err
		}
		written.Paths = append(written.Paths, filepath.Join(o.Dir, out.name))
	}
	written.Sealed = filepath.Join(o.Dir, SealedFile)
	written.Unkept = s.Keep(ctx, written.Seal)
	return written, nil
}

// session is the writing of one report.
type session struct {
	Options
	store   *checkpoint.Store
	tools   []checkpoint.Tool
	summary Summary
	verdict *Verdict
	outputs []*output // in the order in which they are told
	chain   *chained
	end     End
	rows    *pageRows // of the page; nil without one
	losses  *losses
	beside  map[string]string
}

// output is one file on its way.
type output struct {
	name string
	file *renameio.PendingFile
	sum  hash.Hash
}

func (o *output) Write(text []byte) (int, error) {
	_, _ = o.sum.Write(text)
	return o.file.Write(text)
}

func (s *session) wants(form string) bool { return len(s.Forms) == 0 || slices.Contains(s.Forms, form) }

func (s *session) create(name string) (*output, error) {
	file, err := renameio.NewPendingFile(filepath.Join(s.Dir, name), renameio.WithPermissions(0o644))
	if err != nil {
		return nil, err
	}
	out := &output{name: name, file: file, sum: sha256.New()}
	s.outputs = append(s.outputs, out)
	return out, nil
}

// abandon removes what did not become a file.
func (s *session) abandon() {
	for _, out := range s.outputs {
		_ = out.file.Cleanup()
	}
	s.rows.remove()
}

// write writes every file but the page.
func (s *session) write(ctx context.Context) (err error) {
	if s.summary, err = Summarize(ctx, s.store); err != nil {
		return err
	}
	if s.tools, err = s.store.Tools(ctx); err != nil {
		return err
	}
	if s.verdict, err = Decided(ctx, s.store); err != nil {
		return err
	}
	s.losses = newLosses()
	if s.wants(asMarkdown) {
		out, err := s.create(summaryFile)
		if err == nil {
			err = s.summary.Markdown(out)
		}
		if err != nil {
			return err
		}
	}
	tables, err := s.tables()
	if err != nil {
		return err
	}
	sealed, err := s.create(SealedFile)
	if err != nil {
		return err
	}
	if s.wants(asPage) {
		if s.rows, err = newPageRows(s.Dir, s.summary); err != nil {
			return err
		}
	}
	s.chain = &chained{w: sealed}
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.packages(ctx, tables); err != nil {
		return err
	}
	return s.close(ctx)
}

// open writes the header.
func (s *session) open(ctx context.Context) error {
	target, err := s.store.Fact(ctx, "target")
	if err != nil {
		return err
	}
	head := Header{
		Kind: kindHeader, Report: "pkgferry/1", Version: s.Version, Sealed: s.Now.UTC(), Target: target, Verdict: s.verdict, Proofs: proofMeaning,
	}
	for _, t := range s.tools[max(0, len(s.tools)-100):] {
		head.Tools = append(head.Tools, tool(t))
	}
	s.end = End{Kind: kindEnd, Outcomes: map[string]int64{}}
	return s.chain.line(head)
}

// packages passes every package once.
func (s *session) packages(ctx context.Context, tables []tableOf) error {
	for record, err := range s.store.Records(ctx, checkpoint.Filter{}) {
		if err != nil {
			return err
		}
		line := s.row(record)
		s.end.Packages++
		s.end.Files += int64(len(line.Files))
		s.end.Bytes += line.Bytes
		s.end.Outcomes[line.Outcome]++
		s.losses.add(record)
		if err := s.chain.line(line); err != nil {
			return err
		}
		if err := s.rows.add(s.chain.lines, line); err != nil {
			return err
		}
		for _, one := range tables {
			if err := one.add(record, line); err != nil {
				return err
			}
		}
	}
	for _, one := range tables {
		one.out.Flush()
		if err := one.out.Error(); err != nil {
			return err
		}
	}
	for one, err := range s.store.Problems(ctx) {
		if err == nil {
			s.end.Problems++
			err = s.chain.line(problem{kindProblem, one.Source, one.Error, one.At})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// close writes the closing line, which seals the files that lie beside.
func (s *session) close(context.Context) error {
	for _, out := range s.outputs {
		if out.name != SealedFile {
			s.beside[out.name] = hex.EncodeToString(out.sum.Sum(nil))
		}
	}
	s.end.Lines, s.end.Beside = s.chain.lines+1, s.beside
	return s.chain.line(s.end)
}

// toolOf is the version of the pkgferry that was at work when a package settled.
func (s *session) toolOf(r checkpoint.Record) string {
	if r.Settled.IsZero() {
		return ""
	}
	for _, t := range slices.Backward(s.tools) {
		if !t.Since.After(r.Settled) {
			return t.Version
		}
	}
	return ""
}

func (s *session) address(p artifact.Package, f artifact.File) string {
	if s.Address == nil {
		return ""
	}
	return s.Address(p, f)
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
