package gitlab

// What GitLab takes of Helm (GitLab: lib/gitlab/regex/packages.rb, app/models/packages/helm/package.rb).

import (
	"path"
	"regexp"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

// helmName is that of a chart and of a channel.
var (
	helmName    = regexp.MustCompile(`^(?:[a-zA-Z0-9][._-]?){0,254}[a-zA-Z0-9]$`)
	helmVersion = regexp.MustCompile(`^v?` + semverCore + semverTail + `$`)
)

func allowsHelm(dst artifact.Destination, p artifact.Package) error {
	const named = "GitLab takes at most 255 letters and digits in it, with single . _ - between them"
	switch {
	case !helmName.MatchString(dst.Name):
		return refuse(artifact.NameNotAllowed, "name", dst.Name, named)
	case !helmName.MatchString(channel(dst)):
		return refuse(artifact.NameNotAllowed, "channel", dst.Channel, named)
	case dst.Name != p.Name:
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab goes by the name inside a chart, which no route can change")
	case !helmVersion.MatchString(dst.Version):
		return refuse(artifact.VersionNotAllowed, "version", dst.Version, "GitLab takes complete semantic versions such as 1.2.3 or v1.2.3-rc.1")
	}
	charts := 0
	for _, f := range p.Files {
		if allowsHelmFile(dst, p, f.Path) == nil {
			charts++
		}
	}
	if charts > 1 {
		return fault.Errorf(artifact.TargetRejected, "a chart's version is one .tgz, and this one has %d", charts)
	}
	return nil
}

func allowsHelmFile(_ artifact.Destination, _ artifact.Package, file string) error {
	switch {
	case artifact.HelmProvenance(file):
		return refuse(artifact.FileUnsupported, "file", file, "GitLab's Helm registry has no place for provenance; charts as OCI images keep theirs")
	case path.Ext(file) != ".tgz":
		return refuse(artifact.FileUnsupported, "file", file, "GitLab's Helm registry takes charts as .tgz")
	}
	return nil
}
