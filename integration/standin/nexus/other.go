package nexus

// Repositories of formats that GitLab has no place for. Where the code of a format is closed, its paths are those that its
// ecosystem has.

import (
	"strings"

	"pkgferry/integration/standin/fixture"
)

// others are a hosted repository of each: its name, Nexus' format, and what lies in it.
var others = []struct {
	name, format string
	files        func() []fixture.File
}{
	{Debian, "apt", func() []fixture.File {
		return []fixture.File{{Path: "pool/a/acme-tool/acme-tool_1.0_amd64.deb", Body: []byte(fixture.Text(7, 300))}, {Path: "dists/stable/Release", Body: []byte("Origin: example\n")}}
	}},
	{"yum-hosted", "yum", func() []fixture.File {
		return append(fixture.Other("rpm", "acme", "1.0", 1), fixture.File{Path: "repodata/repomd.xml", Body: []byte("<repomd/>\n")})
	}},
	{"gems-hosted", "rubygems", func() []fixture.File {
		return append(fixture.Other("gem", "acme", "1.0", 1), fixture.File{Path: "specs.4.8.gz", Body: []byte("specs\n")})
	}},
	{"conan-hosted", "conan", func() []fixture.File { // the user comes first, and the files directly behind the channel
		var files []fixture.File
		for _, f := range fixture.Other("conan", "zlib", "1.3", 1) {
			files = append(files, fixture.File{Path: "conans/acme/zlib/1.3/stable/" + f.Path[strings.LastIndexByte(f.Path, '/')+1:], Body: f.Body})
		}
		return files
	}},
	{"go-hosted", "go", func() []fixture.File { return fixture.Other("go", "example.test/acme/!tool", "v1.0.0", 1) }},
	{"r-hosted", "r", func() []fixture.File {
		return []fixture.File{{Path: "src/contrib/acme_1.0.tar.gz", Body: []byte(fixture.Text(8, 300))}, {Path: "src/contrib/PACKAGES.gz", Body: []byte("packages\n")}}
	}},
	{"cargo-hosted", "cargo", func() []fixture.File { return fixture.Other("crate", "acme", "1.0.0", 1) }},
	{"gitlfs-hosted", "gitlfs", func() []fixture.File {
		body := []byte(fixture.Text(9, 300))
		return []fixture.File{{Path: digestsOf(body).SHA256, Body: body}}
	}},
	{"terraform-hosted", "terraform", func() []fixture.File {
		return []fixture.File{{Path: "v1/modules/acme/vpc/aws/1.0.0/vpc.zip", Body: fixture.ModuleZip("vpc/aws", "1.0.0", 1)}}
	}},
}

func (s *store) seedOthers() {
	for _, one := range others {
		r := s.repository(one.name, one.format, hosted)
		for _, f := range one.files() {
			s.put(r, f.Path, f.Body)
		}
	}
}
