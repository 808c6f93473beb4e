package artifact

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// purlTypes are the package URL types of the formats
// (https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst); a format that is not here is its own type.
var purlTypes = map[Format]string{Container: packageurl.TypeOCI}

// PURL is p's printed identity, for example pkg:npm/%40acme/ui@1.2.0.
func (p Package) PURL() string { return purl(p.Format, p.Name, p.Version) }

// PURL is d's printed identity, without its project.
func (d Destination) PURL() string { return purl(d.Format, d.Name, d.Version) }

func purl(format Format, name, version string) string {
	kind, ok := purlTypes[format]
	if !ok {
		kind = string(format)
	}
	namespace := ""
	if format == PyPI {
		name = PyPIName(name) // the specification asks for this form
	}
	if format == Maven {
		name = strings.Replace(name, ":", "/", 1)
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	return packageurl.NewPackageURL(kind, namespace, name, version, nil, "").ToString()
}

// ParsePURL reads a package URL back into format, name and version. An error names what is wrong with it.
func ParsePURL(s string) (Package, error) {
	u, err := packageurl.FromString(s)
	if err != nil {
		return Package{}, err
	}
	p := Package{Format: Format(u.Type), Name: u.Name, Version: u.Version}
	for format, kind := range purlTypes {
		if u.Type == kind {
			p.Format = format
		}
	}
	if u.Namespace != "" {
		separator := "/"
		if p.Format == Maven {
			separator = ":"
		}
		p.Name = u.Namespace + separator + u.Name
	}
	return p, nil
}
