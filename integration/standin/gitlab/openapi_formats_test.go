//go:build openapi

package gitlab_test

import "testing"

// TestDescribedNuGet is TestDescribed for routes that take tokens in Basic only.
func TestDescribedNuGet(t *testing.T) {
	v := describedAPI(t)
	c := start(t, "settle=immediate")
	body, header := form(t, "package;a.nupkg", nupkg(t, "Acme", "1.0"))
	to := c.nuget()
	c.described(t, v, []described{
		{"nuget", "PUT", to + "/", body, "", 401},
		{"nuget", "GET", to + "/index", "", "", 200},
		{"nuget", "GET", to + "/metadata/acme/index", "", "", 401},
		{"nuget", "GET", to + "/symbolfiles/a.pdb/x/a.pdb", "", "", 403},
	}, header)
	c.described(t, v, []described{
		{"nuget", "PUT", to + "/", body, "", 201},
		{"nuget", "PUT", to + "/v2", body, "", 201},
		{"nuget symbols", "PUT", to + "/symbolpackage", body, "", 201},
		{"nuget", "PUT", to, body, "", 400},
		{"nuget", "GET", to + "/download/acme/index", "", "", 200},
		{"nuget", "GET", to + "/download/absent/index", "", "", 404},
		{"nuget", "GET", to + "/download/acme/1.0/acme.1.0.nupkg", "", "", 200},
		{"nuget", "GET", to + "/metadata/acme/index", "", "", 200},
		{"nuget", "GET", to + "/metadata/acme/1.0", "", "", 200},
		{"nuget", "GET", to + "/query", "", "", 200},
		{"nuget", "DELETE", to + "/acme/1.0", "", "", 204},
		{"nuget", "DELETE", to + "/acme/1.0", "", "", 404},
	}, header, basic("owner", c.token))
}

func TestDescribedHelm(t *testing.T) {
	v := describedAPI(t)
	c := start(t, "settle=immediate")
	body, header := form(t, "chart;c.tgz", chart(t, "a", "1.0.0"))
	const to = charts + "/helm/api/stable/charts"
	c.described(t, v, []described{
		{"helm", "POST", to, body, "", 401},
		{"helm", "GET", charts + "/helm/stable/index.yaml", "", "", 401},
	}, header)
	c.described(t, v, []described{
		{"helm", "POST", to, body, "", 403},
	}, header, basic("x", "standin-reporter"))
	c.described(t, v, []described{
		{"helm", "POST", to, body, "", 201},
		{"helm", "POST", api + "absent/packages/helm/api/stable/charts", body, "", 404},
		{"helm", "GET", charts + "/helm/stable/index.yaml", "", "", 200},
		{"helm", "GET", charts + "/helm/stable/charts/a-1.0.0.tgz", "", "", 200},
		{"helm", "GET", charts + "/helm/stable/charts/b-1.0.0.tgz", "", "", 404},
	}, header, basic("x", c.token))
}
