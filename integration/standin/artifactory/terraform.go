package artifactory

// Terraform repositories: modules at NAMESPACE/MODULE/PROVIDER/VERSION.zip, providers, and the state files of a backend.

import (
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/integration/standin/fixture"
	"pkgferry/internal/artifact"
)

func (d *seeder) terraform() {
	modules := d.local(Terraform, "terraform", field{"terraformType", "module"})
	for seed, at := range []string{"acme/network/aws/1.0.0", "acme/network/aws/1.1.0", "platform/cluster/google/0.9.0"} {
		parts := strings.Split(at, "/")
		d.put(modules, at+".zip", fixture.ModuleZip(parts[1], parts[3], seed),
			property("terraform.namespace", parts[0]), property("terraform.name", parts[1]), property("terraform.provider", parts[2]), property("terraform.version", parts[3]))
	}
	d.put(modules, "acme/network/aws/versions.json", []byte("{}\n"))
	providers := d.local("terraform-providers-local", "terraform", field{"terraformType", "provider"})
	stem := "acme/cloud/1.0.0/terraform-provider-cloud_1.0.0_"
	for _, rest := range []string{"linux_amd64.zip", "SHA256SUMS", "SHA256SUMS.sig"} {
		d.put(providers, stem+rest, []byte(fixture.Text(len(rest), 300)))
	}
	d.put(d.local("tfstate-local", "terraformbackend"), "production/state.latest.json", []byte("{\"version\":4}\n"))
}

// terraformLine names the package of a module: its name and its provider together, as GitLab calls it.
func terraformLine(item *storage.Item, line *standin.DumpLine) {
	line.Format = string(artifact.Terraform)
	parts := strings.Split(item.At(), "/")
	if version, ok := strings.CutSuffix(item.Name, ".zip"); ok && len(parts) == 4 {
		line.Package, line.Version, line.File = parts[0]+"/"+parts[1]+"/"+parts[2], version, item.Name
	}
}
