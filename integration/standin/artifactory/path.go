package artifactory

// How a path in an address names what is stored (org.artifactory.webapp.servlet.RequestUtils): what follows a semicolon are
// matrix parameters, cut off before anything is decoded; the rest is decoded once.

import (
	"net/url"
	"strings"

	"pkgferry/integration/standin/artifactory/storage"
)

// storedPath takes an escaped KEY/PATH apart; not ok for a path that no server lets in.
func storedPath(escaped string) (key, at string, ok bool) {
	if before, after, found := strings.Cut(escaped, ";"); found && after != "" {
		escaped = before
	}
	if strings.Contains(strings.ToUpper(escaped), "%2F") || strings.Contains(escaped, "%5C") {
		return "", "", false
	}
	plain, err := url.PathUnescape(escaped)
	if err != nil || strings.Contains(plain, "//") || strings.ContainsAny(plain, "\x00\\") {
		return "", "", false
	}
	for segment := range strings.SplitSeq(plain, "/") {
		if segment == "." || segment == ".." {
			return "", "", false
		}
	}
	key, at, _ = strings.Cut(plain, "/")
	return key, at, true
}

// find returns what a key shows at a path, and the repository that holds it; nil when there is nothing. Of a virtual
// repository's members the first that has it counts.
func (s *Server) find(key, at string) (*storage.Item, *repository) {
	for _, one := range s.content.holders(key) {
		if item := one.held.Get(at); item != nil {
			return item, one
		}
	}
	return nil, nil
}

// escape writes a path for an address, as Artifactory does.
func escape(at string) string {
	segments := strings.Split(at, "/")
	for i, one := range segments {
		segments[i] = strings.NewReplacer("+", "%2B", "@", "@").Replace(url.PathEscape(one))
	}
	return strings.Join(segments, "/")
}
