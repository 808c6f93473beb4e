package gitlab

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// What becomes of a publish document: GitLab's app/services/packages/npm/create_package_service.rb,
// app/models/packages/npm/metadatum.rb and app/services/packages/create_dependency_service.rb.

const (
	maxManifest         = 20_000 // characters
	maxDependencies     = 500    // of one map
	maxDependencyText   = 255
	maxConsideredTags   = 200
	packageExists       = "Package already exists."
	manifestTooLarge    = "Validation failed: Package json structure is too large. Maximum size is 20000 characters"
	versionNotSemVer    = "Validation failed: Version should follow SemVer: https://semver.org"
	tooManyDependencies = "Too many names_and_version_patterns"
)

var (
	manifestDrops   = []string{"readme", "readmeFilename", "licenseText", "contributors", "exports"}
	dependencyMaps  = []string{"dependencies", "devDependencies", "bundleDependencies", "peerDependencies"}
	installingSteps = []string{"preinstall", "install", "postinstall"}
)

// npmCreate makes one the package that d describes: a new row, or a temporary one that becomes real. The caller holds
// the lock. An error leaves one as it was.
func (s *Server) npmCreate(one *pkg, d *document) (*file, error) {
	if d.version == "" {
		return nil, refused("Version is empty.")
	}
	if d.name == "" {
		return nil, refused("Name is empty.")
	}
	name := artifact.NPMTarball(d.name, d.version)
	b, held := d.attachments[name]
	switch limit := s.modes.number("limit.npm"); {
	case !held || !d.hasTags:
		return nil, crashed("NoMethodError")
	case !d.filled[name]:
		return nil, refused("Attachment data is empty.")
	case s.faults.Hit(standin.Lock, standin.Write):
		return nil, refused("Could not obtain package lease. Please try again.")
	case one.project.get(artifact.NPM, one.name, d.version) != nil:
		return nil, refusal{http.StatusForbidden, packageExists}
	case limit > 0 && b.size >= limit:
		return nil, refused("File is too large.")
	case !semver.MatchString(d.version):
		return nil, refused(versionNotSemVer)
	case s.takenInRoot(one, d.version):
		return nil, refused("Validation failed: Package already exists")
	}
	manifest, err := storedManifest(d.manifest)
	if err != nil {
		return nil, err
	}
	dependencies, err := storedDependencies(d.manifest)
	if err != nil {
		return nil, err
	}
	delete(d.attachments, name)
	one.manifest, one.dependencies = manifest, dependencies
	if one.id == 0 {
		one.version = d.version
		s.add(one)
	} else {
		one.rename(one.name, d.version)
	}
	shasum := one.distText("shasum")
	f := &file{name: name, body: b, sha1: &shasum, created: s.clock.now()}
	s.addFile(one, f)
	one.project.setTag(d.tag, one)
	return f, nil
}

// takenInRoot tells whether a package whose scope is the root group exists in another project below that group.
func (s *Server) takenInRoot(one *pkg, version string) bool {
	root, _, _ := strings.Cut(one.project.path, "/")
	scope, _, scoped := strings.Cut(strings.TrimPrefix(one.name, "@"), "/")
	if !scoped || scope != root {
		return false
	}
	return slices.ContainsFunc(s.projects, func(p *project) bool {
		return strings.HasPrefix(p.path, root+"/") && p.get(artifact.NPM, one.name, version) != nil
	})
}

// storedManifest is what GitLab keeps of a version object.
func storedManifest(from map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	if from == nil {
		return nil, crashed("NoMethodError")
	}
	kept := maps.Clone(from)
	for _, key := range manifestDrops {
		delete(kept, key)
	}
	var scripts map[string]json.RawMessage
	if json.Unmarshal(kept["scripts"], &scripts) == nil {
		for _, step := range installingSteps {
			if _, ok := scripts[step]; ok {
				kept["hasInstallScript"] = json.RawMessage("true")
			}
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, crashed("JSON::ParserError")
	}
	if characters(text) >= maxManifest {
		return nil, refused(manifestTooLarge)
	}
	var required struct {
		Name, Version *string
		Dist          *struct{ Tarball, Shasum *string }
	}
	if json.Unmarshal(text, &required) != nil || required.Name == nil || required.Version == nil || required.Dist == nil ||
		required.Dist.Tarball == nil || required.Dist.Shasum == nil {
		return nil, refused("Validation failed: Package json must be a valid json schema")
	}
	return kept, nil
}

// characters counts compact JSON as the database and Ruby print it: with a space after each comma and one more after
// each colon.
func characters(text []byte) int {
	n, inString, escaped := utf8.RuneCount(text), false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':'):
			n++
		}
	}
	return n
}

func storedDependencies(from map[string]json.RawMessage) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, kind := range dependencyMaps {
		var given map[string]any
		if raw := from[kind]; len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &given) != nil {
			continue
		}
		kept := map[string]string{}
		for name, value := range given {
			if text, ok := value.(string); ok && len(name) <= maxDependencyText && len(text) <= maxDependencyText {
				kept[name] = text
			}
		}
		if len(kept) > maxDependencies {
			return nil, refusal{http.StatusInternalServerError, tooManyDependencies}
		}
		if len(kept) > 0 {
			all[kind] = kept
		}
	}
	return all, nil
}

// text is a string of the stored manifest.
func (p *pkg) text(key string) string {
	var value string
	_ = json.Unmarshal(p.manifest[key], &value)
	return value
}

func (p *pkg) distText(key string) string {
	var dist map[string]json.RawMessage
	var value string
	_ = json.Unmarshal(p.manifest["dist"], &dist)
	_ = json.Unmarshal(dist[key], &value)
	return value
}

// deprecate replaces the manifest, so that readers of the old one are not disturbed.
func (p *pkg) deprecate(message string) {
	changed := maps.Clone(p.manifest)
	if message == "" {
		delete(changed, "deprecated")
		p.status = statusDefault
	} else {
		changed["deprecated"], _ = json.Marshal(message)
		p.status = statusDeprecated
	}
	p.manifest = changed
}

// setTag creates a dist-tag or moves it. Only the newest tags of a name are considered.
func (p *project) setTag(name string, to *pkg) {
	all := p.tags[to.name]
	recent := max(len(all)-maxConsideredTags, 0)
	if i := slices.IndexFunc(all[recent:], func(t *tag) bool { return t.name == name }); i >= 0 {
		all = slices.Delete(all, recent+i, recent+i+1)
	}
	p.tags[to.name] = append(all, &tag{name: name, pkg: to})
}

// dropTag deletes a dist-tag; false when there is none.
func (p *project) dropTag(of, name string) bool {
	all := p.tags[of]
	recent := max(len(all)-maxConsideredTags, 0)
	i := slices.IndexFunc(all[recent:], func(t *tag) bool { return t.name == name })
	if i < 0 {
		return false
	}
	p.tags[of] = slices.Delete(all, recent+i, recent+i+1)
	return true
}
