package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"pkgferry/checkpoint"
	"pkgferry/internal/report"
)

// checked is the result of report --check.
type checked struct {
	File     string           `json:"file"`
	Sound    bool             `json:"sound"`
	Lines    int64            `json:"lines"`
	Head     string           `json:"head,omitempty"`
	Findings []report.Finding `json:"findings"`
	// Compared says what the head, which nobody can make who changes a line, was compared with.
	Compared string `json:"compared"`
	Signer   string `json:"signer,omitempty"`
}

// checkReport checks a sealed report: its lines, the files beside it, its head and its signature.
func (a *app) checkReport(f reportFlags) error {
	ctx, cancel := a.cancellable()
	defer cancel()
	found, err := report.CheckFile(f.check)
	if err != nil {
		return usage(err)
	}
	result := checked{File: f.check, Lines: found.Lines, Findings: append([]report.Finding{}, found.Findings...)}
	if len(found.Findings) == 0 {
		result.Head = found.Head
		if err := a.compareHead(ctx, found, &result); err != nil {
			return withCode(codeStopped, err)
		}
	}
	if f.signers != "" {
		if result.Signer, err = signer(ctx, f.check, f.signers); err != nil {
			result.Findings = append(result.Findings, report.Finding{Text: err.Error()})
		}
	}
	result.Sound = len(result.Findings) == 0
	return a.printChecked(result, found)
}

// compareHead looks for the head among the seals of the checkpoint, when there is one.
func (a *app) compareHead(ctx context.Context, found report.Checked, result *checked) error {
	store, err := checkpoint.View(a.checkpoint)
	if errors.Is(err, os.ErrNotExist) {
		result.Compared = fmt.Sprintf("nothing: there is no checkpoint at %s; compare it with the head that was printed, or the one in report.html", a.checkpoint)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	seal, err := store.Sealed(ctx, found.Head)
	if err != nil {
		return err
	}
	result.Compared = "the seals in checkpoint " + a.checkpoint
	if seal.Head == "" {
		result.Findings = append(result.Findings, report.Finding{Line: found.Lines, Text: fmt.Sprintf(
			"its head is %s, and checkpoint %s remembers no such seal: the file was chained anew, or is of another migration", found.Head, a.checkpoint)})
	}
	return nil
}

func (a *app) printChecked(result checked, found report.Checked) error {
	if a.json {
		if err := a.printJSON(result); err != nil {
			return err
		}
	} else if err := a.tellChecked(result, found); err != nil {
		return err
	}
	if !result.Sound {
		return ended(codeIncomplete)
	}
	return nil
}

func (a *app) tellChecked(result checked, found report.Checked) error {
	for _, one := range result.Findings {
		if _, err := fmt.Fprintln(a.stdout, report.Printable(filepath.Base(result.File)+": "+one.String())); err != nil {
			return err
		}
	}
	if !result.Sound {
		_, err := fmt.Fprintf(a.stdout, "%s is not the report that was sealed.\n", result.File)
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s is as it was sealed at %s: %s lines, %s packages, %s files.\nhead %s\ncompared with %s\n", result.File,
		found.Header.Sealed.Format("2006-01-02 15:04:05 MST"), report.Count(found.Lines), report.Count(found.End.Packages), report.Count(found.End.Files),
		result.Head, result.Compared)
	if err == nil && result.Signer != "" {
		_, err = fmt.Fprintln(a.stdout, report.Printable("signed by "+result.Signer))
	}
	return err
}
