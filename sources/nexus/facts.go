package nexus

// What Check found out, for those who approve a plan: the Server header of every answer names release and edition
// ("Nexus/3.77.1-01 (COMMUNITY)"), and the Community Edition counts requests (help.sonatype.com, "Community Edition").

import (
	"fmt"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// dailyCap is how many requests a day the Community Edition takes, by its Server header: 100,000 since 3.87, twice as many before
// (contract: nexus.md, "Community Edition"). A header that tells no release has the smaller one.
func dailyCap(server string) int64 {
	var major, minor int
	if n, _ := fmt.Sscanf(server, "Nexus/%d.%d", &major, &minor); n == 2 && major == 3 && minor < 87 {
		return 200_000
	}
	return 100_000
}

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
		limit := dailyCap(server)
		s.options.Told(artifact.Fact{
			About: "quota", Text: fmt.Sprintf("the Community Edition takes %d requests a day, all users together, and then no new packages from anybody: keep below with requests_per_day", limit),
			Quota: &artifact.Quota{What: "requests", Limit: limit, Left: limit, Window: 24 * time.Hour},
		})
	}
	who := "as the user that is configured"
	if s.options.Login == nil {
		who = "as nobody"
	}
	s.options.Told(artifact.Fact{About: "visible", Text: fmt.Sprintf("%d repositories to list, read %s", len(c.listed), who)})
}
