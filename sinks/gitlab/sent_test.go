package gitlab

import (
	"slices"
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// What was seen by other means than the listing is known without a request, and takes the id that a listing tells later.
func TestSeenWithoutListing(t *testing.T) {
	v := newInventory(nil, 7, artifact.PyPI, 0, "")
	v.loaded = true
	there, gone := v.key("Acme.UI", "1.0"), v.key("acme", "2.0")
	for _, k := range []key{there, gone} {
		v.published(k)
		if s, ok := v.unshown(k); !ok || !s.promise {
			t.Errorf("%+v, %v", s, ok)
		}
		v.seen(k, k == there)
		if s, ok := v.unshown(k); ok {
			t.Errorf("%+v is still waited for", s)
		}
	}
	if _, state, err := v.find(t.Context(), "acme-ui", "1.0.0"); state != sinks.Ready || err != nil {
		t.Errorf("state %v, %v", state, err)
	}
	if _, state, err := v.find(t.Context(), "acme", "2.0"); state != sinks.Absent || err != nil {
		t.Errorf("state %v, %v", state, err)
	}
	v.add([]*gitlab.Package{{ID: 12, Name: "acme.ui", Version: "1.0"}})
	if got := v.ids(there); !slices.Equal(got, []int64{12}) {
		t.Errorf("ids %v", got)
	}
}
