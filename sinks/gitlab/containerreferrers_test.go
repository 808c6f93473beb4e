package gitlab

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
)

// listing is an index of manifests by letters.
func listing(letters string, more ...string) string {
	entries := make([]string, len(letters))
	for i, letter := range letters {
		entries[i] = fmt.Sprintf(`{"mediaType":%q,"digest":"sha256:%s","size":7,"x":"%c"}`, artifact.OCIManifest, strings.Repeat("0", 63)+string(letter), letter)
	}
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,%s"manifests":[%s]}`, artifact.OCIIndex, strings.Join(more, ""), strings.Join(entries, ","))
}

func TestUnion(t *testing.T) {
	noted := listing("ab", `"annotations":{"k":"<v>"},`)
	for _, c := range []struct{ name, ours, theirs, want string }{
		{"the same", listing("ab"), listing("ab"), listing("ab")},
		{"the same in other words", noted, listing("ba"), noted},
		{"ours has more", noted, listing("a"), noted},
		{"theirs has more", listing("a"), noted, noted},
		{"both have more", noted, listing("bcd"), "abcd"},
		{"nothing in common", listing("a"), listing("b"), "ab"},
		{"theirs is empty", listing("a"), listing(""), listing("a")},
		{"ours is empty", listing(""), listing("a"), listing("a")},
		{"twice the same", listing("aa"), listing("bb"), "ab"},
		{"theirs is an image", listing("a"), `{"schemaVersion":2,"config":{"digest":"sha256:` + strings.Repeat("0", 64) + `","size":1}}`, "error"},
		{"theirs is a Docker list", listing("a"), strings.Replace(listing("b"), artifact.OCIIndex, artifact.DockerList, 1), "error"},
		{"theirs is nothing", listing("a"), "not found", "error"},
	} {
		got, err := union([]byte(c.ours), []byte(c.theirs))
		switch {
		case err != nil:
			if c.want != "error" {
				t.Errorf("%s: %v", c.name, err)
			}
		case len(c.want) > 5:
			if string(got) != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
		default:
			if letters := lettersOf(t, got); letters != c.want {
				t.Errorf("%s: %s lists %q, want %q", c.name, got, letters, c.want)
			}
		}
	}
	both, err := union([]byte(noted), []byte(listing("c")))
	if err != nil || !strings.Contains(string(both), `"annotations"`) {
		t.Errorf("what ours says beside its entries is lost: %s, %v", both, err)
	}
}

func lettersOf(t *testing.T, index []byte) string {
	t.Helper()
	var parsed struct {
		Manifests []struct{ X string }
	}
	if err := json.Unmarshal(index, &parsed); err != nil {
		t.Fatal(err)
	}
	letters := ""
	for _, one := range parsed.Manifests {
		letters += one.X
	}
	return letters
}

func FuzzUnion(f *testing.F) {
	f.Add(listing("ab"), listing("bc"))
	f.Add(listing(""), `{"schemaVersion":2,"manifests":null}`)
	f.Fuzz(func(t *testing.T, ours, theirs string) {
		both, err := union([]byte(ours), []byte(theirs))
		if err != nil {
			return
		}
		_, listed, err := entriesOf(both)
		if err != nil {
			t.Fatalf("the union is none: %v", err)
		}
		for _, one := range []string{ours, theirs} {
			_, digests, err := entriesOf([]byte(one))
			for digest := range digests {
				if err != nil || !listed[digest] {
					t.Errorf("%s is lost: %v", digest, err)
				}
			}
		}
	})
}
