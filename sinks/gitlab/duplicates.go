package gitlab

// Files that GitLab refuses because it has one of that name (GitLab: lib/api/maven_packages.rb, lib/api/generic_packages.rb,
// app/models/packages/package_file.rb, app/services/packages/terraform_module/create_package_service.rb).

import (
	"context"
	"fmt"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
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

// settleTaken is settleDuplicate for formats whose names GitLab never gives twice, whatever its settings: a file that it
// refuses and does not show was deleted and is not cleaned up yet, or its replicas lag, and both pass.
func settleTaken(ctx context.Context, t target, p artifact.Package, f artifact.File, refusal error, stat statFunc) error {
	shown := false
	err := settleDuplicate(ctx, t, p, f, refusal, func(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
		holding, err := stat(ctx, t, p)
		_, shown = holding.Files[f.Path]
		return holding, err
	})
	if err != nil && !shown {
		err = fault.Temporary(fmt.Errorf("what was deleted keeps its name until GitLab has cleaned up: %w", err), 0)
	}
	return err
}
