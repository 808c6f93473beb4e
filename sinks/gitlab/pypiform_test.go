package gitlab

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
)

func TestPyPIForm(t *testing.T) {
	dst := artifact.Destination{Name: "Acme.UI", Version: "1.0rc1"}
	digests := artifact.Digests{SHA1: "aa", SHA256: sumA, MD5: "bb"}
	bare := [][2]string{
		{":action", "file_upload"}, {"protocol_version", "1"}, {"name", "Acme.UI"}, {"version", "1.0rc1"},
		{"sha256_digest", sumA}, {"md5_digest", "bb"},
	}
	if diff := cmp.Diff(bare, pypiForm(dst, "acme.exe", digests, artifact.PyPIMetadata{}).fields); diff != "" {
		t.Error(diff)
	}
	digests.MD5 = ""
	full := [][2]string{
		{":action", "file_upload"}, {"protocol_version", "1"}, {"metadata_version", "2.4"}, {"name", "Acme.UI"},
		{"version", "1.0rc1"}, {"summary", "S"}, {"description", "D"}, {"description_content_type", "text/markdown"},
		{"keywords", "k1,k2"}, {"author_email", "a@acme.example"}, {"requires_python", ">=3.8"}, {"sha256_digest", sumA},
	}
	f := pypiForm(dst, "acme.whl", digests, artifact.PyPIMetadata{
		MetadataVersion: "2.4", Name: "other", Version: "9", Summary: "S", Description: "D", DescriptionContentType: "text/markdown",
		Keywords: "k1,k2", RequiresPython: ">=3.8", Author: "A", AuthorEmail: "a@acme.example",
	})
	if diff := cmp.Diff(full, f.fields); diff != "" {
		t.Error(diff)
	}
	if f.part != "content" || f.file != "acme.whl" {
		t.Errorf("part %q, file %q", f.part, f.file)
	}
}

func TestCuts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"ähnlich", "ähnlich"}, {"ähnlicher", "ähnl..."}, {strings.Repeat("日", 8), "日日日日..."},
	} {
		if got := cutText(c.text, 7); got != c.want {
			t.Errorf("cutText(%q) = %q, want %q", c.text, got, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{">=3.8", ">=3.8"}, {">=3.8,<4", ">=3.8,<4"}, {">=3.8,!=3.9.1,<4", ">=3.8"}, {">=3.8, !=3.9", ">=3.8"}, {">=3.10.100rc1", ""},
	} {
		if got := cutClauses(c.text, 9); got != c.want {
			t.Errorf("cutClauses(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
