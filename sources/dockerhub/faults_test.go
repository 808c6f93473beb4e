package dockerhub

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/integration/standin"
	hub "pkgferry/integration/standin/dockerhub"
	"pkgferry/internal/fault"
)

// excuses tells whether a problem says that what a repository has may be missing.
func (a told) excuses(name string) bool {
	return slices.ContainsFunc(a.errors, func(err error) bool {
		return strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "repositories of acme") || strings.Contains(err.Error(), "repositories may be missing") ||
			strings.Contains(err.Error(), "no namespace") || strings.Contains(err.Error(), "signing in") || fault.IsStop(err)
	})
}

// TestFaults: whatever goes wrong, what is listed is exactly what is there, or it is said what could not be listed.
func TestFaults(t *testing.T) {
	for _, modes := range []string{"odd=false", "digests=none", "page_size=2"} {
		for _, word := range []string{
			"500@list=0.3", "500@list=12", "503@list=4", "404@list=1", "404@list=3", "404@list=0.3", "403@list=1", "403@list=0.3",
			"400@list=0.3", "401@list=1", "401@list=3", "401@list=0.2", "cut@list=0.4", "short@list=0.3", "reset@list=0.4", "flip@list=0.2",
			"500@token=0.5", "503@token=12", "401@token=1", "403@token=0.5", "404@token=0.5", "cut@token=0.4", "short@token=0.4", "reset@token=0.4",
			"500@manifest=0.5", "404@manifest=2", "403@manifest=2", "401@manifest=2", "reset@manifest=0.4", "429@list=1",
		} {
			t.Run(modes+" "+word, func(t *testing.T) {
				t.Parallel()
				one, err := standin.ParseFault(word)
				if err != nil {
					t.Fatal(err)
				}
				s := serve(t, "small", modes, "api.retry=none")
				s.Faults.Add(one)
				flips := strings.HasPrefix(word, "flip") // of a byte in a name or a digest: nothing can tell
				got := listed(t, s.as(t, owner))
				for _, err := range got.errors {
					if fault.SideOf(err) != fault.Source || !strings.Contains(err.Error(), "source hub") {
						t.Errorf("says too little: %v", err)
					}
				}
				for _, p := range s.images(hub.Org) {
					name := p.Name + ":" + p.Version
					found, ok := got.images[name]
					switch _, left := got.skipped[name]; {
					case ok && found.Files[0].Path != p.Files[0].Path && !flips:
						t.Errorf("%s is %s, listed as %s", name, p.Files[0].Path, found.Files[0].Path)
					case !ok && !left && !got.excuses(p.Name):
						t.Errorf("missing without a word: %s\n%s", name, got.problems())
					}
					delete(got.images, name)
				}
				if len(got.images) > 0 && !flips {
					t.Errorf("invented: %s", cmp.Diff(nil, got.images))
				}
			})
		}
	}
}
