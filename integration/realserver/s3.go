package realserver

// A real S3 store, versitygw (https://github.com/versity/versitygw), over a directory: what a registry on another host
// redirects its blobs to, at addresses that are signed.

import (
	"os"
	"path/filepath"
	"testing"
)

// S3Store is a store with one bucket.
type S3Store struct {
	URL, Region, Bucket, AccessKey, SecretKey string
}

// S3 starts a store with an empty bucket. It ends with the test.
func S3(tb testing.TB) *S3Store {
	tb.Helper()
	address := freeAddress(tb)
	s := &S3Store{onLocalhost(tb, address), "us-east-1", "registry", "ferry", "correct horse battery staple"}
	dir := tb.TempDir()
	// Its notes lie beside the files: not every file system has attributes.
	data, notes := filepath.Join(dir, "data"), filepath.Join(dir, "notes")
	for _, one := range []string{filepath.Join(data, s.Bucket), notes} {
		if err := os.MkdirAll(one, 0o750); err != nil {
			tb.Fatal(err)
		}
	}
	env := environment([]string{"vgw_", "root_", "aws_"}, "HOME="+dir, "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	serve(tb, s.URL, dir, env, Cache(tb, "bin", "versitygw"), "--port", address, "--region", s.Region, "--quiet", "posix", "--sidecar", notes, data)
	return s
}
