// Package artifact holds the nouns of pkgferry: what a source lists, what a route sends somewhere and what a sink holds.
//
// A Package is one version of one thing with its files. An index package is what belongs to a name and not to a version:
// npm dist-tags, Maven's artifact-level maven-metadata.xml. It is a Package without Version. Identities are printed as
// package URLs (https://github.com/package-url/purl-spec). Each format's grammar stands in the file named after it.
package artifact

import (
	"context"
	"io"
	"slices"
	"time"
)

// Format is a package format, by GitLab's own name for it, plus "container".
type Format string

// The formats that GitLab has a place for.
const (
	Maven     Format = "maven"
	NPM       Format = "npm"
	PyPI      Format = "pypi"
	NuGet     Format = "nuget"
	Terraform Format = "terraform"
	Helm      Format = "helm"
	Generic   Format = "generic"
	Container Format = "container"
)

// Formats lists every format in the order reports print them.
func Formats() []Format {
	return []Format{Maven, NPM, PyPI, NuGet, Terraform, Helm, Generic, Container}
}

// File is one file of a Package.
type File struct {
	// Path names the file inside its package: slash-separated, relative, never empty.
	// Of an npm dist-tag index it is the tag or the deprecated version; see npm.go.
	Path string
	// Size is in bytes; -1 when the source did not say.
	Size int64
	// Digests are what the source declared. Empty fields are unknown.
	Digests Digests
	// Locator is what the file's source needs to open it. Nobody else reads it, and it holds no credential.
	Locator string
	// Modified is when the source last replaced the content; zero when unknown.
	Modified time.Time
	// Downloaded is when the source last served the content to anybody; zero when never, or when it does not tell.
	Downloaded time.Time
	// Properties are what people and builds have noted about the file at the source, by key and with all values of each. A
	// source that knows them tells only those that it was asked for.
	Properties map[string][]string
}

// Package is the unit that is listed, routed, published, recorded and reported.
type Package struct {
	// Source is the configured name of the source, Repository the repository inside it ("" where there is only one).
	Source, Repository string
	Format             Format
	// Name is the ecosystem's own: "@acme/ui", "com.acme:lib".
	Name string
	// Version is empty for an index package.
	Version string
	// Files are in the order in which they must be published.
	Files []File
	// Metadata is what the source says about the version beside its bytes. The keys are constants in the format's file.
	Metadata map[string]string
}

// MetadataKeys are the keys of Metadata that there are, each with the format whose packages have it.
func MetadataKeys() map[string]Format {
	return map[string]Format{NPMDeprecated: NPM, NPMAttestations: NPM, ImageMediaType: Container}
}

// Index tells whether p belongs to a name rather than to a version.
func (p Package) Index() bool { return p.Version == "" }

// Property lists what the source says under a key about p, or about any of its files; each value once, in order.
func (p Package) Property(key string) []string {
	var values []string
	if value, told := p.Metadata[key]; told {
		values = append(values, value)
	}
	for _, f := range p.Files {
		values = append(values, f.Properties[key]...)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// Bytes is the sum of the known file sizes.
func (p Package) Bytes() int64 {
	var n int64
	for _, f := range p.Files {
		n += max(f.Size, 0)
	}
	return n
}

// Destination is where a route sends a Package.
type Destination struct {
	// Project is the full path of the project that receives the package: "acme/artifact-management/node-packages".
	Project string
	Format  Format
	// Name and Version are what the sink will hold; they differ from the Package's where a route renames.
	Name, Version string
	// Channel is the channel of a Helm chart; "" is "stable".
	Channel string
	// Repack tells that a Terraform module that its source holds as .zip goes there as .tgz, with other bytes.
	Repack bool
}

// Content is an open file. Size is that of the whole file, wherever reading starts; -1 when the server did not say.
type Content struct {
	io.ReadCloser
	Size int64
}

// Stream is a file on its way to a sink: every byte is hashed, and the bytes that complete the file are withheld until
// its size and every declared digest agree. Read fails instead of returning io.EOF when they do not, so a reader that
// forwards what it gets and stops at the first error can never complete a corrupt file.
type Stream interface {
	io.ReadCloser
	// Size is the number of bytes that Read will give in all; never negative.
	Size() int64
	// Digests returns the computed digests, SHA1 and SHA256 always among them; zero before io.EOF.
	Digests() Digests
}

// Opener opens a file of the package being published, or of an image also what its manifest names (ImageBlob and the
// like). A sink may open a file more than once, one at a time but for an image's blobs, and closes what it opened. It
// opens a file only when it is ready to read all of it: sources cut idle readers off.
type Opener func(ctx context.Context, f File) (Stream, error)

// Outcome is how a settled package ended.
type Outcome string

// The outcomes. A package without one is unsettled.
const (
	Published Outcome = "published" // this migration brought it, and the sink shows it
	Present   Outcome = "present"   // the sink already held the same bytes
	Skipped   Outcome = "skipped"   // left out on purpose; the reason says why
	Failed    Outcome = "failed"    // not arrived; the reason says why
	Conflict  Outcome = "conflict"  // the sink holds other bytes under that name; they stay
)

// Outcomes lists every outcome in the order reports print them.
func Outcomes() []Outcome { return []Outcome{Published, Present, Skipped, Failed, Conflict} }

// Proof is how strongly an arrival is proven. The zero value is no proof.
type Proof int

// The proofs, weakest first, so that a package's proof is the least of its files'.
const (
	NoProof  Proof = iota
	BySize         // only the size was compared
	Declared       // the sink repeats the digest that the publisher claimed
	ReadBack       // the file was downloaded from the sink and compared
	Server         // the sink hashed the bytes it received
)

var proofNames = [...]string{"", "size", "declared", "readback", "server"}

func (p Proof) String() string { return proofNames[p] }
