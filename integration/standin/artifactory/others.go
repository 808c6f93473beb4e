package artifactory

// Repositories of package types that GitLab can not hold, or that pkgferry does not bring over as packages; and those that
// Artifactory keeps for itself.

import (
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
)

// otherTypes are package types with the format of their files, a name, a version, and what the server generates beside them.
var otherTypes = []struct {
	packageType, format, name, version string
	generated                          []string
}{
	{"rpm", "rpm", "acme-tool", "1.0", []string{"repodata/repomd.xml", "repodata/primary.xml.gz"}},
	{"debian", "deb", "acme-tool", "1.0", []string{"dists/stable/Release", "dists/stable/main/binary-amd64/Packages.gz"}},
	{"conan", "conan", "zlib", "1.3", []string{"_/zlib/1.3/_/index.json", "_/zlib/1.3/_/0/export/.timestamp"}},
	{"gems", "gem", "acme", "0.1.0", []string{"specs.4.8.gz", "quick/Marshal.4.8/acme-0.1.0.gemspec.rz", "gems/rubygems-update-3.0.0.gem"}},
	{"go", "go", "example.test/!acme/mod", "1.2.3+incompatible", []string{"example.test/!acme/mod/@v/list"}},
	{"cargo", "crate", "acme", "0.2.0", []string{"index/ac/me/acme", "config.json"}},
	{"composer", "composer", "acme/lib", "1.0.0", []string{".composer/packages.json"}},
}

// singleFiles are package types with one file each.
var singleFiles = [][2]string{
	{"gitlfs", "objects/ad/1b/ad1b"}, {"conda", "linux-64/acme-1.0-0.tar.bz2"}, {"cran", "src/contrib/acme_1.0.tar.gz"},
	{"alpine", "v3.19/main/x86_64/acme-1.0-r0.apk"}, {"swift", "acme/lib/1.0.0/lib-1.0.0.zip"}, {"pub", "packages/acme/versions/1.0.0.tar.gz"},
	{"puppet", "acme/acme-lib/acme-lib-1.0.0.tar.gz"}, {"chef", "acme/acme-1.0.0.tgz"}, {"vagrant", "acme-virtualbox-1.0.0.box"},
	{"bower", "acme/acme-1.0.0.tar.gz"}, {"cocoapods", "acme/1.0.0/acme-1.0.0.tar.gz"}, {"p2", "plugins/acme_1.0.0.jar"},
	{"opkg", "acme_1.0_all.ipk"}, {"huggingfaceml", "models/acme/tiny/main/2024/model.safetensors"}, {"vcs", "acme/repo/tags/v1/acme.tar.gz"},
	{"hex", "tarballs/acme-1.0.0.tar"}, {"nix", "nar/acme.nar.xz"}, {"brandnew", "a/type/that/nobody.knows"},
}

func (d *seeder) others() {
	for seed, one := range otherTypes {
		r := d.local(one.packageType+"-local", one.packageType)
		var properties []storage.Property
		if one.packageType == "debian" {
			properties = []storage.Property{
				property("deb.distribution", "stable"), property("deb.distribution", "testing"), property("deb.component", "main"),
				property("deb.architecture", "amd64"), property("deb.name", one.name), property("deb.version", one.version),
			}
		}
		for _, f := range fixture.Other(one.format, one.name, one.version, seed) {
			d.put(r, f.Path, f.Body, properties...)
		}
		for _, at := range one.generated {
			d.put(r, at, []byte("generated\n"))
		}
	}
	for seed, one := range singleFiles {
		d.put(d.local(one[0]+"-local", one[0]), one[1], []byte(fixture.Text(100+seed, 200)))
	}
}

func (d *seeder) system() {
	for key, packageType := range map[string]string{
		"artifactory-build-info": "buildinfo", "release-bundles-v2": "releasebundles", "jfrog-usage-logs": "generic", "artifactory-edge-uploads": "generic",
	} {
		d.put(d.local(key, packageType), "app/1-1709287200000.json", []byte("{\"version\":\"1.0.1\"}\n"))
	}
	for _, key := range []string{Trash, "jfrog-support-bundle", "_intransit"} {
		r := &repository{key: key, class: system, packageType: "generic"}
		d.content.add(r, nil, d.now)
		d.put(r, Files+"/thrown/away.bin", []byte("thrown away\n"), property("trash.time", "1709287200000"), property("trash.originalRepository", Files))
	}
}
