package artifact

import (
	"crypto/sha256"
	"strings"
)

// Identity stands for what GitLab, or the client that installs from it, takes as one thing, however it is spelled: 16
// bytes of a hash, so that a million of them fit into memory.
type Identity [16]byte

// Identity of d: its project, format, name and version. Names and versions are compared as the ecosystem compares them
// (PyPI: PEP 503 and PEP 440; NuGet: without case, versions normalised; images: without case). GitLab takes a Terraform
// module's name only once below a root group, so its project does not tell it apart. A Helm chart's channel tells nothing
// apart.
func (d Destination) Identity() Identity {
	name, version := fold(d.Format, d.Name, d.Version)
	scope := d.Project
	if d.Format == Terraform {
		scope, _, _ = strings.Cut(scope, "/")
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{scope, string(d.Format), name, version}, "\x00")))
	return Identity(sum[:16])
}

// Origin is the identity of p's name at its source, whatever repository it lies in.
func (p Package) Origin() Identity { return Destination{Format: p.Format, Name: p.Name}.Identity() }

func fold(format Format, name, version string) (string, string) {
	switch format {
	case PyPI:
		if normal, ok := PyPIVersion(version); ok {
			version = normal
		}
		return PyPIName(name), version
	case NuGet:
		if normal, ok := NuGetVersion(version); ok {
			version = normal
		}
		return NuGetID(name), strings.ToLower(version)
	case Container:
		return strings.ToLower(name), version
	case Maven, NPM, Terraform, Helm, Generic:
	}
	return name, version
}
