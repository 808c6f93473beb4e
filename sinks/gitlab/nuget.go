package gitlab

// NuGet (GitLab: doc/api/packages/nuget.md, lib/api/nuget_project_packages.rb): one PUT per file. GitLab takes name and
// version from the .nuspec inside, at once or in the background, and symbols only beside their package. It hashes nothing.

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

var nuget = background{placeholder: nugetPlaceholderOf, find: findNuGet, address: nugetAddress}

func nugetPlaceholderOf(path string) string {
	if artifact.NuGetSymbols(path) {
		return symbolsPlaceholder
	}
	return nugetPlaceholder
}

// nugetAddress are the segments that NuGet's own clients ask for.
func nugetAddress(t target, path string) []string {
	id, version := artifact.NuGetID(t.Name), t.held.spelling(t.Name, t.Version)
	return []string{"nuget", "download", id, version, id + "." + version + nugetSuffix(path)}
}

func nugetSuffix(path string) string {
	if artifact.NuGetSymbols(path) {
		return ".snupkg"
	}
	return ".nupkg"
}

// spell notes a version that GitLab does not hold in NuGet's normal form: under other forms it finds only what it could
// normalise itself. Its caller holds the lock.
func (v *inventory) spell(p *gitlab.Package) {
	if v.format != artifact.NuGet {
		return
	}
	if normal, ok := artifact.NuGetVersion(p.Version); !ok || normal != p.Version {
		v.spelled[v.key(p.Name, p.Version)] = p.Version
	}
}

func (v *inventory) spelling(name, version string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if spelled, ok := v.spelled[v.key(name, version)]; ok {
		return spelled
	}
	if normal, ok := artifact.NuGetVersion(version); ok {
		return normal
	}
	return version
}

func statNuGet(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	return nuget.stat(ctx, t, p)
}

// findNuGet finds files by their kind: GitLab gives them names of its own.
func findNuGet(ctx context.Context, t target, p artifact.Package) (map[string]sinks.Held, error) {
	stored := func(name string) string {
		for _, f := range p.Files {
			if nugetSuffix(f.Path) == nugetSuffix(name) {
				return f.Path
			}
		}
		return ""
	}
	address := func(path string) []string { return nugetAddress(t, path) }
	holding, err := statFiles(ctx, t, p, t.Name, address, stored)
	for path, held := range holding.Files {
		held.Open = t.reads(address(path))
		holding.Files[path] = held
	}
	return holding.Files, err
}

func publishNuGet(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	for _, f := range slices.SortedStableFunc(slices.Values(missing), symbolsLast) {
		if artifact.NuGetSymbols(f.Path) {
			if shown, err := awaitNuGet(ctx, t, p); !shown {
				return err
			}
		}
		if err := publishNuGetFile(ctx, t, f, open); err != nil {
			return err
		}
	}
	return nil
}

func symbolsLast(a, b artifact.File) int { return len(nugetSuffix(a.Path)) - len(nugetSuffix(b.Path)) }

func publishNuGetFile(ctx context.Context, t target, f artifact.File, open artifact.Opener) error {
	address := []string{"nuget", ""} // Workhorse wants the slash
	if artifact.NuGetSymbols(f.Path) {
		address = []string{"nuget", "symbolpackage"}
	}
	file, err := spool(ctx, t.spool, f, open)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	spec, err := artifact.ReadNuSpec(file, file.size)
	if err == nil {
		err = checkNuSpec(t.Destination, f.Path, spec)
	}
	if err != nil {
		return fault.At(fault.Sink, err)
	}
	err = nuget.send(ctx, t, f, http.MethodPut, t.api.address(t.project, nil, address...), "package", file)
	if statusOf(err) == http.StatusConflict && says(err, "same name and version already exists") {
		return settleNuGetDuplicate(ctx, t, f, file, err)
	}
	if statusOf(err) == http.StatusInternalServerError && spec.Streamed {
		return fault.At(fault.Sink, fault.Errorf(artifact.TargetRejected,
			"file %q: GitLab can not read a zip that was written as a stream, with sizes behind the data: pack it anew: %s", f.Path, err))
	}
	return err
}

// checkNuSpec tells before anything is sent what GitLab would find inside a package.
func checkNuSpec(dst artifact.Destination, path string, spec artifact.NuSpec) error {
	if err := mismatch(dst, path, spec.ID, spec.Version); err != nil {
		return err
	}
	switch symbols := artifact.NuGetSymbols(path); {
	case symbols && !spec.Symbols:
		return fault.Errorf(artifact.FileUnsupported, "file %q: its .nuspec has not the package type SymbolsPackage, so GitLab would take it for the package itself", path)
	case !symbols && spec.Symbols:
		return fault.Errorf(artifact.FileUnsupported, "file %q: its .nuspec has the package type SymbolsPackage, which GitLab takes in a .snupkg only", path)
	case spec.Bare:
		return fault.Errorf(artifact.PackageUnreadable, "file %q: GitLab can not read a .nuspec whose <package> has no default namespace (xmlns)", path)
	case spec.Description == "" && (symbols || spec.Authors != ""), spec.Authors == "" && spec.Description != "" && !symbols:
		return fault.Errorf(artifact.TargetRejected, "file %q: GitLab takes no package whose .nuspec lacks authors or a description", path)
	}
	return allowsNuGetVersion(spec.Version)
}

// symbolsPatience is how long a package is waited for before its symbols are left for another attempt.
const symbolsPatience = time.Minute

// awaitNuGet waits until GitLab shows the package, since symbols that come earlier are refused in the background. False
// without an error leaves it to Stat to tell why it will not.
func awaitNuGet(ctx context.Context, t target, p artifact.Package) (shown bool, err error) {
	main := artifact.File{Path: artifact.NuGetID(p.Name) + ".nupkg", Size: -1}
	for _, f := range p.Files {
		if !artifact.NuGetSymbols(f.Path) {
			main = f
		}
	}
	p.Files = []artifact.File{main}
	for began := time.Now(); ; {
		holding, err := statNuGet(ctx, t, p)
		switch {
		case err != nil || holding.State == sinks.Ready || holding.State == sinks.Broken:
			return holding.State == sinks.Ready, err
		case holding.State == sinks.Absent:
			return false, fault.At(fault.Sink, fault.Errorf(artifact.TargetRejected, "GitLab takes symbols only beside their package, and has none of %s %s", t.Name, t.Version))
		case time.Since(began) > symbolsPatience:
			err := fault.Because(artifact.TargetFailed, errors.New("GitLab is still at work on the package; its symbols can only follow it"))
			return false, fault.At(fault.Sink, fault.Temporary(err, 0))
		}
		select {
		case <-time.After(t.held.settle):
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// settleNuGetDuplicate decides about a package that GitLab refuses because it has one of that name and version and may not
// take another: with equal bytes it is there already.
func settleNuGetDuplicate(ctx context.Context, t target, f artifact.File, file *spooled, refusal error) error {
	f.Digests = f.Digests.With(file.digests)
	there, err := sinks.ReadBack(ctx, f, t.bySize(nugetAddress(t, f.Path), -1))
	if err != nil {
		return err
	}
	if there.Digests.Compare(file.digests) == artifact.Same {
		return t.held.meet(ctx, t.Name)
	}
	return fault.At(fault.Sink, fault.Because(artifact.TargetRejected, refusal))
}
