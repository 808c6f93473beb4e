// Command pkgferry moves the packages of a registry to GitLab, proves that they arrived, and goes on where it stopped.
// It speaks no protocol itself: the adapters named in wire.go do.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"unicode"

	"pkgferry/internal/config"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, console: &console{out: stderr}, terminal: isTerminal(stderr)}
	if a.terminal && isTerminal(stdout) {
		a.stdout = above{a.console, stdout}
	}
	var stop func()
	a.interrupted, stop = interrupts(func() { os.Exit(codeInterrupted) })
	defer stop()
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err != nil && !a.running { // cobra refused the command line
		err = usage(err)
	}
	if text := message(err); text != "" {
		a.console.say("pkgferry: " + text)
	}
	return codeOf(err)
}

// message is what an error says to the operator, in one line; "" when everything is said already.
func message(err error) string {
	if err == nil || errors.As(err, new(*told)) {
		return ""
	}
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	if errs := (config.Errors)(nil); errors.As(err, &errs) {
		text = errs.Error()
	}
	return oneLine(text)
}

// oneLine keeps what a server says from breaking the line, or from steering the terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), "; ")
}
