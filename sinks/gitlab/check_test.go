package gitlab_test

import (
	"errors"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		token, mutate, project, says string
	}{
		"owner":       {token: token},
		"developer":   {token: "standin-developer"},
		"reporter":    {token: "standin-reporter", says: "role Developer"},
		"no token":    {token: "nobody", says: "does not accept the token"},
		"expired":     {token: "standin-expired", says: "does not accept the token"},
		"read only":   {token: "standin-read", says: "scope api"},
		"stranger":    {token: "standin-stranger", says: "does not exist"},
		"no project":  {token: token, project: "nowhere", says: "project acme/artifact-management/nowhere does not exist"},
		"archived":    {token: token, mutate: `{"set":{"project":"%p","archived":true}}`, says: "archived"},
		"no registry": {token: token, mutate: `{"set":{"project":"%p","registry":false}}`, says: "package registry"},
	} {
		t.Run(name, func(t *testing.T) {
			project := "java-packages"
			if c.project != "" {
				project = c.project
			}
			s := start(t, project, standin.Options{})
			if c.mutate != "" {
				s.mutate(t, strings.ReplaceAll(c.mutate, "%p", s.project))
			}
			err := s.sink(t, c.token).Check(t.Context(), map[string][]artifact.Format{s.project: {artifact.Maven}})
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !fault.IsStop(err)) {
				t.Errorf("stop %v: %v", fault.IsStop(err), err)
			}
			var missing *sinks.NoProject
			if errors.As(err, &missing) != strings.Contains(c.says, "does not exist") {
				t.Errorf("not a *NoProject: %v", err)
			}
		})
	}
}
