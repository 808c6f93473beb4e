package main

import (
	"fmt"
	"os"

	"pkgferry/sinks/gitlab"
)

// keeper takes the secret of the deploy token, for the end of the command or into a file that only its owner reads.
type keeper struct {
	path   string // "": no file
	file   *os.File
	secret *gitlab.Secret
}

// open makes the file before there is a secret to lose. It must be a new one.
func (k *keeper) open(needed bool) error {
	if k.path == "" || !needed {
		return nil
	}
	var err error
	if k.file, err = os.OpenFile(k.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return fmt.Errorf("--token-file must name a new file: %w", err)
	}
	return nil
}

func (k *keeper) keep(s gitlab.Secret) error {
	if k.file != nil {
		if _, err := fmt.Fprintln(k.file, s.Token); err != nil {
			return err
		}
		if err := k.file.Sync(); err != nil {
			return err
		}
	}
	k.secret = &s
	return nil
}

// close removes the file when nothing came into it.
func (k *keeper) close() {
	if k.file == nil {
		return
	}
	_ = k.file.Close() // it was synced
	if k.secret == nil {
		_ = os.Remove(k.path)
	}
}
