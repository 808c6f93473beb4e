package gitlab

// What GitLab takes of NuGet (GitLab: lib/gitlab/regex/packages.rb, app/models/packages/nuget/package.rb;
// https://learn.microsoft.com/nuget/create-packages/symbol-packages-snupkg).

import (
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// nugetVersion leaves out zeros before the first two numbers, and before the third where a fourth follows.
var nugetVersion = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.\d*)?` + semverTail + `$`)

func allowsNuGet(dst artifact.Destination, p artifact.Package) error {
	switch {
	case !plainName.MatchString(dst.Name):
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab takes letters, digits and . _ + - in it")
	case artifact.NuGetID(dst.Name) != artifact.NuGetID(p.Name):
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab goes by the name inside a NuGet package, which no route can change")
	}
	kinds := map[string]int{}
	for _, f := range p.Files {
		if allowsNuGetKind(f.Path) == nil {
			kinds[nugetSuffix(f.Path)]++
		}
	}
	for kind, count := range kinds {
		if count > 1 {
			return fault.Errorf(artifact.TargetRejected, "a NuGet version has one %s, and this one has %d", kind, count)
		}
	}
	return allowsNuGetVersion(dst.Version)
}

func allowsNuGetVersion(version string) error {
	if _, ok := artifact.NuGetVersion(version); !ok || !nugetVersion.MatchString(version) {
		return refuse(artifact.VersionNotAllowed, "version", version,
			"GitLab takes two to four numbers without leading zeros, such as 1.2.3, with an optional -prerelease and +build")
	}
	return nil
}

// allowsNuGetFile refuses symbols whose package is refused.
func (s *Sink) allowsNuGetFile(dst artifact.Destination, p artifact.Package, file string) error {
	if err := allowsNuGetKind(file); err != nil || !artifact.NuGetSymbols(file) {
		return err
	}
	for _, f := range p.Files {
		if err := s.tooLarge(dst, f); err != nil && nugetSuffix(f.Path) == ".nupkg" {
			return fault.Errorf(artifact.FileTooLarge, "file %q: GitLab takes symbols only beside their package: %w", file, err)
		}
	}
	return nil
}

func allowsNuGetKind(file string) error {
	lower := strings.ToLower(file)
	switch {
	case strings.HasSuffix(lower, ".symbols.nupkg"):
		return refuse(artifact.FileUnsupported, "file", file, "GitLab would take the old form of symbols for the package itself; it takes them as .snupkg")
	case strings.HasSuffix(lower, ".nupkg"), artifact.NuGetSymbols(lower):
		return nil
	}
	return refuse(artifact.FileUnsupported, "file", file, "GitLab's NuGet registry takes .nupkg and .snupkg")
}
