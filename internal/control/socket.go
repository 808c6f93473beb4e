// Unix sockets and their files: unix(7), SO_PEERCRED there.

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Path is where the socket of the run on a checkpoint lies.
func Path(checkpoint string) string { return checkpoint + ".sock" }

// ErrNoRun says that nobody listens at a socket.
var ErrNoRun = errors.New("no run is in progress")

// listener is a socket that nobody but its owner can open, at any moment of its life.
type listener struct {
	*net.UnixListener
	path   string
	file   fs.FileInfo       // what we put there
	allows func(uint32) bool // who may come in, by user id
}

// listen puts a socket at path. One that a killed process left there is replaced; one that answers, and what is no socket, is
// left alone. The socket is made in a directory that nobody else can enter and moved to its place once its permissions are
// right, since a mode that is set after listening comes too late, and the umask belongs to the whole process.
func listen(ctx context.Context, path string) (*listener, error) {
	if err := vacant(ctx, path); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".pkgferry-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	made := filepath.Join(dir, "s")
	l, err := bind(ctx, made)
	if err != nil {
		return nil, err
	}
	err = os.Chmod(made, 0o600)
	if err == nil {
		err = os.Rename(made, path)
	}
	var file fs.FileInfo
	if err == nil {
		file, err = os.Lstat(path)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &listener{UnixListener: l, path: path, file: file, allows: ours}, nil
}

func bind(ctx context.Context, path string) (*net.UnixListener, error) {
	short, release, err := reach(path)
	if err != nil {
		return nil, err
	}
	defer release()
	l, err := new(net.ListenConfig).Listen(ctx, "unix", short)
	if err != nil {
		return nil, err
	}
	unix := l.(*net.UnixListener) // that is what "unix" gives
	unix.SetUnlinkOnClose(false)
	return unix, nil
}

// vacant makes sure that no socket that answers, and nothing else than a socket, is at path.
func vacant(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket: remove it", path)
	}
	conn, err := dial(ctx, path)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("another process answers at the socket %s", path)
	}
	if errors.Is(err, ErrNoRun) {
		return nil
	}
	return err
}

// Accept takes connections of the socket's owner, and of root. Others are hung up on, where the system tells who they are.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if uid, known := peer(conn); !known || l.allows(uid) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

func ours(uid uint32) bool { return uid == 0 || uid == uint32(os.Geteuid()) }

// Close ends the listening and takes the socket away, unless it is another's by now.
func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if now, failed := os.Lstat(l.path); failed == nil && os.SameFile(now, l.file) {
		err = errors.Join(err, os.Remove(l.path))
	}
	return err
}

// dial connects to the socket at path, when it is the caller's own. Root may open everybody's.
func dial(ctx context.Context, path string) (net.Conn, error) {
	info, err := os.Lstat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoRun
		}
		return nil, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() != 0 && stat.Uid != uint32(os.Geteuid()) {
		return nil, fmt.Errorf("the socket %s belongs to another user: ask as the one who runs pkgferry", path)
	}
	short, release, err := reach(path)
	if err != nil {
		return nil, err
	}
	defer release()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", short)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoRun
	}
	return conn, err
}

// longest is how many bytes the path of a socket may have: sun_path, less the zero at its end.
func longest() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}

// reach returns a path that is short enough for a socket and leads to the same place, until release is called. A longer path
// is reached through its open directory, where the system shows those as files.
func reach(path string) (short string, release func(), err error) {
	if len(path) <= longest() {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	short = fmt.Sprintf("/proc/self/fd/%d", dir.Fd())
	if _, err := os.Stat(short); err != nil {
		return "", nil, errors.Join(fmt.Errorf("the path %s is longer than the %d bytes that a socket's may have: name a shorter one with --checkpoint",
			path, longest()), dir.Close())
	}
	return short + "/" + filepath.Base(path), func() { _ = dir.Close() }, nil
}
