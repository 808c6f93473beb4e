package gitlab

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestReceiveKeepsNothingOfAFailure(t *testing.T) {
	s := &Server{dir: t.TempDir()}
	for _, size := range []int64{3, 5} {
		if _, err := s.receive(strings.NewReader("four"), size, 0); err == nil {
			t.Errorf("4 bytes are taken for %d", size)
		}
	}
	if _, err := s.receive(strings.NewReader("four"), -1, 3); err == nil {
		t.Error("the limit is passed")
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Each version is lower than the next.
func TestCompareVersions(t *testing.T) {
	ascending := []string{
		"0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0", "2.0.0-beta", "2.0.0", "2.0.0.1",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
	if !slices.IsSortedFunc(ascending, compareVersions) {
		t.Error("not sorted")
	}
}
