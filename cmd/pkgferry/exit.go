package main

import (
	"context"
	"errors"

	"pkgferry/checkpoint"
	"pkgferry/internal/config"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

// The exit codes. Scripts depend on them.
const (
	codeComplete    = 0
	codeUsage       = 1
	codeIncomplete  = 2
	codeStopped     = 3
	codeBudget      = 4
	codeInterrupted = 130
)

// codeMeaning is what the last line of a run, and the documentation, say about its exit code.
var codeMeaning = map[int]string{
	codeComplete:    "complete: everything listed is published, present or skipped with a reason, and verified",
	codeUsage:       "usage or configuration; nothing was touched",
	codeIncomplete:  "ended, but some packages failed, are in conflict, or something could not be listed",
	codeStopped:     "stopped: credentials, checkpoint not writable, or a side unreachable beyond patience",
	codeBudget:      "a budget was reached; run again to go on",
	codeInterrupted: "interrupted; in-flight work was finished or left unsettled; run again to go on",
}

// coded is an error with its exit code.
type coded struct {
	error
	code int
}

func (c *coded) Unwrap() error { return c.error }

// usage marks an error of the command line or the configuration: nothing was touched.
func usage(err error) error { return withCode(codeUsage, err) }

func withCode(code int, err error) error {
	if err == nil || errors.As(err, new(*coded)) || errors.As(err, new(*told)) {
		return err
	}
	return &coded{err, code}
}

// told is the end of a command that has said everything already.
type told struct{ code int }

func (*told) Error() string { return "" }

// unfinished marks the error that ended the engine's work.
func unfinished(err error) error {
	if _, spent := fault.IsSpent(err); spent {
		return withCode(codeBudget, err)
	}
	return withCode(codeStopped, err)
}

func ended(code int) error {
	if code == codeComplete {
		return nil
	}
	return &told{code}
}

func codeOf(err error) int {
	var t *told
	var c *coded
	switch {
	case err == nil:
		return codeComplete
	case errors.As(err, &t):
		return t.code
	case errors.Is(err, context.Canceled):
		return codeInterrupted
	case errors.As(err, new(config.Errors)), errors.As(err, new(config.Error)), errors.As(err, new(*sinks.NoProject)):
		return codeUsage
	case errors.As(err, new(*checkpoint.Locked)):
		return codeStopped
	case errors.As(err, &c):
		return c.code
	}
	return codeStopped
}
