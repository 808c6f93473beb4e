package artifactory

// NuGet repositories: /api/nuget/v3/KEY/index.json, whose resources leave PackageBaseAddress out, so that packages are
// downloaded by their paths in the storage.

import (
	"net/http"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) nuget() {
	r := d.local(NuGet, "nuget")
	pack := func(at, id, version string, seed int) {
		d.put(r, at, fixture.NuPkg(id, version, seed), property("nuget.id", id), property("nuget.version", version), property("nuget.digest", "SHA-512"))
	}
	pack(fixture.NuPkgFile("Acme.Core", "1.0.0"), "Acme.Core", "1.0.0", 1)
	pack(fixture.NuPkgFile("Acme.Core", "1.0.0.2"), "Acme.Core", "1.0.0.2", 2)
	pack(fixture.NuPkgFile("Acme.Core", "2.0.0-beta.1"), "Acme.Core", "2.0.0-beta.1", 3)
	d.put(r, fixture.SNuPkgFile("Acme.Core", "1.0.0"), fixture.SNuPkg("Acme.Core", "1.0.0", 1), property("nuget.id", "Acme.Core"), property("nuget.version", "1.0.0"))
	pack("Acme.Web/1.2.3/"+fixture.NuPkgFile("Acme.Web", "1.2.3"), "Acme.Web", "1.2.3", 4)
	d.put(r, "Acme.Web/1.2.3/"+fixture.NuPkgFile("Acme.Web", "1.2.3")+".sha512", []byte("c3RvcmVk"))
	d.put(r, ".nuGet/acme.core/index.json", []byte("{}\n"))
	d.put(r, "tools/nuget.config", []byte("<configuration/>\n"))
	d.put(r, "broken/Acme.Broken.1.0.0.nupkg", []byte("no archive at all\n"))
}

// nugetAPI serves /api/nuget/v3/KEY/REST.
func (s *Server) nugetAPI(w http.ResponseWriter, r *http.Request, key, rest string) {
	if rest != "index.json" {
		refuse(w, http.StatusNotFound, "")
		return
	}
	base, resources := s.base(r)+"/api/nuget/v3/"+key, list{}
	for _, one := range [][2]string{
		{"/query", "SearchQueryService"}, {"/query", "SearchQueryService/3.0.0-rc"}, {"/registration", "RegistrationsBaseUrl"},
		{"/registration-semver2", "RegistrationsBaseUrl/3.6.0"},
	} {
		resources = append(resources, object{{"@id", base + one[0]}, {"@type", one[1]}})
	}
	answer(w, "application/json", object{{"version", "3.0.0"}, {"resources", resources}})
}

// nugetLine names the package of a .nupkg or .snupkg.
func nugetLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.NuGet)
	if id := value(item, "nuget.id"); id != "" {
		line.Package, line.Version, line.File = id, value(item, "nuget.version"), item.Name
	}
}
