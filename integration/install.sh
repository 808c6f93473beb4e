#!/usr/bin/env bash
# Installs what the tests with the build tag "integration" need: real clients, a real Verdaccio, and real packages.
#
# Everything comes from the package registries, each through its own client and that client's own settings, so mirrors
# and proxies that are already configured just work. The results go to one cache directory, by default
# ~/.cache/pkgferry-integration; what is already there is not fetched again. Removing the directory starts afresh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${PKGFERRY_INTEGRATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pkgferry-integration}
verdaccio=6.8.0
nexus_client=3.96.3
tarballs=(is-number@3.0.0 is-number@6.0.0 is-number@7.0.0 is-odd@3.0.1 left-pad@1.3.0
	kind-of@3.2.2 is-buffer@1.1.6 @types/ms@0.7.34 @types/ms@2.1.0 mkdirp@0.5.6 minimist@1.2.8)
dependency=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
deploy=org.apache.maven.plugins:maven-deploy-plugin:3.1.1

as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# step NAME COMMAND...: runs the command unless it once succeeded for this very NAME.
step() {
	local mark=$cache/done/$1
	shift
	if [ ! -e "$mark" ]; then
		"$@"
		mkdir -p "$cache/done"
		: >"$mark"
	fi
}

clients() {
	local missing=()
	command -v npm >/dev/null || missing+=(nodejs npm)
	command -v mvn >/dev/null || missing+=(maven)
	command -v curl >/dev/null || missing+=(curl)
	/usr/bin/python3 -c 'import gitlab' 2>/dev/null || /usr/bin/python3 -c 'import gitlab' 2>/dev/null || missing+=(python3-gitlab)
	[ ${#missing[@]} -eq 0 ] && return
	command -v apt-get >/dev/null || {
		echo "install.sh: please install: ${missing[*]}" >&2
		return 1
	}
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Verdaccio's own lock on node-fetch is lifted to a release that every mirror has.
server() {
	mkdir -p "$cache/verdaccio"
	printf '{"private":true,"dependencies":{"verdaccio":"%s"},"overrides":{"node-fetch":"2.6.7"}}\n' "$verdaccio" \
		>"$cache/verdaccio/package.json"
	(cd "$cache/verdaccio" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
}

# The client that is generated from Nexus' own description of its API.
nexus_client() {
	mkdir -p "$cache/nexus-client"
	echo '{"private":true}' >"$cache/nexus-client/package.json"
	(cd "$cache/nexus-client" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error "@sonatype/nexus-repo-api-client@$nexus_client")
}

npm_packages() {
	rm -rf "$cache/npm"
	mkdir -p "$cache/npm"
	(cd "$cache/npm" && npm pack --silent --ignore-scripts "${tarballs[@]}" >/dev/null)
}

mvn_quiet() {
	mvn -B -ntp -q -Dstyle.color=never "$@"
}

# The real jars, POMs and signatures.
maven_packages() {
	rm -rf "$cache/jars"
	mvn_quiet -f "$here/realserver/testdata/jars.pom.xml" -Dmaven.repo.local="$cache/fetched" \
		"$dependency:copy" -DoutputDirectory="$cache/jars"
}

# The plugins that the tests run, in a local repository that holds nothing else: a throw-away file is deployed and got.
# Without Maven's notes on where each file came from, the repository is good for any settings.
maven_plugins() {
	local scratch
	scratch=$(mktemp -d)
	rm -rf "$cache/plugins"
	echo pkgferry >"$scratch/probe.txt"
	mvn_quiet -Dmaven.repo.local="$cache/plugins" "$deploy:deploy-file" -Dfile="$scratch/probe.txt" -Dpackaging=txt \
		-DgroupId=example.probe -DartifactId=probe -Dversion=1 -DrepositoryId=probe -Durl="file://$scratch/repository"
	mvn_quiet -Dmaven.repo.local="$cache/plugins" "$dependency:get" -Dartifact=example.probe:probe:1:txt \
		-DremoteRepositories="probe::default::file://$scratch/repository"
	rm -rf "$cache/plugins/example" "$scratch"
	find "$cache/plugins" \( -name _remote.repositories -o -name '*.lastUpdated' \) -delete
}

# A changed list is a new step.
version_of() {
	printf '%s\n' "$@" | cksum | cut -d' ' -f1
}

clients
step "verdaccio-$verdaccio" server
step "nexus-client-$nexus_client" nexus_client
step "npm-$(version_of "${tarballs[@]}")" npm_packages
step "jars-$(version_of "$dependency" "$(cat "$here/realserver/testdata/jars.pom.xml")")" maven_packages
step "plugins-$(version_of "$dependency" "$deploy")" maven_plugins
echo "install.sh: ready in $cache"
