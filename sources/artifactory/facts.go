package artifactory

// What Check found out, for those who approve a plan: the Server header of every answer names the release
// ("Artifactory/7.104.4").

import (
	"fmt"
	"strings"

	"pkgferry/internal/artifact"
)

// tell tells of the server, of who reads it, and of what is listed of it.
func (s *Source) tell(repositories int, administrator bool) {
	if s.options.Told == nil {
		return
	}
	server := "Artifactory, of a release that it does not tell"
	if says := s.server.Load(); says != nil && strings.HasPrefix(*says, "Artifactory/") && len(*says) < 100 {
		server = *says
	}
	s.options.Told(artifact.Fact{About: "server", Text: server})
	who := "a user that is no administrator"
	switch {
	case administrator:
		who = "an administrator"
	case s.options.Login == nil:
		who = "nobody"
	}
	s.options.Told(artifact.Fact{About: "visible", Text: fmt.Sprintf("%d repositories to list, read as %s", repositories, who)})
}
