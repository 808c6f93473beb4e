package nexus

// What Check found out, for those who approve a plan: the Server header of every answer names release and edition
// ("Nexus/3.77.1-01 (COMMUNITY)"), and the Community Edition counts requests (help.sonatype.com, "Community Edition").

import (
	"fmt"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// dailyCap is how many requests a day the Community Edition takes since 3.87; before it was twice as many.
const dailyCap = 100_000

// tell tells of the server and of what is listed of it.
func (s *Source) tell(server string, c choice) {
	if s.options.Told == nil {
		return
	}
	if !strings.HasPrefix(server, "Nexus/") || len(server) > 100 {
		server = "Nexus, of a release that it does not tell"
	}
	s.options.Told(artifact.Fact{About: "server", Text: server})
	if edition := strings.ToUpper(server); strings.Contains(edition, "(COMMUNITY)") || strings.Contains(edition, "(CE)") {
		s.options.Told(artifact.Fact{
			About: "quota", Text: fmt.Sprintf("the Community Edition takes %d requests a day, all users together, and then no new packages from anybody: keep below with requests_per_day", dailyCap),
			Quota: &artifact.Quota{What: "requests", Limit: dailyCap, Left: dailyCap, Window: 24 * time.Hour},
		})
	}
	who := "as the user that is configured"
	if s.options.Login == nil {
		who = "as nobody"
	}
	s.options.Told(artifact.Fact{About: "visible", Text: fmt.Sprintf("%d repositories to list, read %s", len(c.listed), who)})
}
