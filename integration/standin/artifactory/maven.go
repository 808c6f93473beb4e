package artifactory

// Maven repositories: a snapshot that is asked for by its base version is answered with its newest build
// (org.artifactory.repo.snapshot).

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory/storage"
	"pkgferry/internal/artifact"
)

var buildForm = regexp.MustCompile(`^(\d{8}\.\d{6})-(\d+)([.-].+)$`)

// newestBuild returns the path of the newest build of a snapshot's file: …/1.0-SNAPSHOT/a-1.0-SNAPSHOT.jar; "" when at is
// no such path, or there is no build.
func newestBuild(at string, names func(folder string) []string) string {
	folder, name := path.Split(at)
	folder = strings.TrimSuffix(folder, "/")
	base, isSnapshot := strings.CutSuffix(path.Base(folder), "SNAPSHOT")
	stem, rest, found := strings.Cut(name, base+"SNAPSHOT")
	if !isSnapshot || !found {
		return ""
	}
	newest, stamp, number := "", "", 0
	for _, one := range names(folder) {
		build := buildForm.FindStringSubmatch(strings.TrimPrefix(one, stem+base))
		if !strings.HasPrefix(one, stem+base) || build == nil || build[3] != rest {
			continue
		}
		if n, _ := strconv.Atoi(build[2]); build[1] > stamp || build[1] == stamp && n > number {
			newest, stamp, number = one, build[1], n
		}
	}
	if newest == "" {
		return ""
	}
	return folder + "/" + newest
}

// identify says which package a stored file belongs to.
func identify(one *repository, item *storage.Item, line *standin.DumpLine) {
	switch one.packageType {
	case "maven":
		if m, ok := artifact.ParseMavenPath(item.At()); ok {
			line.Package, line.Version, line.File = m.Name, m.Version, m.File
		}
	case "generic":
		g := artifact.ParseGenericPath(item.Repo, item.At())
		line.Package, line.Version, line.File = g.Name, g.Version, g.Path
	}
}
