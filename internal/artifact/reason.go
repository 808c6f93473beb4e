package artifact

// Reason is the stable code of why a package was skipped, failed or is in conflict. Scripts match on it.
type Reason string

// The reasons. Next says what an operator does about each.
const (
	NoRoute                Reason = "no-route"
	Excluded               Reason = "excluded"
	IndexPartial           Reason = "index-partial"
	NotAPackage            Reason = "not-a-package"
	EmptyRepository        Reason = "empty-repository"
	FormatUnsupported      Reason = "format-unsupported"
	NameNotAllowed         Reason = "name-not-allowed"
	VersionNotAllowed      Reason = "version-not-allowed"
	FileNameNotAllowed     Reason = "file-name-not-allowed"
	FileTooLarge           Reason = "file-too-large"
	MetadataTooLarge       Reason = "metadata-too-large"
	NameCollision          Reason = "name-collision"
	SourceMissing          Reason = "source-missing"
	SourceUncached         Reason = "source-uncached"
	SourceUnpublished      Reason = "source-unpublished"
	SourceRemoved          Reason = "source-removed"
	SourceFailed           Reason = "source-failed"
	SourceDigestMismatch   Reason = "source-digest-mismatch"
	TargetHoldsOther       Reason = "target-holds-other"
	TargetRejected         Reason = "target-rejected"
	TargetFailed           Reason = "target-failed"
	TargetProcessingFailed Reason = "target-processing-failed"
	TargetMismatch         Reason = "target-mismatch"
	Repacked               Reason = "repacked"
	Protected              Reason = "protected"
	NotPermitted           Reason = "not-permitted"
	PathTooDeep            Reason = "path-too-deep"
	Schema1Image           Reason = "schema1-image"
	PackageUnreadable      Reason = "package-unreadable"
	IdentityMismatch       Reason = "identity-mismatch"
	FileUnsupported        Reason = "file-unsupported"
	MediaTypeUnsupported   Reason = "media-type-unsupported"
	ManifestTooLarge       Reason = "manifest-too-large"
	QuotaExceeded          Reason = "quota-exceeded"
)

// reasons is the table that the documentation is generated from.
var reasons = []struct {
	code Reason
	next string
}{
	{NoRoute, "No route takes this package: add one, or a skip with your reason."},
	{Excluded, "A route or a selection leaves it out on purpose; nothing to do."},
	{IndexPartial, "Some versions of its name are left out on purpose or go to another project; the error says which, and what is missing for it. Nothing to do, unless they are wanted here after all."},
	{NotAPackage, "The repository makes this file itself; it belongs to no package and GitLab has no place for it."},
	{EmptyRepository, "The repository has no tags: there is nothing to copy."},
	{FormatUnsupported, "GitLab has no package type for this format: route it to generic, or keep it elsewhere."},
	{NameNotAllowed, "GitLab refuses this name: rename it by a route."},
	{VersionNotAllowed, "GitLab refuses this version: publish it under another one at the source, or skip it by a route."},
	{FileNameNotAllowed, "GitLab refuses this file name: route the package to generic, or skip it."},
	{FileTooLarge, "The file is over GitLab's limit, or the route's: raise it, or have an administrator do so, then run again."},
	{MetadataTooLarge, "GitLab stores less than 20,000 characters of npm manifest and 500 dependencies of a kind, and this one needs more: skip it by a route."},
	{NameCollision, "Two packages would become one on GitLab: rename one of them by a route."},
	{SourceMissing, "The source lists this file but does not have it: restore it there, or accept the loss."},
	{SourceUncached, "The source is a cache that knows of it and does not hold it; reading it would fetch it from elsewhere. There is nothing of its own to copy."},
	{SourceUnpublished, "The source withdrew it; there is nothing left to copy."},
	{SourceRemoved, "It was deleted at the source after it was listed and before it was copied; there is nothing left to copy."},
	{SourceFailed, "The source could not deliver it: look at the error, then run again."},
	{SourceDigestMismatch, "The source's bytes do not match the digest it declares: repair it at the source."},
	{TargetHoldsOther, "GitLab holds other bytes under this name: delete them there if the source is right, then run again."},
	{TargetRejected, "GitLab refused it: the error quotes its reason."},
	{TargetFailed, "GitLab could not take it now: run again."},
	{TargetProcessingFailed, "GitLab took the upload and refused it in the background: delete the package that shows as error there, mend the cause, run again."},
	{TargetMismatch, "GitLab shows other bytes than were sent: look at the package there before anyone uses it."},
	{Repacked, "It arrived as another archive, as its route says: a .zip at the source is a .tgz on GitLab, with other bytes and digests."},
	{Protected, "A protection rule of the project blocks this name: lift it during the migration, or use a token of the role it asks for."},
	{NotPermitted, "The token may not do this: give it the role that the error names."},
	{PathTooDeep, "GitLab takes images at most two levels below a project: shorten the name by a rename in the route, or route it to a deeper project."},
	{Schema1Image, "The image has Docker's schema 1 manifest, which GitLab's registry refuses: pull it and push it again with a current client at the source, or skip it by a route."},
	{PackageUnreadable, "The file is damaged, is not what its name says, or unpacks to more than is read: repair it at the source, or route it to generic."},
	{IdentityMismatch, "What is inside the file names another package or version than the source lists, and GitLab would file it under that: publish it anew at the source, or skip it by a route."},
	{FileUnsupported, "GitLab has no place for this kind of file. Provenance files (.prov) of Helm charts: push chart and provenance to the container registry as an OCI artifact, which keeps both. NuGet symbols in the old form (.symbols.nupkg): make a .snupkg of them."},
	{MediaTypeUnsupported, "GitLab's registry does not know this media type: ask an administrator to allow it (REGISTRY_FF_DYNAMIC_MEDIA_TYPES), or skip it by a route."},
	{ManifestTooLarge, "The manifest is over the 4 MiB that GitLab's registry takes: split the image at the source, or skip it by a route."},
	{QuotaExceeded, "The storage quota of the group or project is used up: raise it, then run again."},
}

// Next is one sentence that tells the operator what to do; empty for an unknown code.
func (r Reason) Next() string {
	for _, one := range reasons {
		if one.code == r {
			return one.next
		}
	}
	return ""
}

// Reasons lists every code in the order of the documentation.
func Reasons() []Reason {
	codes := make([]Reason, len(reasons))
	for i, one := range reasons {
		codes[i] = one.code
	}
	return codes
}
