package gitlab

// The kinds of tokens, told by how GitLab spells them (GitLab: doc/security/tokens/_index.md, "Token prefixes";
// lib/authn/token_field/prefix_helper.rb for the prefix that an instance may put before them), and what those can not do
// that publish alone (doc/user/project/deploy_tokens/_index.md, doc/ci/jobs/ci_job_token.md).

import (
	"errors"
	"strings"
)

// TokenKind is what a token is, as far as its text tells.
type TokenKind int

// The kinds. Personal, project and group access tokens are spelled alike, and one older than GitLab 16.9 has no prefix.
const (
	AccessToken TokenKind = iota
	DeployToken
	JobToken
)

// KindOf tells a token's kind.
func KindOf(token string) TokenKind {
	is := func(prefix string) bool {
		return strings.HasPrefix(token, prefix) || strings.Contains(token, "-"+prefix)
	}
	switch {
	case is("gldt-"):
		return DeployToken
	case is("glcbt-"):
		return JobToken
	}
	return AccessToken
}

// refusal is why a token of this kind is not enough; nil when it may be.
func (k TokenKind) refusal() error {
	const instead = "make a group access token of the target's group with the scope api and the role Developer"
	switch k {
	case DeployToken:
		return errors.New("this is a deploy token: it can publish, but it can not look up projects or list what they hold, " +
			"so nothing could be proven: " + instead)
	case JobToken:
		return errors.New("this is a CI job's token: it can publish and list packages, but it can not look up projects, ask why " +
			"GitLab refused a package, push images to another project, or outlive its job: " + instead +
			", and put it into a masked CI/CD variable")
	case AccessToken:
	}
	return nil
}
