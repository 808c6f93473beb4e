package gitlab

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPackument(t *testing.T) {
	p, err := readPackument(strings.NewReader(`{"name":"ui","versions":{
		"1.0.0":{"dist":{"shasum":"aa","tarball":"x"},"deprecated":"old","engines":[]},
		"2.0.0":{"dist":{"shasum":"bb"},"deprecated":false}},"dist-tags":{"latest":"2.0.0"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"1.0.0": "aa", "2.0.0": "bb"}, p.shasums); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"1.0.0": "old"}, p.deprecated); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "<html>", `{"versions":[]}`, `{"versions":{"1.0.0":{"dist":{"shasum":"aa"}}`} {
		if _, err := readPackument(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzReadPackument(f *testing.F) {
	f.Add(`{"versions":{"1.0.0":{"dist":{"shasum":"aa"},"deprecated":"old"}}}`)
	f.Add(`{"versions":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := readPackument(strings.NewReader(text)); err == nil && len(p.deprecated) > len(p.shasums) {
			t.Error("more deprecations than versions")
		}
	})
}
