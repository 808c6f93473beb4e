package gitlab_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
)

// client speaks to the stand-in as secret.
func (s server) client(t *testing.T, secret string) *httpx.Client {
	t.Helper()
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := httpx.New(httpx.Options{Name: "target gitlab", Base: base, Auth: httpx.Header("PRIVATE-TOKEN", secret), Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.HTTP().CloseIdleConnections)
	return client
}

// noticing is a sink as the program makes it, which puts its notices into said.
func (s server) noticing(t *testing.T, secret string, said *[]string) *gitlab.Sink {
	t.Helper()
	sink, err := gitlab.New(s.client(t, secret), gitlab.Options{
		Token: gitlab.KindOf(secret), Password: func(user string) httpx.Auth { return httpx.Basic(user, secret) }, Notice: func(text string) { *said = append(*said, text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

func TestCheck(t *testing.T) {
	const off = `{"set":{"project":"%p","registry":false}}`
	maven, images := []artifact.Format{artifact.Maven}, []artifact.Format{artifact.Container}
	for name, c := range map[string]struct {
		token, mutate, put, project string
		formats                     []artifact.Format
		modes                       map[string]string
		says                        string // the error; "" for none
		notice                      string
	}{
		"owner":               {token: token},
		"developer":           {token: "standin-developer"},
		"reporter":            {token: "standin-reporter", says: "role Developer"},
		"no token":            {token: "nobody", says: "does not accept the token"},
		"expired":             {token: "standin-expired", says: "does not accept the token"},
		"read only":           {token: "standin-read", says: "scope api"},
		"stranger":            {token: "standin-stranger", says: "does not exist"},
		"ending":              {token: "standin-ending", notice: "the token expires on "},
		"deploy token":        {token: "gldt-x", says: "this is a deploy token: it can publish, but it can not look up projects"},
		"instance's prefix":   {token: "acme-gldt-x", says: "this is a deploy token"},
		"older deploy token":  {token: "standin-deploy", says: "a deploy token or a CI job's token is not enough"},
		"job token":           {token: "glcbt-64_x", says: "this is a CI job's token"},
		"project token":       {token: "project_1_bot_standin", project: "java-packages"},
		"project token, else": {token: "project_1_bot_standin", project: "node-packages", says: "does not exist"},
		"no project":          {token: token, project: "nowhere", says: "project acme/artifact-management/nowhere does not exist"},
		"archived":            {token: token, mutate: `{"set":{"project":"%p","archived":true}}`, says: "archived"},
		"no package registry": {token: token, mutate: off, says: "package registry of project acme/artifact-management/java-packages is off"},
		"needs no packages":   {token: token, mutate: off, formats: images},
		"no image registry":   {token: token, put: `{"container_registry_access_level":"disabled"}`, formats: images, says: "container registry"},
		"needs no images":     {token: token, put: `{"container_registry_access_level":"disabled"}`, formats: maven},
		"no registry at all":  {token: token, modes: map[string]string{"registry": "false"}, formats: images, says: "this GitLab has no container registry"},
		"cleanup":             {token: token, put: `{"container_expiration_policy_attributes":{"enabled":true}}`, formats: images, notice: "cleanup policy"},
		"cleanup of others":   {token: token, put: `{"container_expiration_policy_attributes":{"enabled":true}}`, formats: maven},
	} {
		t.Run(name, func(t *testing.T) {
			project := "java-packages"
			if c.project != "" {
				project = c.project
			}
			s := start(t, project, standin.Options{Modes: c.modes})
			if c.mutate != "" {
				s.mutate(t, strings.ReplaceAll(c.mutate, "%p", s.project))
			}
			if c.put != "" {
				s.change(t, "PUT", "/api/v4/projects/"+url.PathEscape(s.project), c.put)
			}
			if c.formats == nil {
				c.formats = maven
			}
			var said []string
			err := s.noticing(t, c.token, &said).Check(t.Context(), map[string][]artifact.Format{s.project: c.formats})
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !fault.IsStop(err)) {
				t.Errorf("stop %v: %v", fault.IsStop(err), err)
			}
			var missing *sinks.NoProject
			if errors.As(err, &missing) != strings.Contains(c.says, "does not exist") {
				t.Errorf("not a *NoProject: %v", err)
			}
			if text := strings.Join(said, "\n"); (text == "") != (c.notice == "") || !strings.Contains(text, c.notice) {
				t.Errorf("said %q, want %q", text, c.notice)
			}
		})
	}
}

// A token that can not be enough is refused without being sent anywhere.
func TestRefusedTokensStayHome(t *testing.T) {
	s := start(t, "java-packages", standin.Options{})
	for _, secret := range []string{"gldt-x", "glcbt-x"} {
		if err := s.noticing(t, secret, new([]string)).Check(t.Context(), nil); err == nil {
			t.Errorf("%s is taken", secret)
		}
	}
	if n := s.total(t); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A project access token's project is told from those that are missing.
func TestProjectTokenIsNamed(t *testing.T) {
	s := start(t, "java-packages", standin.Options{})
	err := s.noticing(t, "project_1_bot_standin", new([]string)).Check(t.Context(), map[string][]artifact.Format{
		s.project: {artifact.Maven}, standingitlab.Group + "/node-packages": {artifact.NPM},
	})
	if err == nil || !strings.Contains(err.Error(), "node-packages does not exist") || !strings.Contains(err.Error(), "is a project access token") {
		t.Errorf("%v", err)
	}
}

// Names that a rule keeps from the token are refused without a request, once Check has read the rules.
func TestProtectedNames(t *testing.T) {
	const group = standingitlab.Group
	s := start(t, "java-packages", standin.Options{})
	for _, rule := range []string{
		`{"protect":{"project":"` + group + `/java-packages","format":"maven","pattern":"com/acme/Secret*","role":"owner"}}`,
		`{"protect":{"project":"` + group + `/java-packages","format":"maven","pattern":"com/acme/team","role":"owner"}}`,
		`{"protect":{"project":"` + group + `/node-packages","format":"npm","pattern":"@acme/*","role":"admin"}}`,
		`{"protect":{"project":"` + group + `/generic-packages","format":"generic","pattern":"*","role":"maintainer"}}`,
		`{"protect_tag":{"project":"` + group + `/docker-images","pattern":"^v[0-9]","push":"owner","delete":"owner"}}`,
	} {
		s.mutate(t, rule)
	}
	s.change(t, "POST", "/api/v4/projects/"+url.PathEscape(group+"/docker-images")+"/registry/protection/repository/rules",
		`{"repository_path_pattern":"`+group+`/docker-images/secret*","minimum_access_level_for_push":"owner"}`)
	projects := map[string][]artifact.Format{
		group + "/java-packages": {artifact.Maven}, group + "/node-packages": {artifact.NPM}, group + "/generic-packages": {artifact.Generic},
		group + "/docker-images": {artifact.Container},
	}
	for _, c := range []struct {
		token, project string
		format         artifact.Format
		name, version  string
		refused        bool
	}{
		{"standin-maintainer", "java-packages", artifact.Maven, "com.acme:secret-lib", "1.0", true},
		{"standin-maintainer", "java-packages", artifact.Maven, "com.acme:lib", "1.0", false},
		{"standin-maintainer", "java-packages", artifact.Maven, "com.acme.team:lib", "", true}, // maven-metadata.xml of a protected directory
		{"standin-maintainer", "java-packages", artifact.Maven, "com.acme.team:lib", "1.0", false},
		{token, "java-packages", artifact.Maven, "com.acme:secret-lib", "1.0", false},
		{token, "node-packages", artifact.NPM, "@acme/ui", "1.0.0", true},
		{token, "node-packages", artifact.NPM, "@other/ui", "1.0.0", false},
		{"standin-maintainer", "generic-packages", artifact.Generic, "tool", "1.0", false},
		{"standin-maintainer", "docker-images", artifact.Container, "secret/app", "latest", true},
		{"standin-maintainer", "docker-images", artifact.Container, "app", "v1", true},
		{"standin-maintainer", "docker-images", artifact.Container, "app", "latest", false},
		{token, "docker-images", artifact.Container, "secret/app", "v1", false},
		{"standin-developer", "generic-packages", artifact.Generic, "tool", "1.0", false}, // may not read the rules
	} {
		sink := s.noticing(t, c.token, new([]string))
		if err := sink.Check(t.Context(), projects); err != nil {
			t.Fatal(err)
		}
		before := s.total(t)
		dst := artifact.Destination{Project: group + "/" + c.project, Format: c.format, Name: c.name, Version: c.version}
		p := artifact.Package{Format: c.format, Name: c.name, Version: c.version}
		switch c.format {
		case artifact.NPM:
			p.Files = []artifact.File{{Path: "ui-1.0.0.tgz", Size: 1}}
		case artifact.Container:
			p.Files = []artifact.File{artifact.ImageManifest("sha256:"+strings.Repeat("0", 64), 2, "")}
		}
		err := sink.Allows(dst, p)
		if (fault.CodeOf(err) == string(artifact.Protected)) != c.refused || !c.refused && err != nil {
			t.Errorf("%s, %s: %v", c.token, c.name, err)
		}
		if s.total(t) != before {
			t.Errorf("%s: Allows asks GitLab", c.name)
		}
	}
}
