package gitlab

// Files that GitLab refuses because it has one of that name (GitLab: lib/api/maven_packages.rb, lib/api/generic_packages.rb,
// app/models/packages/package_file.rb, app/services/packages/terraform_module/create_package_service.rb).

import (
	"context"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// settleDuplicate decides about a file that GitLab refuses because it has one of that name: with equal bytes it is there
// already, else GitLab's settings stand against it. Where no digest can be compared it is worth another attempt, which
// begins with a look that compares the bytes themselves.
func settleDuplicate(ctx context.Context, t target, p artifact.Package, f artifact.File, refusal error, stat statFunc) error {
	holding, err := stat(ctx, t, artifact.Package{Format: p.Format, Name: p.Name, Version: p.Version, Files: []artifact.File{f}})
	if err != nil {
		return err
	}
	refusal = fault.At(fault.Sink, fault.Because(artifact.TargetRejected, refusal))
	held, shown := holding.Files[f.Path]
	switch agreement := held.Digests.Compare(f.Digests); {
	case shown && agreement == artifact.Same:
		return nil
	case shown && agreement == artifact.Unknown:
		return fault.Temporary(refusal, 0)
	}
	return refusal
}
