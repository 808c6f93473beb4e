package scan

// Pipelines and scripts: GitLab CI (https://docs.gitlab.com/ci/yaml/), GitHub Actions, Azure Pipelines, Jenkins and the like.
// Any ecosystem's address may stand in them, so what an address is must be told by itself or by its repository.

import "regexp"

var ciFiles = []kind{
	{name: "ci", images: imageContext, files: []string{
		".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml", "*.gitlab-ci.yaml", ".gitlab/ci/*.yml", "jenkinsfile", "jenkinsfile.*", "*.jenkinsfile",
		".github/workflows/*.yml", ".github/workflows/*.yaml", "azure-pipelines*.yml", "azure-pipelines*.yaml", "bitbucket-pipelines.yml",
		".circleci/config.yml", ".travis.yml", ".drone.yml", "cloudbuild.yaml", "buildspec.yml", "action.yml",
	}, publishes: sends},
	{name: "script", images: imageContext, files: []string{
		"*.sh", "*.bash", "*.zsh", "*.ps1", "*.bat", "*.cmd", "makefile", "gnumakefile", "*.mk", "justfile", "taskfile.yml", "taskfile.yaml", ".env", ".env.*", "*.env",
	}, publishes: sends},
}

// sending is a command that publishes.
var sending = regexp.MustCompile(`(?i)\b(?:npm|yarn|pnpm)\s+publish\b|\btwine\b|--repository-url|\bnuget(?:\.exe)?\s+push\b|\bdeploy:deploy|-DaltDeploymentRepository|\bcurl\b.*\s(?:-T|--upload-file|-X\s*PUT|--data-binary)\b|\bhelm\s+(?:cm-)?push\b`)

func sends(d *document, a address) bool { return sending.Match(d.lineAt(a.start)) }
