package artifact

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"

	"pkgferry/internal/fault"
)

// zipped is a zip of entries; a name with a trailing slash is a directory.
func zipped(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var packed bytes.Buffer
	writer := zip.NewWriter(&packed)
	for _, one := range entries {
		w, err := writer.Create(one.name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, one.text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// refused checks that err has the code PackageUnreadable, as all readers' errors have.
func refused(tb testing.TB, name string, err error) {
	tb.Helper()
	if fault.CodeOf(err) != string(PackageUnreadable) {
		tb.Errorf("%s: got the error %v with the code %q", name, err, fault.CodeOf(err))
	}
}

func TestRepackTerraformReportsTheWritersError(t *testing.T) {
	module := zipped(t, entry{"main.tf", "x"})
	full := errors.New("disk full")
	err := RepackTerraform(bytes.NewReader(module), int64(len(module)), failingWriter{full})
	if !errors.Is(err, full) || fault.CodeOf(err) != "" {
		t.Errorf("got %v with the code %q", err, fault.CodeOf(err))
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
