// NuGet repositories on Artifactory (docs.jfrog.com, "NuGet Repositories"): packages and symbols at the root or under any path. Name and
// version are those of the .nuspec inside, as Artifactory's properties have them; file names do not tell where the one ends and the
// other begins.

package artifactory

import (
	"context"
	"io"
	"strings"

	"pkgferry/internal/artifact"
)

var nugetLayout = layout{
	format: artifact.NuGet, properties: []string{"nuget.id", "nuget.version"},
	generated: func(p string) bool { return within(p, ".nuGet", ".nuget") || strings.HasSuffix(p, ".nupkg.sha512") },
	read: reader{
		rules:   rules{name: "nuget.id", version: "nuget.version", content: nugetContent, path: nugetPath},
		belongs: nugetPackage, other: "it is no NuGet package", place: itself, home: itself,
	}.read,
}

func nugetPackage(one item) bool {
	name := strings.ToLower(one.Name)
	return strings.HasSuffix(name, ".nupkg") || strings.HasSuffix(name, ".snupkg")
}

func nugetContent(ctx context.Context, w *walk, one item) (name, version string, err error) {
	return inside(ctx, w, one, func(r io.ReaderAt, size int64) (string, string, error) {
		spec, err := artifact.ReadNuSpec(r, size)
		return spec.ID, spec.Version, err
	})
}

// nugetPath reads a file name where its folder has the name of the package, or the version: "Acme.Core/Acme.Core.1.2.3.nupkg".
func nugetPath(one item) (name, version string, ok bool) {
	stem := one.Name[:strings.LastIndexByte(one.Name, '.')]
	for _, folder := range strings.Split(one.Folder, "/") {
		if rest, is := cutFold(stem, folder+"."); is && folder != "" {
			if _, ok := artifact.NuGetVersion(rest); ok {
				return stem[:len(folder)], rest, true
			}
		}
	}
	return "", "", false
}

// cutFold is strings.CutPrefix in any case.
func cutFold(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}
