package gitlab_test

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
)

// offline is a sink that could reach nobody: Allows sends nothing.
func offline(t *testing.T, o gitlab.Options) *gitlab.Sink {
	t.Helper()
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: &url.URL{Scheme: "http", Host: "gitlab.example"}})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := gitlab.New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// reasonOf is the code of a refusal, whether it concerns the package or one of its files.
func reasonOf(err error) string {
	if refused, ok := errors.AsType[*sinks.Refused](err); ok {
		for _, err := range refused.Files {
			return fault.CodeOf(err)
		}
	}
	return fault.CodeOf(err)
}

func TestAllows(t *testing.T) {
	const name, version, file = artifact.NameNotAllowed, artifact.VersionNotAllowed, artifact.FileNameNotAllowed
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		format     artifact.Format
		name, vers string
		files      string // separated by |
		reason     artifact.Reason
	}{
		{artifact.Maven, "com.acme:lib_2.13", "1.0+b-x", "lib.jar|lib.pom|lib.jar.asc|lib.jar.sha256|c++.jar", ""},
		{artifact.Maven, "acme:lib", "SNAPSHOT", "lib.jar", ""},
		{artifact.Maven, "com.acme:lib", "", "maven-metadata.xml", ""},
		{artifact.Maven, "com.acme.plugins", "", "maven-metadata.xml", name},
		{artifact.Maven, "com.acme:", "1.0", "lib.jar", name},
		{artifact.Maven, ":lib", "1.0", "lib.jar", name},
		{artifact.Maven, "com.ac+me:lib", "1.0", "lib.jar", name},
		{artifact.Maven, "com.acme:lib++", "1.0", "lib.jar", name},
		{artifact.Maven, "com.acme:a:b", "1.0", "lib.jar", name},
		{artifact.Maven, long + "." + long + ":lib", "1.0", "lib.jar", name},
		{artifact.Maven, "com.acme:lib", "1..0", "lib.jar", version},
		{artifact.Maven, "com.acme:lib", "1.0~rc", "lib.jar", version},
		{artifact.Maven, "com.acme:lib", "1.0 b", "lib.jar", version},
		{artifact.Maven, "com.acme:lib", "1.0é", "lib.jar", version},
		{artifact.Maven, "com.acme:lib", "1.0\n", "lib.jar", version},
		{artifact.Maven, "com.acme:lib", "1.0", "lib~.jar", file},
		{artifact.Maven, "com.acme:lib", "1.0", "a/lib.jar", file},
		{artifact.Maven, "com.acme:lib", "1.0", "lib.jar|lib.jar.sha1", file},
		{artifact.Maven, "com.acme:lib", "1.0", "lib.jar.md5", file},
		{artifact.Maven, "com.acme:lib", "1.0", strings.Repeat("a", 5001), file},
		{artifact.Maven, "com.acme:lib", "", "lib.jar", file},
		{artifact.Maven, "com.acme:lib", "1.0", "maven-metadata.xml", file},
		{artifact.Maven, "com.acme:lib", "1.0", "lib.jar|maven-metadata.xml", ""},
		{artifact.Maven, "com.acme:lib", "1.0-SNAPSHOT", "maven-metadata.xml", ""},
		{artifact.Maven, "com.acme.lib:1.0.2", "", "maven-metadata.xml", file},

		{artifact.NPM, "@acme/ui", "1.0.0-rc.1+b", "x.tgz", ""},
		{artifact.NPM, "left-Pad_2.x+", "0.0.0", "x.tgz", ""},
		{artifact.NPM, "@a/ui", "1.0.0", "x.tgz", ""},
		{artifact.NPM, "@acme/ui", "", "dist-tags/latest", ""},
		{artifact.NPM, "@acme.git/ui", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@acme.atom/ui", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@acme./ui", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@-acme/ui", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@acme", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@acme/ui/x", "1.0.0", "x.tgz", name},
		{artifact.NPM, "let's", "1.0.0", "x.tgz", name},
		{artifact.NPM, "@" + long + "/ui", "1.0.0", "x.tgz", name},
		{artifact.NPM, "ui", "v1.0.0", "x.tgz", version},
		{artifact.NPM, "ui", "1.0", "x.tgz", version},
		{artifact.NPM, "ui", "1.0.01", "x.tgz", version},
		{artifact.NPM, "ui", "1.0.0-01", "x.tgz", version},
		{artifact.NPM, "ui", "1.0.0-", "x.tgz", version},
		{artifact.NPM, "ui", "1.0.0\n", "x.tgz", version},
		{artifact.NPM, "ui", "1.0.0", "x.tgz|y.tgz", artifact.TargetRejected},

		{artifact.Generic, "tools.cli+x", "v1", "linux amd64/ü/cli@2~1.tgz", ""},
		{artifact.Generic, "tools", "1.0", "100%/50%25/x", ""},
		{artifact.Generic, "to/ols", "1.0", "x", name},
		{artifact.Generic, "..", "1.0", "x", name},
		{artifact.Generic, "", "1.0", "x", name},
		{artifact.Generic, "tools", "", "x", version},
		{artifact.Generic, "tools", "1..0", "x", version},
		{artifact.Generic, "tools", "1/0", "x", version},
		{artifact.Generic, "tools", "1.0", "a b", file},
		{artifact.Generic, "tools", "1.0", "~x", file},
		{artifact.Generic, "tools", "1.0", "x@", file},
		{artifact.Generic, "tools", "1.0", "dir/", file},
		{artifact.Generic, "tools", "1.0", "dir/..", file},
		{artifact.Generic, "tools", "1.0", "../x", file},
		{artifact.Generic, "tools", "1.0", "a/%2e%2E/x", file},
		{artifact.Generic, "tools", "1.0", "a/%2e%2e%2fb/x", file},
		{artifact.Generic, "tools", "1.0", "a//x", file},
		{artifact.Generic, "tools", "1.0", "/x", file},
		{artifact.Generic, "tools", "1.0", "./x", file},

		{artifact.NuGet, "Acme.Core-x_y+z", "1.2", "Acme.Core-x_y+z.1.2.nupkg", ""},
		{artifact.NuGet, "Acme.Core", "0.0.0.07-rc.1+b.2", "a.nupkg|A.SNUPKG", ""},
		{artifact.NuGet, "Acme.Core", "1.2.03", "a.nupkg", ""},
		{artifact.NuGet, "Acme Core", "1.0.0", "a.nupkg", name},
		{artifact.NuGet, "Acme/Core", "1.0.0", "a.nupkg", name},
		{artifact.NuGet, "Ácme", "1.0.0", "a.nupkg", name},
		{artifact.NuGet, "", "1.0.0", "a.nupkg", name},
		{artifact.NuGet, "Acme", "1", "a.nupkg", version},
		{artifact.NuGet, "Acme", "01.0.0", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.01.0", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.01.0", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0.0.0", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0-", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0-01", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0-rc_1", "a.nupkg", version},
		{artifact.NuGet, "Acme", "v1.0.0", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0\n", "a.nupkg", version},
		{artifact.NuGet, "Acme", "1.0.0", "a.nupkg|b.nupkg", artifact.TargetRejected},
		{artifact.NuGet, "Acme", "1.0.0", "a.nupkg|a.snupkg|b.snupkg", artifact.TargetRejected},
		{artifact.NuGet, "Acme", "1.0.0", "a.nupkg|a.Symbols.nupkg", artifact.FileUnsupported},
		{artifact.NuGet, "Acme", "1.0.0", "a.nupkg|a.nuspec", artifact.FileUnsupported},

		{artifact.Helm, "acme-web_2.x", "v1.2.3-rc.1+b", "acme-web-1.2.3.tgz", ""},
		{artifact.Helm, "a", "0.0.0", "renamed.tgz", ""},
		{artifact.Helm, strings.Repeat("a-", 254) + "b", "1.0.0", "a.tgz", ""},
		{artifact.Helm, strings.Repeat("a", 256), "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme--web", "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme_", "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme-", "1.0.0", "a.tgz", name},
		{artifact.Helm, ".acme", "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme/web", "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme+web", "1.0.0", "a.tgz", name},
		{artifact.Helm, "", "1.0.0", "a.tgz", name},
		{artifact.Helm, "acme", "1.0", "a.tgz", version},
		{artifact.Helm, "acme", "vv1.0.0", "a.tgz", version},
		{artifact.Helm, "acme", "1.0.0_b", "a.tgz", version},
		{artifact.Helm, "acme", "01.0.0", "a.tgz", version},
		{artifact.Helm, "acme", "1.0.0", "a.tgz|a.tgz.prov", artifact.FileUnsupported},
		{artifact.Helm, "acme", "1.0.0", "a.tgz|values.yaml", artifact.FileUnsupported},
		{artifact.Helm, "acme", "1.0.0", "a.tgz|b.tgz", artifact.TargetRejected},

		{"cargo", "x", "1.0.0", "x.crate", artifact.FormatUnsupported},
	} {
		p := artifact.Package{Format: c.format, Name: c.name, Version: c.vers}
		for path := range strings.SplitSeq(c.files, "|") {
			p.Files = append(p.Files, artifact.File{Path: path, Size: 1})
		}
		dst := artifact.Destination{Project: "acme/x", Format: c.format, Name: c.name, Version: c.vers}
		err := offline(t, gitlab.Options{}).Allows(dst, p)
		if reasonOf(err) != string(c.reason) || (err == nil) != (c.reason == "") {
			t.Errorf("%s %q %q %q: reason %q (%v), want %q", c.format, c.name, c.vers, c.files, reasonOf(err), err, c.reason)
		}
	}
}

// GitLab goes by the name inside, so that a route can not change it.
func TestAllowsNoOtherName(t *testing.T) {
	for _, c := range []struct {
		dst artifact.Destination
		ok  bool
	}{
		{artifact.Destination{Format: artifact.NuGet, Name: "acme.CORE"}, true},
		{artifact.Destination{Format: artifact.NuGet, Name: "Acme.Other"}, false},
		{artifact.Destination{Format: artifact.Helm, Name: "Acme.Core"}, true},
		{artifact.Destination{Format: artifact.Helm, Name: "acme.core"}, false},
		{artifact.Destination{Format: artifact.Helm, Name: "Acme.Core", Channel: "beta.2"}, true},
		{artifact.Destination{Format: artifact.Helm, Name: "Acme.Core", Channel: "beta_"}, false},
		{artifact.Destination{Format: artifact.Helm, Name: "Acme.Core", Channel: "be/ta"}, false},
	} {
		c.dst.Version = "1.0.0"
		p := artifact.Package{Format: c.dst.Format, Name: "Acme.Core", Version: "1.0.0", Files: []artifact.File{{Path: "a.nupkg"}}}
		if c.dst.Format == artifact.Helm {
			p.Files[0].Path = "a.tgz"
		}
		err := offline(t, gitlab.Options{}).Allows(c.dst, p)
		if (err == nil) != c.ok || !c.ok && reasonOf(err) != string(artifact.NameNotAllowed) {
			t.Errorf("%+v: %v", c.dst, err)
		}
	}
}

// A file that can not go leaves the others; symbols never go without their package.
func TestAllowsSomeFiles(t *testing.T) {
	for _, c := range []struct {
		format  artifact.Format
		files   []artifact.File
		refused []string
		says    string
	}{
		{artifact.Helm, []artifact.File{{Path: "a.tgz", Size: 9}, {Path: "a.tgz.prov", Size: 9}}, []string{"a.tgz.prov"}, "OCI"},
		{artifact.Helm, []artifact.File{{Path: "a.tgz", Size: 5 << 20}}, []string{"a.tgz"}, "max_file_size of the target, or publish the chart as an OCI image"},
		{artifact.NuGet, []artifact.File{{Path: "a.nupkg", Size: 9}, {Path: "a.symbols.nupkg", Size: 9}}, []string{"a.symbols.nupkg"}, ".snupkg"},
		{artifact.NuGet, []artifact.File{{Path: "a.nupkg", Size: 500 << 20}, {Path: "a.snupkg", Size: 9}}, []string{"a.nupkg", "a.snupkg"}, "beside their package"},
		{artifact.NuGet, []artifact.File{{Path: "a.nupkg", Size: 9}, {Path: "a.snupkg", Size: 500 << 20}}, []string{"a.snupkg"}, "takes less than"},
	} {
		p := artifact.Package{Format: c.format, Name: "a", Version: "1.0.0", Files: c.files}
		err := offline(t, gitlab.Options{}).Allows(artifact.Destination{Format: c.format, Name: "a", Version: "1.0.0"}, p)
		refused, ok := errors.AsType[*sinks.Refused](err)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(refused.Files)), c.refused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %v: %v", c.format, c.files, err)
		}
	}
}

func TestAllowsSizes(t *testing.T) {
	const mebibyte = 1 << 20
	for _, c := range []struct {
		format artifact.Format
		size   int64
		limit  map[artifact.Format]int64
		ok     bool
	}{
		{artifact.Maven, 3072*mebibyte - 1, nil, true},
		{artifact.Maven, 3072 * mebibyte, nil, false},
		{artifact.Maven, -1, nil, true},
		{artifact.Maven, 100, map[artifact.Format]int64{artifact.Maven: 100}, false},
		{artifact.Maven, 99, map[artifact.Format]int64{artifact.Maven: 100}, true},
		{artifact.Maven, 1 << 50, map[artifact.Format]int64{artifact.Maven: 0}, true},
		{artifact.Generic, 5120 * mebibyte, nil, false},
		{artifact.NPM, 374 * mebibyte, nil, true},  // 499 as npm sends it
		{artifact.NPM, 376 * mebibyte, nil, false}, // 501
	} {
		p := artifact.Package{Format: c.format, Name: "com.acme:x", Version: "1.0.0", Files: []artifact.File{{Path: "x", Size: c.size}}}
		if c.format != artifact.Maven {
			p.Name = "x"
		}
		err := offline(t, gitlab.Options{MaxFileSize: c.limit}).Allows(artifact.Destination{Format: c.format, Name: p.Name, Version: "1.0.0"}, p)
		if (err == nil) != c.ok || !c.ok && reasonOf(err) != string(artifact.FileTooLarge) {
			t.Errorf("%s with %d bytes: %v", c.format, c.size, err)
		}
	}
}
