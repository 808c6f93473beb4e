package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Secret names the environment variable that holds a secret. The value itself never enters a File.
type Secret struct{ Env string }

var errLiteral = errors.New("a secret is written into the file: put it into an environment variable and write ${NAME}, or use token_file, token_command or password_file")

func (s *Secret) read(_ *reader, n ast.Node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	found := environment.FindStringSubmatch(text)
	if found == nil || found[0] != text {
		return errLiteral
	}
	s.Env = found[1]
	return nil
}

// Login is who to be at one side. All empty is anonymous.
type Login struct{ Username, Password, Token string }

// Secrets are the parts that must never be shown.
func (l Login) Secrets() []string {
	var secrets []string
	for _, s := range []string{l.Password, l.Token} {
		if s != "" {
			secrets = append(secrets, s)
		}
	}
	return secrets
}

const (
	maxSecret       = 64 << 10
	commandPatience = time.Minute
)

// Login fetches a's secrets from where the file says they are. Its error names the place and never the secret.
func (f *File) Login(ctx context.Context, a Access, at Place, lookup func(string) (string, bool)) (Login, error) {
	login := Login{Username: string(a.Username)}
	type origin struct {
		key   string
		into  *string
		fetch func() (string, error)
	}
	for _, o := range []origin{
		{"token", &login.Token, func() (string, error) { return a.Token.value(lookup) }},
		{"token_file", &login.Token, func() (string, error) { return f.secretFile(a.TokenFile) }},
		{"token_command", &login.Token, func() (string, error) { return a.TokenCommand.run(ctx, f.dir) }},
		{"password", &login.Password, func() (string, error) { return a.Password.value(lookup) }},
		{"password_file", &login.Password, func() (string, error) { return f.secretFile(a.PasswordFile) }},
	} {
		if !at.given(o.key) {
			continue
		}
		secret, err := o.fetch()
		if err == nil {
			err = checkSecret(secret)
		}
		if err != nil {
			return Login{}, at.errorf(o.key, "%s: %s", o.key, err)
		}
		*o.into = secret
	}
	return login, nil
}

func checkSecret(secret string) error {
	if secret == "" {
		return errors.New("the secret is empty")
	}
	if strings.ContainsFunc(secret, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return errors.New("the secret has more than one line, or control characters in it")
	}
	return nil
}

func (s Secret) value(lookup func(string) (string, bool)) (string, error) {
	secret, ok := lookup(s.Env)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set", s.Env)
	}
	return strings.TrimSpace(secret), nil
}

func (f *File) secretFile(name string) (string, error) {
	text, err := readSmall(f.Path(name), maxSecret)
	return strings.TrimSpace(string(text)), err
}

// Path makes a file name of the configuration absolute: it starts at the configuration's own directory, ~ at the home.
func (f *File) Path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// run starts the command and returns what it printed. What it says on stderr goes to the operator, who may be asked for
// a passphrase there.
func (c Command) run(ctx context.Context, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	words := c.Words
	if len(words) == 0 {
		words = []string{"sh", "-c", c.Shell}
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // running it is what the operator asked for
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, os.Stdin, os.Stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	var text bytes.Buffer
	_, err = io.Copy(&text, io.LimitReader(out, maxSecret))
	if failed := cmd.Wait(); failed != nil {
		return "", fmt.Errorf("the command failed: %w", failed)
	}
	return strings.TrimSpace(text.String()), err
}

// readSmall reads a file that has no reason to be larger than limit.
func readSmall(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s is larger than %d KiB", path, limit>>10)
	}
	return text, err
}
