// Package gitlab imitates GitLab's package registry for Maven, npm, PyPI, NuGet, Helm, Terraform and generic packages, for
// publishers and for consumers: the REST API v4 (GitLab: doc/api/packages*.md, lib/api/*_packages.rb), the part of GraphQL that
// inventories packages, Workhorse's upload rules and both kinds of rate limit; and its container registry (files registry*.go and
// jwt*.go). It holds its state in memory and bodies on disk. It starts with the group acme/artifact-management and the projects of the default structure. Help says which tokens,
// modes, faults and control requests there are.
package gitlab
