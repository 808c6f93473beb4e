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

func TestDescribedLimits(t *testing.T) {
	v := describedAPI(t)
	c := start(t)
	c.described(t, v, []described{
		{"limits", "GET", "/api/v4/application/plan_limits", "", "standin-admin", 200},
		{"limits", "GET", "/api/v4/application/plan_limits", "", c.token, 403},
		{"limits", "GET", "/api/v4/application/plan_limits", "", "", 401},
	})
}

func TestDescribedTerraform(t *testing.T) {
	v := describedAPI(t)
	c := start(t)
	const to = modules + "/terraform/modules/net/aws"
	c.described(t, v, []described{
		{"terraform", "PUT", to + "/1.0.0/file", "x", c.token, 201},
		{"terraform", "PUT", to + "/1.0.0/file", "x", c.token, 403},
		{"terraform", "PUT", to + "/x/file", "x", c.token, 400},
		{"terraform", "PUT", to + "/1.0.0/file", "x", "", 401},
		{"terraform", "PUT", api + "absent/packages/terraform/modules/net/aws/1.0.0/file", "x", c.token, 404},
		{"terraform", "PUT", modules + "/terraform/modules/n_t/aws/1.0.0/file", "x", c.token, 422},
	})
	c.described(t, v, []described{
		{"terraform module", "GET", to + "/1.0.0", "", "", 200},
		{"terraform module", "GET", to + "/1.0.0?terraform-get=1", "", "", 204},
		{"terraform module", "GET", to + "/2.0.0", "", "", 404},
		{"terraform module", "GET", to, "", "", 200},
	}, basic("owner", c.token))
	c.described(t, v, []described{
		{"terraform registry", "GET", modulesV1 + "net/aws/versions", "", "", 200},
		{"terraform registry", "GET", modulesV1 + "net/aws/download", "", "", 302},
		{"terraform registry", "GET", modulesV1 + "net/aws", "", "", 200},
		{"terraform registry", "GET", modulesV1 + "net/aws/1.0.0", "", "", 200},
		{"terraform registry", "GET", modulesV1 + "net/aws/1.0.0/download", "", "", 204},
		{"terraform registry", "GET", modulesV1 + "net/aws/2.0.0/download", "", "", 404},
	}, "Authorization: Bearer "+c.token)
}
