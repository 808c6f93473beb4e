package gitlab_test

import (
	"fmt"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks/gitlab"
)

func TestAllowsPyPI(t *testing.T) {
	const name, version, file = artifact.NameNotAllowed, artifact.VersionNotAllowed, artifact.FileNameNotAllowed
	for _, c := range []struct {
		name, version string
		files         string // separated by |
		reason        artifact.Reason
		quotes        string
	}{
		{"Acme.UI_x-y", "1.0rc1", "acme_ui-1.0rc1-1-py3-none-any.whl|acme_ui-1.0rc1.tar.gz|acme-1.0rc1.win32.exe", "", ""},
		{"0", "0", "0-0.zip", "", ""},
		{"acme", "v1.0-1", "acme-1.0.post1.egg", "", ""},
		{"acme", "2!1.0.Dev3+Ubuntu-1", "acme-1.0.dev3+ubuntu.1.tar.gz", "", ""},
		{"acme", "1.0.PREVIEW_2", "acme-1.0rc2.tar.bz2|acme-1.0rc2.tar.gz.asc", "", ""},
		{"", "1.0", "a.whl", name, `""`},
		{"acme ui", "1.0", "a.whl", name, `"acme ui"`},
		{"acme/ui", "1.0", "a.whl", name, `"acme/ui"`},
		{"acmé", "1.0", "a.whl", name, `"acmé"`},
		{"acme\n", "1.0", "a.whl", name, `"acme\n"`},
		{"acme", "", "a.whl", version, `""`},
		{"acme", "1.0-SNAPSHOT", "a.whl", version, `"1.0-SNAPSHOT"`},
		{"acme", "2004d-r1+", "a.whl", version, `"2004d-r1+"`},
		{"acme", "latest", "a.whl", version, `"latest"`},
		{"acme", " 1.0", "a.whl", version, `" 1.0"`},
		{"acme", "1.0\n", "a.whl", version, `"1.0\n"`},
		{"acme", "1..0", "a.whl", version, `"1..0"`},
		{"acme", "2!1.0", "acme-1.0.whl|acme-2!1.0-py3-none-any.whl", file, `"acme-2!1.0-py3-none-any.whl"`},
		{"acme", "1.0", "acme 1.0.zip", file, `"acme 1.0.zip"`},
		{"acme", "1.0", "dir/acme-1.0.zip", file, `"dir/acme-1.0.zip"`},
		{"acme", "1.0", "acmé-1.0.zip", file, `"acmé-1.0.zip"`},
		{"acme", "1.0", "acme", file, `"acme"`},
		{"acme", "1.0", "acme.", file, `"acme."`},
		{"acme", "1.0", ".whl", file, `".whl"`},
		{"acme", "1.0", "..", file, `".."`},
	} {
		p := artifact.Package{Format: artifact.PyPI, Name: c.name, Version: c.version}
		for path := range strings.SplitSeq(c.files, "|") {
			p.Files = append(p.Files, artifact.File{Path: path, Size: 1})
		}
		err := offline(t, gitlab.Options{}).Allows(artifact.Destination{Project: "acme/x", Format: p.Format, Name: c.name, Version: c.version}, p)
		if reasonOf(err) != string(c.reason) || !strings.Contains(fmt.Sprint(err), c.quotes) || (err == nil) != (c.reason == "") {
			t.Errorf("%q %q %q: reason %q (%v), want %q with %s", c.name, c.version, c.files, reasonOf(err), err, c.reason, c.quotes)
		}
	}
}
