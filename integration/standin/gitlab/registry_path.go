package gitlab

import (
	"cmp"
	"regexp"
	"strings"
)

// Where an image belongs: GitLab's lib/container_registry/path.rb and lib/gitlab/regex.rb. A path is that of a project and
// at most two parts more.

var imagePath = regexp.MustCompile(`\A[a-z0-9]+(([._/]|__|-*)[a-z0-9])*\z`)

const (
	imageLevels = 3  // the project's path is among the path's first so many ancestors, itself included
	maxParts    = 20 // of a path; Namespace::NUMBER_OF_ANCESTORS_ALLOWED
)

// parseImagePath is a path as GitLab compares it, in lower case; false when it is none.
func parseImagePath(text string) (string, bool) {
	path := strings.ToLower(text)
	parts := strings.Count(path, "/") + 1
	return path, parts > 1 && parts < maxParts && imagePath.MatchString(path)
}

// imageProject is the project that a path belongs to; nil when there is none.
func (s *state) imageProject(path string) *project {
	for range imageLevels {
		if !strings.Contains(path, "/") {
			return nil
		}
		if p := s.projectOf(path); p != nil {
			return p
		}
		path = path[:strings.LastIndexByte(path, '/')]
	}
	return nil
}

// imagePrefix is the path of a project's own repository, below which its others are.
func (p *project) imagePrefix() string { return strings.ToLower(p.path) }

// showImages adds where a project's images are to what the API shows of it.
func (s *Server) showImages(e *exchange, p *project, shown map[string]any) {
	if s.modes.on("registry") {
		shown["container_registry_image_prefix"] = s.registryHost(e) + "/" + p.imagePrefix()
	}
}

// registryHost is the registry's address without its scheme; without mode registry.host it is GitLab's.
func (s *Server) registryHost(e *exchange) string {
	return cmp.Or(s.modes.get("registry.host"), e.r.Host)
}

// imageName is a repository's name in its project: "" for the project's own.
func (p *project) imageName(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, p.imagePrefix()), "/")
}
