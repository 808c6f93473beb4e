package artifact

import (
	"fmt"
	"regexp"
	"strings"
)

// Terraform's module registry protocol (https://developer.hashicorp.com/terraform/internals/module-registry-protocol) calls a
// module "namespace/name/system". GitLab's registry has the root group for a namespace and stores "name/system"
// (app/services/packages/terraform_module/create_package_service.rb in gitlabhq/gitlabhq).

// terraformModule is GitLab's terraform_module_package_name_regex.
var terraformModule = regexp.MustCompile(`^[-a-z0-9]+/[-a-z0-9]+$`)

// TerraformModule is the name under which GitLab keeps a module: "name/system", the last two segments of what its source
// calls it. False when that is no name that GitLab takes: lower-case letters, digits and hyphens only.
func TerraformModule(name string) (module string, ok bool) {
	segments := strings.Split(name, "/")
	if len(segments) < 2 {
		return "", false
	}
	module = strings.Join(segments[len(segments)-2:], "/")
	return module, terraformModule.MatchString(module)
}

// TerraformFile is the file name that GitLab gives a version of a module, whatever was sent: "name-system-1.0.0.tgz".
func TerraformFile(name, version string) string {
	module, _ := TerraformModule(name)
	return fmt.Sprintf("%s-%s.tgz", strings.ReplaceAll(module, "/", "-"), version)
}
