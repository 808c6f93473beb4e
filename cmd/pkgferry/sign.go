package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// signing is the namespace of our signatures (OpenSSH, PROTOCOL.sshsig): one that was made for something else does not count.
const signing = "pkgferry"

// sign has ssh-keygen sign files with a key, and returns the paths of the signatures: FILE.sig. ssh-keygen asks for the key's
// passphrase itself, on the terminal; a public key whose private one an agent has will do, too.
func sign(ctx context.Context, key string, files []string) ([]string, error) {
	var signatures []string
	for _, file := range files {
		signatures = append(signatures, file+".sig")
		if err := os.Remove(file + ".sig"); err != nil && !errors.Is(err, os.ErrNotExist) { // it asks before it overwrites
			return nil, err
		}
	}
	args := append([]string{"-Y", "sign", "-f", key, "-n", signing}, files...)
	cmd := exec.CommandContext(ctx, "ssh-keygen", args...) //nolint:gosec // paths that the user named; no shell
	cmd.Stdin = os.Stdin
	if err := keygen(cmd, nil); err != nil {
		return nil, fmt.Errorf("the report is written and not signed: %w", err)
	}
	return signatures, nil
}

// signer tells who of those that a file of allowed signers names has signed a file, by its signature beside it.
func signer(ctx context.Context, path, allowed string) (string, error) {
	signature := path + ".sig"
	var found bytes.Buffer
	who := exec.CommandContext(ctx, "ssh-keygen", "-Y", "find-principals", "-s", signature, "-f", allowed) //nolint:gosec // as above
	if err := keygen(who, &found); err != nil {
		return "", fmt.Errorf("%s is by nobody whom %s names: %w", signature, allowed, err)
	}
	name, _, _ := strings.Cut(found.String(), "\n")
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	verify := exec.CommandContext(ctx, "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", name, "-n", signing, "-s", signature) //nolint:gosec // as above
	verify.Stdin = file
	if err := keygen(verify, nil); err != nil {
		return "", fmt.Errorf("%s is not %s's signature of this file: %w", signature, name, err)
	}
	return name, nil
}

// keygen runs ssh-keygen. What it says is part of the error.
func keygen(cmd *exec.Cmd, out io.Writer) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	if out == nil {
		cmd.Stdout = &said
	}
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("there is no ssh-keygen: install OpenSSH's client")
	}
	if err != nil {
		return fmt.Errorf("ssh-keygen: %w: %s", err, strings.Join(strings.Fields(said.String()), " "))
	}
	return nil
}
