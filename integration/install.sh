#!/usr/bin/env bash
# Installs what the tests with the build tag "integration" need: real clients, real servers, and real packages.
#
# Everything comes from the package registries, each through its own client and that client's own settings, so mirrors
# and proxies that are already configured just work. Debian's packages apart, the results go to one cache directory, by
# default ~/.cache/pkgferry-integration; what is already there is not fetched again. Removing the directory starts
# afresh. A fresh machine takes some ten minutes, most of them to compile Helm and OpenTofu.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${PKGFERRY_INTEGRATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pkgferry-integration}
mkdir -p "$cache"
. "$here/install/steps.sh"
. "$here/install/programs.sh"
. "$here/install/packages.sh"

# Go compiles while the other registries are read.
go_programs &
compiling=$!
trap wait EXIT

system_clients
step docker-registry docker_registry
step "python-$(version_of "${python_tools[@]}")" python_environment
step "poetry-$poetry" poetry_environment
step "nuget-$nuget" nuget_client
step "verdaccio-$verdaccio" verdaccio_server
step "nexus-client-$nexus_client" nexus_client
step "npm-$(version_of "${tarballs[@]}")" npm_packages "$cache/npm" "${tarballs[@]}"
mapfile -t listed <"$lists/npm.txt"
step "packages-npm-$(version_of "${listed[@]}")" npm_packages "$cache/packages/npm" "${listed[@]}"
step "packages-pypi-$(version_of "$(cat "$lists/pypi.txt")")" pypi_packages
step "jars-$(version_of "$dependency" "$(cat "$lists/jars.pom.xml")")" jars
step "plugins-$(version_of "$dependency" "$deploy")" maven_plugins
step "packages-maven-$(version_of "$dependency" "$(cat "$lists/maven.txt")")" maven_packages
step "packages-nuget-$(version_of "$nuget" "$(cat "$lists"/nuget/*)" "$(cat "$lists/npm.txt" "$lists/pypi.txt")")" nuget_packages

wait "$compiling"
step "packages-helm-$(version_of "$helm" "$(cat "$lists/helm.txt")")" helm_packages
step "packages-terraform-$(version_of "$tofu" "$(cat "$lists/terraform.txt")")" terraform_packages
echo "install.sh: ready in $cache"
