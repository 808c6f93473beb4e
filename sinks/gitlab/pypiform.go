package gitlab

// The form of an upload to PyPI as twine sends it (Warehouse: docs/user/api/upload.md), with the fields that GitLab takes
// (GitLab: lib/api/pypi_packages.rb, app/services/packages/pypi/create_package_service.rb). twine's others are left out,
// since GitLab drops them: filetype, pyversion, comment, blake2_256_digest, gpg_signature, attestations, author, maintainer,
// maintainer_email, license, license_expression, license_file, home_page, download_url, project_urls, classifiers,
// platform, supported_platform, dynamic, provides_extra, and what a package requires, provides and obsoletes.

import (
	"strings"
	"unicode/utf8"

	"pkgferry/internal/artifact"
)

// How many characters GitLab keeps of a field; it would cut the rest off. (app/models/packages/pypi/metadatum.rb)
const (
	maxPyPIMetadataVersion = 16
	maxPyPISummary         = 255
	maxPyPIAuthorEmail     = 2048
	maxPyPIKeywords        = 1024
	maxPyPIDescription     = 4000
	maxPyPIContentType     = 128
	maxPyPIRequiresPython  = 255
)

// pypiForm tells GitLab about a file. Name and version are those of dst, whatever the file says of itself: pip goes by the
// file's name and address alone.
func pypiForm(dst artifact.Destination, file string, d artifact.Digests, m artifact.PyPIMetadata) form {
	f := form{part: "content", file: file}
	for _, field := range [][2]string{
		{":action", "file_upload"},
		{"protocol_version", "1"},
		{"metadata_version", cutText(m.MetadataVersion, maxPyPIMetadataVersion)},
		{"name", dst.Name},
		{"version", dst.Version},
		{"summary", cutText(m.Summary, maxPyPISummary)},
		{"description", cutText(m.Description, maxPyPIDescription)},
		{"description_content_type", cutText(m.DescriptionContentType, maxPyPIContentType)},
		{"keywords", cutText(m.Keywords, maxPyPIKeywords)},
		{"author_email", cutText(m.AuthorEmail, maxPyPIAuthorEmail)},
		{"requires_python", cutClauses(m.RequiresPython, maxPyPIRequiresPython)},
		{"sha256_digest", d.SHA256},
		{"md5_digest", d.MD5},
	} {
		if field[1] != "" {
			f.fields = append(f.fields, field)
		}
	}
	return f
}

// cutText keeps the first characters of a text that has more than most, and says so in the last three.
func cutText(text string, most int) string {
	const more = "..."
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-len(more)]) + more
}

// cutClauses keeps as many whole clauses of a version specifier (https://peps.python.org/pep-0440/#version-specifiers) as
// there is room for: half a clause would ask for something else, or for nothing.
func cutClauses(specifier string, most int) string {
	for utf8.RuneCountInString(specifier) > most {
		specifier = specifier[:max(strings.LastIndexByte(specifier, ','), 0)]
	}
	return specifier
}
