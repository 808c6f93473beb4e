package clients

// Terraform and OpenTofu modules (https://developer.hashicorp.com/terraform/language/modules/sources): GitLab's own registry
// has the root group for the namespace, and takes a token as the host's (GitLab:
// doc/user/packages/terraform_module_registry/_index.md). Neither client's settings can name a variable, so the
// token stands in one whose name they derive from the host
// (https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials).

import (
	"context"
	"io"
	"strings"

	"pkgferry/internal/artifact"
)

var terraform = ecosystem{
	dir: "terraform", title: "Terraform, OpenTofu", format: artifact.Terraform, howTo: "terraform.md", files: terraformFiles,
	lists: []list{{"modules.csv", moduleList}},
}

func terraformFiles(s site) []file {
	data := struct {
		site
		// Variable is the name of the host's; Plain tells that a shell can set it.
		Variable string
	}{s, tokenVariable(s.GitLab.URL.Host)}
	files := []file{{"run.sh", "terraform-run.sh", data}}
	if s.GitLab.URL.Port() == "" {
		files = append(files, file{"env.sh", "terraform-env.sh", data})
	}
	if s.Publishes() {
		files = append(files, file{"publish.sh", "terraform-publish.sh", data})
	}
	return files
}

// tokenVariable is the variable in which the token of a host is looked for. A port has no form that a shell can set, but
// the variable may be called so all the same.
func tokenVariable(host string) string {
	return "TF_TOKEN_" + strings.NewReplacer(".", "_", "-", "__").Replace(host)
}

// moduleList is every module: what it was called, what it is called now, and its address in its project, to which a version
// is added.
func moduleList(ctx context.Context, w io.Writer, o Options) error {
	ids := o.GitLab.byPath()
	return rows(w, []string{"source", "repository", "module", "old", "new", "project"}, func(row func(...string) error) error {
		for record, err := range o.Store.ArrivedNames(ctx, artifact.Terraform) {
			if err != nil {
				return err
			}
			p, dst := record.Package, record.Destination
			old, _ := o.Origins[p.Source].Module(p)
			own := o.GitLab.Endpoint(ids[dst.Project].Place, artifact.Terraform) + "/" + escaped(dst.Name)
			if err := row(p.Source, p.Repository, p.Name, old, o.GitLab.Module(dst), own); err != nil {
				return err
			}
		}
		return nil
	})
}

// Module is what a module's source is at its destination: "gitlab.example.com/acme/vpc/aws".
func (g *GitLab) Module(dst artifact.Destination) string {
	root, _, _ := strings.Cut(dst.Project, "/")
	return g.URL.Host + "/" + root + "/" + dst.Name
}
