package artifactory

// Generic repositories: any file at any path.

import (
	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) files() {
	r := d.local(Files, "generic")
	for _, f := range []struct{ path, body string }{
		{"tools/cli/1.2.0/linux/cli.tgz", fixture.Text(1, 70_000)},
		{"tools/cli/1.3.0/linux/cli.tgz", fixture.Text(2, 5000)},
		{"root.txt", "at the root\n"},
		{"docs/empty.bin", ""},
		{"docs/with space/read me.txt", "a space\n"},
		{"docs/a+b.txt", "a plus\n"},
		{"docs/#1 100%.txt", "what ends a path, and a percent sign\n"},
		{"docs/a;b.jar", "a semicolon\n"},
		{"docs/~tilde@home:8.txt", "a tilde, an at sign and a colon\n"},
		{"docs/größe.txt", "beyond ASCII\n"},
		{"docs/%20.txt", "what looks escaped\n"},
		{"docs/zip!/inside.txt", "what looks like the inside of an archive\n"},
		{"secret/plan.txt", "what the reader may not see\n"},
		// In a repository for any files these are files like others.
		{".npm/acme/package.json", "{}\n"},
		{"index.yaml", "apiVersion: v1\nentries: {}\n"},
		{"repodata/repomd.xml", "<repomd/>\n"},
		{"sums/cli.tgz.sha256", artifact.DigestsOf(fixture.Text(1, 70_000)).SHA256 + "\n"},
	} {
		d.put(r, f.path, []byte(f.body))
	}
	d.put(r, "links/current", nil, property("symlink.dest", "tools/cli/1.3.0/linux/cli.tgz"))
	d.put(r, "big/image.iso", fixture.Noise(3, 400_000))
	d.put(r, "props/labelled.bin", []byte("labelled\n"), property("stage", "released"), property("stage", "tested"), property("owner", "team a"))
	old := *d.put(r, "old/before-sha256.bin", []byte("older than SHA-256 here\n"))
	old.NoSHA256 = true
	d.content.put(r, &old)

	// The same bytes in another repository, which the reader may not see.
	d.put(d.local(Secret, "generic"), "copies/cli.tgz", []byte(fixture.Text(1, 70_000)))
	excluding := d.local("excluding-local", "generic")
	excluding.excludes = "**/*.tmp"
	d.put(excluding, "kept.bin", []byte("kept\n"))
	d.put(excluding, "half/upload.tmp", []byte("stored, and not served\n"))
	closed := d.local("blackedout-local", "generic")
	d.put(closed, "file.bin", []byte("stored, and not served\n"))
	closed.blackedOut = true
}

// genericLine names the package of any file.
func genericLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.Generic)
	g := artifact.ParseGenericPath(item.Repo, item.At())
	line.Package, line.Version, line.File = g.Name, g.Version, g.Path
}
