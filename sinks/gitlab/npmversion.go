package gitlab

// The version object of an npm publish document: what GitLab keeps of it and how it measures it
// (GitLab: app/services/packages/npm/create_package_service.rb, app/models/packages/npm/metadatum.rb).

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"unicode"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	maxNPMVersion      = 20_000 // characters that GitLab stores, and one more
	maxNPMDependencies = 500    // entries of one map; with more, GitLab's background job fails
)

// dependencyMaps are the members that GitLab copies entry by entry. All but the development ones are needed to install.
var dependencyMaps = []string{"dependencies", "peerDependencies", "optionalDependencies", devDependencies}

const devDependencies = "devDependencies"

// keptAsTheyAre are the other members that GitLab serves or compares.
var keptAsTheyAre = []string{"directories", "engines", "scripts"}

// npmVersion is the version object that publishes a tarball with manifest m. GitLab demands that name, version and
// scripts are exactly those of the tarball.
func npmVersion(dst artifact.Destination, m artifact.NPMManifest, d artifact.Digests, url, deprecated string) ([]byte, error) {
	if err := coherent(dst, m); err != nil {
		return nil, err
	}
	object := map[string]any{"name": dst.Name, "version": dst.Version, "dist": npmDist(d, url)}
	for _, key := range dependencyMaps {
		if entries := stringMap(m.Fields[key]); len(entries) > 0 {
			object[key] = entries
		}
	}
	for _, key := range keptAsTheyAre {
		if raw := m.Fields[key]; len(raw) > 0 && string(raw) != "null" {
			object[key] = raw
		}
	}
	if bundled := firstOf(m.Fields, "bundleDependencies", "bundledDependencies"); bundled != nil {
		object["bundleDependencies"] = bundled
	}
	if bin := npmBin(dst.Name, m.Fields["bin"]); bin != nil {
		object["bin"] = bin
	}
	if deprecated != "" {
		object["deprecated"] = deprecated
	}
	if installs(m.Fields["scripts"]) {
		object["hasInstallScript"] = true
	}
	if m.Shrinkwrap {
		object["_hasShrinkwrap"] = true
	}
	return fitNPMVersion(object)
}

// fitNPMVersion encodes the object within GitLab's limits; development dependencies, which no consumer installs, are
// the first to go.
func fitNPMVersion(object map[string]any) ([]byte, error) {
	if entries, _ := object[devDependencies].(map[string]string); len(entries) > maxNPMDependencies {
		delete(object, devDependencies)
	}
	for _, key := range dependencyMaps {
		if entries, _ := object[key].(map[string]string); len(entries) > maxNPMDependencies {
			return nil, fault.Errorf(artifact.MetadataTooLarge, "%s has %d entries; GitLab takes at most %d of one kind", key, len(entries), maxNPMDependencies)
		}
	}
	text, err := encodeJSON(object)
	if err != nil {
		return nil, err
	}
	if storedCharacters(text) >= maxNPMVersion {
		delete(object, devDependencies)
		if text, err = encodeJSON(object); err != nil {
			return nil, err
		}
	}
	if n := storedCharacters(text); n >= maxNPMVersion {
		return nil, fault.Errorf(artifact.MetadataTooLarge, "the manifest needs %d characters; GitLab stores less than %d", n, maxNPMVersion)
	}
	return text, nil
}

// coherent tells before GitLab's background job would that it refuses the tarball.
func coherent(dst artifact.Destination, m artifact.NPMManifest) error {
	switch {
	case m.Name != dst.Name:
		return fault.Errorf(artifact.TargetRejected, "the tarball's package.json names %q; GitLab refuses it as %q", m.Name, dst.Name)
	case !sameSemver(m.Version, dst.Version):
		return fault.Errorf(artifact.TargetRejected, "the tarball's package.json says version %q; GitLab refuses it as %q", m.Version, dst.Version)
	}
	return nil
}

// npmDist is what a client checks a download against. GitLab serves the shasum as it is told, so it is computed here.
func npmDist(d artifact.Digests, url string) map[string]string {
	dist := map[string]string{"shasum": d.SHA1, "tarball": url}
	if sum, err := hex.DecodeString(d.SHA512); err == nil && len(sum) > 0 {
		dist["integrity"] = "sha512-" + base64.StdEncoding.EncodeToString(sum)
	}
	return dist
}

// stringMap keeps an object's text members; nil for anything else, as old manifests have lists there.
func stringMap(raw json.RawMessage) map[string]string {
	var all map[string]any
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	texts := make(map[string]string, len(all))
	for key, value := range all {
		if text, ok := value.(string); ok {
			texts[key] = text
		}
	}
	return texts
}

// firstOf is the first member that is there, as it stands.
func firstOf(fields map[string]json.RawMessage, keys ...string) any {
	for _, key := range keys {
		if raw := bytes.TrimSpace(fields[key]); len(raw) > 0 && (raw[0] == '[' || raw[0] == '{') {
			return json.RawMessage(raw)
		}
	}
	return nil
}

// npmBin is a package's commands; a lone text is the command named like the package.
func npmBin(name string, raw json.RawMessage) any {
	var file string
	if json.Unmarshal(raw, &file) == nil && file != "" {
		return map[string]string{path.Base(name): file}
	}
	if entries := stringMap(raw); len(entries) > 0 {
		return entries
	}
	return nil
}

func installs(scripts json.RawMessage) bool {
	entries := stringMap(scripts)
	return slices.ContainsFunc([]string{"preinstall", "install", "postinstall"}, func(key string) bool { return entries[key] != "" })
}

// encodeJSON is compact and leaves <, > and & alone, as GitLab compares scripts by their characters.
func encodeJSON(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, errors.New("the manifest can not be encoded: " + err.Error())
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// storedCharacters bounds from above how GitLab counts a JSON text: as Ruby prints the hash, with up to three characters
// more for each colon, one more for each comma, and unprintable characters written out.
func storedCharacters(text []byte) int {
	n, quoted, escaped := 0, false, false
	for _, r := range string(text) {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case quoted && r == '#':
			n++
		case quoted && !unicode.IsPrint(r):
			n += 9
		case !quoted && r == ':':
			n += 3
		case !quoted && r == ',':
			n++
		}
		n++
	}
	return n
}
