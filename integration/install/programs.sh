# The clients and servers that the tests run.
# shellcheck shell=bash

verdaccio=6.8.0
nexus_client=3.96.3
nuget=5.8.0
python_tools=(pip==26.0 twine==5.1.1 uv==0.13.9)
poetry=2.5.1
crane=github.com/google/go-containerregistry/cmd/crane@v0.22.1
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0
distribution=github.com/distribution/distribution/v3/cmd/registry@v3.1.2
helm=helm.sh/helm/v3@v3.22.0
tofu=github.com/opentofu/opentofu@v1.12.6

# What nuget.exe loads when it packs, pushes and installs: a quarter of mono-complete.
mono=(mono-runtime libmono-microsoft-build-framework4.0-cil libmono-microsoft-build-utilities-v4.0-4.0-cil
	libmono-microsoft-csharp4.0-cil libmono-system-componentmodel-composition4.0-cil
	libmono-system-componentmodel-dataannotations4.0-cil libmono-system-data-services-client4.0-cil
	libmono-system-io-compression4.0-cil libmono-system-net-http4.0-cil libmono-system-runtime-serialization4.0-cil
	libmono-system-security4.0-cil libmono-system-servicemodel4.0a-cil libmono-system-xml-linq4.0-cil
	libmono-windowsbase4.0-cil)

system_clients() {
	local missing=() program
	for program in curl skopeo podman unzip; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	command -v npm >/dev/null || missing+=(nodejs npm)
	command -v mvn >/dev/null || missing+=(maven)
	command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
	command -v ssh-keygen >/dev/null || missing+=(openssh-client)
	[ -e /usr/share/doc/busybox-static ] || missing+=(busybox-static)
	/usr/bin/python3 -c 'import gitlab' 2>/dev/null || missing+=(python3-gitlab)
	/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
	apt_install "${missing[@]}"
}

# Debian's package starts its server when it is installed, so only its files are taken.
docker_registry() {
	local scratch
	scratch=$(mktemp -d)
	apt_lists docker-registry
	(cd "$scratch" && apt-get download -qq -o APT::Sandbox::User=root docker-registry)
	rm -rf "$cache/docker-registry"
	dpkg -x "$scratch"/docker-registry_*.deb "$cache/docker-registry"
	rm -rf "$scratch"
}

# pip and twine in an environment of their own.
python_environment() {
	rm -rf "$cache/python"
	/usr/bin/python3 -m venv "$cache/python"
	"$cache/python/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
}

# Poetry asks for other releases of what twine needs.
poetry_environment() {
	rm -rf "$cache/poetry"
	/usr/bin/python3 -m venv "$cache/poetry"
	"$cache/poetry/bin/pip" install --quiet --disable-pip-version-check "poetry==$poetry"
	mkdir -p "$cache/bin"
	ln -sf ../poetry/bin/poetry "$cache/bin/poetry"
}

# Verdaccio's own lock on node-fetch is lifted to a release that every mirror has.
verdaccio_server() {
	mkdir -p "$cache/verdaccio"
	printf '{"private":true,"dependencies":{"verdaccio":"%s"},"overrides":{"node-fetch":"2.6.7"}}\n' "$verdaccio" \
		>"$cache/verdaccio/package.json"
	(cd "$cache/verdaccio" && quietly npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
}

npm_package() {
	mkdir -p "$1"
	echo '{"private":true}' >"$1/package.json"
	(cd "$1" && quietly npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$2")
}

# The client that is generated from Nexus' own description of its API.
nexus_client() {
	npm_package "$cache/nexus-client" "@sonatype/nexus-repo-api-client@$nexus_client"
}

nuget_client() {
	local scratch
	scratch=$(mktemp -d)
	npm_package "$scratch" "nuget-exe@$nuget"
	mkdir -p "$cache/nuget"
	mv "$scratch/node_modules/nuget-exe/nuget-$nuget.exe" "$cache/nuget/nuget.exe"
	rm -rf "$scratch"
	nuget_runs || apt_install "${mono[@]}"
	nuget_runs || {
		echo "install.sh: mono can not run nuget.exe; please install mono-complete" >&2
		return 1
	}
}

nuget_runs() {
	mono "$cache/nuget/nuget.exe" help >/dev/null 2>&1
}

go_install() {
	quietly env GOBIN="$cache/bin" GOFLAGS="${GOFLAGS:-} -trimpath -p=2" go install -ldflags '-s -w' "$1"
}

# A module's own directory: its replacements and checksums hold, and its test data lies there.
go_directory() {
	(cd / && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}

# OpenTofu replaces a dependency, which go install refuses.
tofu_client() {
	local from
	from=$(go_directory "$tofu")
	quietly env GOFLAGS="${GOFLAGS:-} -trimpath -p=2" go build -C "$from" -ldflags '-s -w' -o "$cache/bin/tofu" ./cmd/tofu
}

# The long part, cheapest first.
go_programs() {
	mkdir -p "$cache/bin"
	step "crane-${crane##*@}" go_install "$crane"
	step "versitygw-${versitygw##*@}" go_install "$versitygw"
	step "distribution-${distribution##*@}" go_install "$distribution"
	step "helm-${helm##*@}" go_install "${helm/@//cmd/helm@}"
	step "tofu-${tofu##*@}" tofu_client
}
