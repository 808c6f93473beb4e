package mapping

import (
	"path"
	"slices"

	"pkgferry/internal/artifact"
)

// Channels are those that charts may get in a project, given by its full path; "" is the sink's own choice.
func (r *Router) Channels(project string) []string {
	var channels []string
	for _, rule := range r.rules {
		if rule.Project != "" && path.Join(r.group, rule.Project) == project && rule.mayTake(artifact.Helm) && !slices.Contains(channels, rule.Channel) {
			channels = append(channels, rule.Channel)
		}
	}
	return channels
}
