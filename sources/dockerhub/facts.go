package dockerhub

// What Check found out, for those who approve a plan: the registry's headers tell the quota of pulls (pulls.go).

import (
	"fmt"
	"net/http"
	"time"

	"pkgferry/internal/artifact"
)

// tell tells who reads, how many repositories are seen, and what is left of the quota.
func (s *Source) tell(repositories *int, answer http.Header, failed error) {
	if s.o.Told == nil {
		return
	}
	who := "nobody: private repositories are not seen"
	if s.o.Secret != "" {
		who = s.o.Username
	}
	seen := "repositories"
	if repositories != nil {
		seen = fmt.Sprintf("%d repositories", *repositories)
	}
	s.o.Told(artifact.Fact{About: "visible", Text: fmt.Sprintf("%s of %s, read as %s", seen, s.o.Namespace, who)})
	r, limited := readRate(answer)
	switch {
	case failed != nil:
		s.o.Told(artifact.Fact{About: "quota", Text: "the registry does not tell how many pulls are left"})
	case !limited:
		s.o.Told(artifact.Fact{About: "quota", Text: "the registry tells no limit of pulls"})
	default:
		s.o.Told(artifact.Fact{
			About: "quota", Text: fmt.Sprintf("%d of %d pulls are left, in any %s", r.left, r.limit, r.window.Round(time.Minute)),
			Quota: &artifact.Quota{What: "pulls", Limit: r.limit, Left: max(r.left-int64(s.o.KeepPulls), 0), Window: r.window},
		})
	}
}
