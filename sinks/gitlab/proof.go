package gitlab

import "pkgferry/internal/artifact"

// proofs are what GitLab shows of a file that it holds, by format: digests that it made of the bytes it received
// (artifact.Server), digests that it was told (artifact.Declared), or no more than a size (artifact.BySize).
var proofs = map[artifact.Format]artifact.Proof{
	artifact.Maven:     artifact.Server,
	artifact.NPM:       artifact.Declared,
	artifact.PyPI:      artifact.Declared,
	artifact.NuGet:     artifact.BySize,
	artifact.Terraform: artifact.Server,
	artifact.Helm:      artifact.BySize,
	artifact.Generic:   artifact.Server,
	artifact.Container: artifact.Server,
}

// Proof is how strongly an arrival is proven at least, before anything is read back.
func Proof(f artifact.Format) artifact.Proof { return proofs[f] }
