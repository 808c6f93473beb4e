package clients

import "fmt"

// audience is who reads packages, and with what kind of token (GitLab: doc/security/tokens/_index.md,
// doc/ci/jobs/ci_job_token.md, doc/user/project/deploy_tokens/_index.md).
type audience struct {
	Dir, Title string
	// User and Token are what stands for them in a client's settings: never a token.
	User, Token stand
	// Header is GitLab's own for the token.
	Header string
	// Scopes are what the token needs.
	Scopes string
	// Publishes tells that it is theirs to publish, too.
	Publishes bool
}

var audiences = []audience{
	{
		Dir: "local", Title: "people, with a personal access token", User: variable("GITLAB_USER"), Token: variable("GITLAB_TOKEN"), Header: "Private-Token",
		Scopes: "read_api to read packages and read_registry to read images; api and write_registry to publish", Publishes: true,
	},
	{
		Dir: "ci", Title: "jobs of GitLab CI/CD, with the job's token", User: stand{Literal: "gitlab-ci-token"}, Token: variable("CI_JOB_TOKEN"), Header: "Job-Token",
		Scopes: "no scopes: the projects must let the job's project in, which pkgferry provision sets up", Publishes: true,
	},
	{
		Dir: "external", Title: "systems outside of GitLab, with a deploy token", User: variable("GITLAB_DEPLOY_USER"), Token: variable("GITLAB_DEPLOY_TOKEN"), Header: "Deploy-Token",
		Scopes: "read_package_registry, and read_registry to read images",
	},
}

// stand is a fixed text, or an environment variable that holds it.
type stand struct{ Literal, Variable string }

func variable(name string) stand { return stand{Variable: name} }

func (s stand) written(as string) string {
	if s.Variable == "" {
		return s.Literal
	}
	return fmt.Sprintf(as, s.Variable)
}

// Braces is how npm, pip and the shell write it.
func (s stand) Braces() string { return s.written("${%s}") }

// Shell is the same and lets the shell stop when the variable is not set.
func (s stand) Shell() string { return s.written("${%s:?}") }

// Maven is how Maven's settings write it.
func (s stand) Maven() string { return s.written("${env.%s}") }

// Percent is how NuGet's settings write it.
func (s stand) Percent() string { return s.written("%%%s%%") }

// Groovy is an expression of Gradle's.
func (s stand) Groovy() string {
	if s.Variable == "" {
		return groovy(s.Literal)
	}
	return "System.getenv(" + groovy(s.Variable) + ")"
}
