package realserver

// curl (https://curl.se/docs/manpage.html), as in GitLab's own instructions for generic packages,
// Helm charts and Terraform modules.

import (
	"os"
	"path/filepath"
	"testing"
)

// CurlForm posts a form with one file, as curl's --form does, and fails the test when the server refuses.
func CurlForm(tb testing.TB, url, username, password, field, file string) {
	tb.Helper()
	arg := []string{"--disable", "--silent", "--show-error", "--fail-with-body", "--user", username + ":" + password,
		"--form", field + "=@" + file, url}
	if _, err := program(tb, tb.TempDir(), environment(nil), "curl", arg...); err != nil {
		tb.Fatal(err)
	}
}

// CurlUpload puts a file, as curl's --upload-file does, and fails the test when the server refuses.
func CurlUpload(tb testing.TB, url, file string, header ...string) {
	tb.Helper()
	arg := []string{"--disable", "--silent", "--show-error", "--fail-with-body", "--upload-file", file, url}
	for _, one := range header {
		arg = append(arg, "--header", one)
	}
	if _, err := program(tb, tb.TempDir(), environment(nil), "curl", arg...); err != nil {
		tb.Fatal(err)
	}
}

// Curl downloads one file and fails the test when the server refuses.
func Curl(tb testing.TB, url string, header ...string) []byte {
	tb.Helper()
	to := filepath.Join(tb.TempDir(), "file")
	arg := []string{"--disable", "--silent", "--show-error", "--fail", "--location", "--output", to, url}
	for _, one := range header {
		arg = append(arg, "--header", one)
	}
	if _, err := program(tb, tb.TempDir(), environment(nil), "curl", arg...); err != nil {
		tb.Fatal(err)
	}
	content, err := os.ReadFile(to)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}
