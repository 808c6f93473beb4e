package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// Locked is the error of Open when another process runs on the same checkpoint.
type Locked struct {
	Path   string
	Holder int // its process id; 0 when unknown
}

func (e *Locked) Error() string {
	if e.Holder == 0 {
		return fmt.Sprintf("checkpoint %s is in use by another run", e.Path)
	}
	return fmt.Sprintf("checkpoint %s is in use by the run with process id %d", e.Path, e.Holder)
}

// acquire takes the lock beside the checkpoint, which the system releases when the process ends, and writes into it
// whose it is.
func acquire(path string) (*flock.Flock, error) {
	lock := flock.New(lockPath(path))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s can not be written: %w", path, err)
	}
	if !held {
		return nil, &Locked{Path: path, Holder: Holder(path)}
	}
	if err := os.WriteFile(lockPath(path), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("checkpoint %s can not be written: %w", path, err), lock.Unlock())
	}
	return lock, nil
}

// Holder is the process id of the last run on a checkpoint, which may have ended; 0 when there was none.
func Holder(path string) int {
	file, err := os.Open(lockPath(path))
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	text, _ := io.ReadAll(io.LimitReader(file, 32)) // what can not be read is an unknown holder
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 1 {
		return 0
	}
	return pid
}

func lockPath(path string) string { return path + ".lock" }
