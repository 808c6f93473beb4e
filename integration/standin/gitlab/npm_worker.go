package gitlab

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// npm, in the background: GitLab's app/services/packages/npm/process_temporary_package_file_service.rb,
// process_package_file_service.rb and check_manifest_coherence_service.rb. The first stage reads the document and gives
// the package its version, the second reads the tarball and makes the package installable.

// readPublish is the first stage. Its error leaves the row with its temporary version.
func (s *Server) readPublish(one *pkg, sent *file) error {
	d, err := s.documentAt(sent.body)
	defer d.close()
	if err != nil {
		return crashed("JSON::ParserError")
	}
	if !d.hasVersions {
		return crashed("NoMethodError")
	}
	p := one.project
	s.stats.Wrote(npmKey(p, one.name, d.version))
	s.mu.Lock()
	if one.status != statusProcessing { // deleted meanwhile
		s.mu.Unlock()
		return nil
	}
	f, err := s.npmCreate(one, d)
	if err == nil {
		one.files = one.files[1:] // the document
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	sent.body.remove()
	s.later(one, func() error { return s.readTarball(one, f) })
	return nil
}

// readDeprecation applies an npm deprecate command; the temporary package goes.
func (s *Server) readDeprecation(one *pkg, sent *file) error {
	d, err := s.documentAt(sent.body)
	defer d.close()
	switch {
	case err != nil:
		return crashed("JSON::ParserError")
	case !d.hasVersions:
		return refused("Missing versions")
	case len(d.versions) == 0:
		return refused("Missing deprecated versions")
	}
	s.mu.Lock()
	deprecateVersions(one.project, one.name, d.versions)
	one.destroy()
	s.mu.Unlock()
	sent.body.remove()
	return nil
}

// readTarball is the second stage. Its error leaves the row with its real version, which stays taken.
func (s *Server) readTarball(one *pkg, tarball *file) error {
	if s.faults.Status(standin.Settle) != 0 {
		return crashed("StandardError")
	}
	s.mu.RLock()
	name, version, scripts := one.name, one.version, one.manifest["scripts"]
	s.mu.RUnlock()
	manifest, err := packageJSON(tarball.body)
	if err != nil {
		return err
	}
	if !semver.MatchString(manifest.Version) {
		return refused("Version in package.json is not SemVer compliant")
	}
	if manifest.Name != name || !sameVersion(manifest.Version, version) || !sameScripts(manifest.Scripts, scripts) {
		return refused("Package manifest is not coherent")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.status == statusProcessing {
		one.status = statusDefault
	}
	return nil
}

// sameVersion compares as npm does: build metadata does not count.
func sameVersion(a, b string) bool {
	a, _, _ = strings.Cut(a, "+")
	b, _, _ = strings.Cut(b, "+")
	return a == b
}

// sameScripts compares two scripts objects; absent and empty are the same.
func sameScripts(a, b json.RawMessage) bool {
	var x, y any
	_, _ = json.Unmarshal(a, &x), json.Unmarshal(b, &y)
	for _, v := range []*any{&x, &y} {
		if *v == nil || *v == false {
			*v = map[string]any{}
		}
	}
	return reflect.DeepEqual(x, y)
}

const maxPackageJSON = 4 << 20

type manifest struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Scripts json.RawMessage `json:"scripts"`
}

// packageJSON reads the last package.json that lies one directory deep in a tarball.
func packageJSON(b body) (m manifest, err error) {
	if b.size == 0 {
		return m, refused("invalid package file")
	}
	content, err := os.Open(b.path)
	if err != nil {
		return m, crashed("Errno::ENOENT")
	}
	defer func() { _ = content.Close() }()
	unzipped, err := gzip.NewReader(content)
	if err != nil {
		return m, crashed("Zlib::GzipFile::Error")
	}
	var text []byte
	for archive := tar.NewReader(unzipped); ; {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, broken(err)
		}
		if dir, base, _ := strings.Cut(strings.TrimPrefix(entry.Name, "./"), "/"); dir == "" || base != "package.json" {
			continue
		}
		if entry.Size > maxPackageJSON {
			return m, refused("package.json file too large")
		}
		if text, err = io.ReadAll(io.LimitReader(archive, maxPackageJSON)); err != nil {
			return m, broken(err)
		}
	}
	if text == nil {
		return m, refused("package.json not found")
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, crashed("JSON::ParserError")
	}
	return m, nil
}

func broken(err error) error {
	if errors.Is(err, tar.ErrHeader) {
		return crashed("Gem::Package::TarInvalidError")
	}
	return crashed("Zlib::DataError")
}

// installableOf returns the versions of a name that can be installed, in the order in which they came. The caller holds
// the lock.
func installableOf(p *project, name string) []*pkg {
	var all []*pkg
	for _, one := range p.byName[key{format: artifact.NPM, name: name}] {
		if one.installable() {
			all = append(all, one)
		}
	}
	return all
}
