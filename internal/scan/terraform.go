package scan

// Terraform and OpenTofu: modules by the address of a registry, "HOST/NAMESPACE/NAME/SYSTEM"
// (https://developer.hashicorp.com/terraform/language/modules/sources). Artifactory has its repository in the namespace,
// "REPOSITORY__NAMESPACE"; GitLab the root group in its place (doc/user/packages/terraform_module_registry/_index.md).

import (
	"context"
	"regexp"
	"strings"

	"pkgferry/internal/artifact"
)

var terraformFiles = []kind{
	{name: "terraform", format: artifact.Terraform, files: []string{"*.tf", "*.tofu", "*.tf.json", "*.tofu.json", "terragrunt.hcl"}, images: imageContext},
	{name: "terraform", format: artifact.Terraform, files: []string{".terraformrc", "terraform.rc", ".tofurc", "tofu.rc"}, judge: terraformSettings},
	{name: "terraform", format: artifact.Terraform, files: []string{".terraform.lock.hcl"}},
}

// terraformFormat has no address below an API: modules are found by the registry's host.
var terraformFormat = format{
	root:  func(rest string) bool { return rest == "" },
	below: func(string) bool { return false },
}

func terraformSettings(*document, address) string {
	return "Terraform's credentials are for a host: name GitLab's host with a token of GitLab"
}

const noProviders = "GitLab has no registry of providers: mirror them (terraform providers mirror)"

// terraformSource is what stands behind the host in the address of a module, "/NAMESPACE/NAME/SYSTEM", or of a provider,
// "/NAMESPACE/TYPE".
var terraformSource = regexp.MustCompile(`^/[0-9A-Za-z][0-9A-Za-z_.-]*/[0-9A-Za-z][0-9A-Za-z_-]*(?:/[0-9a-z]+)?$`)

// module answers for the source of a module. Its version stands elsewhere, so every version that the old name has must be at
// one new name.
func (s *Scanner) module(ctx context.Context, a address) (answer, error) {
	if strings.Count(a.rest, "/") == 1 {
		return answer{why: noProviders}, nil
	}
	namespace, name, _ := strings.Cut(a.rest, "/")
	repository := ""
	if r, rest, ok := strings.Cut(namespace, "__"); ok {
		repository, namespace = r, rest
	}
	found, err := s.copies.names(ctx, a.registry.Source, repository, artifact.Terraform, namespace+"/"+name)
	switch {
	case err != nil:
		return answer{}, err
	case len(found) == 0:
		return answer{why: "no version of this module was copied"}, nil
	case len(found) > 1:
		return answer{why: "versions of this module are in several places at GitLab"}, nil
	}
	root, _, _ := strings.Cut(found[0].Project, "/")
	return answer{text: s.target.URL.Host + "/" + root + "/" + found[0].Name}, nil
}
