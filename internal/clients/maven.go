package clients

// Maven (https://maven.apache.org/settings.html, https://maven.apache.org/pom.html) and Gradle
// (https://docs.gradle.org/current/userguide/supported_repository_protocols.html), which take GitLab's tokens as a header
// (GitLab: doc/user/packages/maven_repository/_index.md), and the Maven virtual registry
// (doc/user/packages/virtual_registry/maven/_index.md), which fronts the group and other registries with one address.

import (
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

var maven = ecosystem{dir: "maven", title: "Maven, Gradle", format: artifact.Maven, howTo: "maven.md", files: mavenFiles}

func mavenFiles(s site) []file {
	data := struct {
		site
		MirrorOf                   string
		Releases, Snapshots        bool
		ReleasesTo, SnapshotsTo    string
		VirtualRegistry, GroupPath string
	}{
		site: s, MirrorOf: strings.Join(mavenMirrored(s.Holding.Repositories), ","), Releases: s.Holding.Releases, Snapshots: s.Holding.Snapshots,
		VirtualRegistry: s.GitLab.URL.JoinPath("api/v4/virtual_registries/packages/maven").String(), GroupPath: s.GitLab.Group.Path,
	}
	if s.Who.Publishes {
		data.ReleasesTo, data.SnapshotsTo = mavenPublishing(s)
	}
	files := []file{
		{"settings.xml", "settings.xml", data}, {"pom-part.xml", "pom-part.xml", data}, {"gitlab.gradle", "gitlab.gradle", data},
	}
	if !s.Project {
		files = append(files, file{"settings-virtual-registry.xml", "settings-virtual-registry.xml", data})
	}
	return files
}

// mavenID is what can stand in mirrorOf as it is: no wildcard, no list.
var mavenID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// mavenMirrored are the ids under which builds may know the repositories that the packages came from: their names. What a
// build calls central is Maven Central, whatever a source calls so.
func mavenMirrored(repositories []string) []string {
	var ids []string
	for _, name := range repositories {
		if mavenID.MatchString(name) && name != "central" && name != mavenServer {
			ids = append(ids, name)
		}
	}
	return ids
}

// mavenServer is the id of GitLab in the settings.
const mavenServer = "gitlab"

// mavenPublishing is where releases and snapshots of the place are published; "" where that is not one project.
func mavenPublishing(s site) (releases, snapshots string) {
	var to [2][]string
	for _, p := range s.Projects {
		holding, address := p.Holds[artifact.Maven], s.GitLab.PublishEndpoint(p.Place, artifact.Maven)
		if holding.Releases {
			to[0] = append(to[0], address)
		}
		if holding.Snapshots {
			to[1] = append(to[1], address)
		}
	}
	one := func(addresses []string) string {
		if len(addresses) != 1 {
			return ""
		}
		return addresses[0]
	}
	return one(to[0]), one(to[1])
}
