package clients

import (
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
)

// Origin is a source as its consumers know it.
type Origin struct {
	// Type is artifactory, nexus, npmjs or dockerhub.
	Type string
	// URL is its address; nil where it is the public one. Registry is the address of its images, where it has another.
	URL, Registry *url.URL
}

// Image is how an image of the source is called, without its tag; false when that is not known: Nexus gives each
// repository a port of its own, which no API of it tells everybody.
func (o Origin) Image(p artifact.Package) (string, bool) {
	switch {
	case o.Type == "dockerhub" && o.Registry == nil:
		return p.Name, true
	case o.Type == "dockerhub":
		return o.Registry.Host + "/" + p.Name, true
	case o.URL == nil:
		return "", false
	case o.Type == "artifactory", o.Type == "nexus":
		// Artifactory's repository path method, and Nexus' path-based routing: both have the repository for the first directory.
		return strings.Join([]string{o.URL.Host, p.Repository, p.Name}, "/"), true
	}
	return "", false
}

// Module is what a Terraform module of the source is called in configurations; false when that is not known.
func (o Origin) Module(p artifact.Package) (string, bool) {
	if o.Type != "artifactory" || o.URL == nil {
		return "", false
	}
	return o.URL.Host + "/" + p.Repository + "__" + p.Name, true
}
