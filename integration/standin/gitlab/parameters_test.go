package gitlab

import (
	"net/http/httptest"
	"strings"
	"testing"

	"pkgferry/integration/standin"
)

// FuzzParameters sends any parameters to what makes groups, projects, tokens and rules: no answer may be a crash.
func FuzzParameters(f *testing.F) {
	f.Add(true, `{"name":"a","path":"aa","parent_id":1,"namespace_id":2,"container_expiration_policy_attributes":{"enabled":true}}`)
	f.Add(true, `{"name":["a"],"scopes":[1],"package_name_pattern":{},"target_group_id":"x"}`)
	f.Add(true, `null`)
	f.Add(false, "name=a&path=aa&scopes[]=read_registry&container_expiration_policy_attributes[keep_n]=x&a[b][c]=d&[=]")
	s, err := New(standin.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, json bool, body string) {
		kind := "application/x-www-form-urlencoded"
		if json {
			kind = "application/json"
		}
		for _, route := range []string{
			"POST /api/v4/groups", "POST /api/v4/projects", "PUT /api/v4/projects/acme%2Fartifact-management%2Fhelm-charts",
			"POST /api/v4/groups/acme/deploy_tokens", "PATCH /api/v4/projects/3/job_token_scope",
			"POST /api/v4/projects/3/job_token_scope/groups_allowlist", "POST /api/v4/projects/3/packages/protection/rules",
		} {
			method, path, _ := strings.Cut(route, " ")
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", kind)
			r.Header.Set("PRIVATE-TOKEN", "standin-owner")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s: %d %s", route, w.Code, w.Body)
			}
		}
	})
}
