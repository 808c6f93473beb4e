package gitlab

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pkgferry/integration/standin"
)

// NuGet, in the background: GitLab's app/workers/packages/nuget/extraction_worker.rb,
// app/services/packages/nuget/process_package_file_service.rb and update_package_from_metadata_service.rb. What is refused
// stays as the placeholder, in error. Whether a file is a symbol package, its .nuspec says, not its name.

const (
	nuspecIncomplete        = "package name, version, authors and/or description not found in metadata"
	nuspecSymbolsIncomplete = "package name, version and/or description not found in metadata"
	nugetNoPackage          = "symbol package is invalid, matching package does not exist"
)

// nugetProcess gives a placeholder's file to the package that its .nuspec names.
func (s *Server) nugetProcess(placeholder *pkg, sent *file, who *token) error {
	if s.faults.Status(standin.Settle) != 0 {
		return crashed("StandardError")
	}
	if sent.body.size == 0 {
		return crashed("Packages::Nuget::ProcessPackageFileService::ExtractionError")
	}
	spec, err := nuspecOf(sent.body, nuspecFromEnd)
	if err != nil {
		return err
	}
	name, version, extension := spec.get("id"), spec.get("version"), ".nupkg"
	incomplete := name == "" || version == "" || spec.get("description") == ""
	switch {
	case spec.symbols() && incomplete:
		return refused(nuspecSymbolsIncomplete)
	case !spec.symbols() && (incomplete || spec.get("authors") == ""):
		return refused(nuspecIncomplete)
	case spec.symbols():
		extension = ".snupkg"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if placeholder.status != statusProcessing { // deleted meanwhile
		return nil
	}
	p := placeholder.project
	if p.protects("nuget", name, who) {
		return refused(fmt.Sprintf("Package '%s' with version '%s' is protected", name, version))
	}
	target := first(nugetFind(p, name, version, true))
	metadata, wrong := spec.metadata()
	switch {
	case target == nil && spec.symbols():
		return refused(nugetNoPackage)
	case target == nil:
		wrong = append(nugetInvalid(p, name, version), wrong...)
	case !spec.symbols() && !s.duplicatesAllowed(p, "nuget", target.name, target.version):
		return refused(fmt.Sprintf("A package '%s' with version '%s' already exists", name, version))
	}
	if len(wrong) > 0 && !spec.symbols() {
		return refused("Validation failed: " + strings.Join(wrong, ", "))
	}
	if target == nil {
		target = placeholder
		target.rename(name, version)
		target.status, target.links = statusDefault, spec.links()
	} else {
		placeholder.drop()
		target.receive(sent)
	}
	if !spec.symbols() {
		target.describe(spec, metadata)
	}
	sent.name = strings.ToLower(name + "." + version + extension)
	s.stats.Wrote(target.key(sent.name))
	return nil
}

// drop deletes p's row at once. The caller holds the lock.
func (p *pkg) drop() {
	p.destroy()
	p.files = nil
	p.project.packages = slices.DeleteFunc(p.project.packages, func(o *pkg) bool { return o == p })
}

// receive takes over a file row of another package. The caller holds the lock.
func (p *pkg) receive(f *file) {
	p.files = append(p.files, f)
	slices.SortFunc(p.files, func(a, b *file) int { return cmp.Compare(a.id, b.id) })
}
