package artifact

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"pkgferry/internal/fault"
)

// A NuGet package is a zip with one .nuspec at its root (https://learn.microsoft.com/nuget/reference/nuspec): XML whose
// namespace changed several times and means nothing. GitLab takes name and version from it, from nowhere else
// (app/services/packages/nuget/extract_metadata_file_service.rb in gitlabhq/gitlabhq).

// NuSpec is what GitLab needs of a .nuspec: it refuses a package without authors or description.
type NuSpec struct {
	ID, Version          string
	Authors, Description string
	// Symbols tells that its package type is SymbolsPackage, by which GitLab tells symbols from the package.
	Symbols bool
	// Bare tells that the XML has no default namespace; GitLab finds nothing in it then.
	Bare bool
	// Streamed tells that an entry of the zip at or before the .nuspec names its size only behind its data; reading from the
	// front, GitLab can not pass it.
	Streamed bool
}

// ReadNuSpec reads the .nuspec of a .nupkg or .snupkg. One that a folder's stands before is an error with the code
// IdentityMismatch. The code of the others is PackageUnreadable: no zip, no .nuspec at the root or two, one over 4 MiB, one
// without id or version.
func ReadNuSpec(r io.ReaderAt, size int64) (NuSpec, error) {
	archive, err := openZip(r, size)
	if err != nil {
		return NuSpec{}, err
	}
	found, err := nuspecOf(archive)
	if err != nil {
		return NuSpec{}, err
	}
	text, err := readZipped(found)
	if err != nil {
		return NuSpec{}, err
	}
	spec, err := parseNuSpec(text)
	if err != nil {
		return NuSpec{}, unreadable("%.200q: %w", found.Name, err)
	}
	spec.Streamed, err = streamed(archive, found)
	return spec, err
}

// streamed tells whether last, or an entry before it, names its size only behind its data.
func streamed(archive *zip.Reader, last *zip.File) (bool, error) {
	for _, f := range archive.File {
		if f.Flags&zipFlagStreamed == 0 {
			continue
		}
		if before, err := precedes(f, last); err != nil || before || f == last {
			return err == nil, err
		}
	}
	return false, nil
}

// precedes compares where two entries lie.
func precedes(a, b *zip.File) (bool, error) {
	first, err := a.DataOffset()
	second, failed := b.DataOffset()
	if err := errors.Join(err, failed); err != nil {
		return false, unreadable("the zip is damaged: %w", err)
	}
	return first < second, nil
}

// nuspecOf finds the .nuspec at the root. Reading from the front, GitLab takes the first one in any folder.
func nuspecOf(archive *zip.Reader) (root *zip.File, err error) {
	var nested []*zip.File
	for _, f := range archive.File {
		_, is := cutSuffix(f.Name, ".nuspec")
		switch {
		case !is || !f.Mode().IsRegular():
		case strings.ContainsAny(f.Name, `/\`):
			nested = append(nested, f)
		case root != nil:
			return nil, unreadable("the package has two .nuspec files, %.200q and %.200q", root.Name, f.Name)
		default:
			root = f
		}
	}
	if root == nil {
		return nil, unreadable("the package has no .nuspec at its root")
	}
	for _, f := range nested {
		before, err := precedes(f, root)
		if err != nil {
			return nil, err
		}
		if before {
			return nil, fault.Errorf(IdentityMismatch, "GitLab takes the first .nuspec of an archive, and in this one %.200q stands before the package's own", f.Name)
		}
	}
	return root, nil
}

// parseNuSpec reads XML in UTF-8, UTF-16 or Latin-1. Entities of the document's own are not expanded but refused.
func parseNuSpec(text []byte) (NuSpec, error) {
	var in struct {
		XMLName  xml.Name   `xml:"package"`
		Attrs    []xml.Attr `xml:",any,attr"`
		Metadata struct {
			ID          string `xml:"id"`
			Version     string `xml:"version"`
			Authors     string `xml:"authors"`
			Description string `xml:"description"`
			Types       []struct {
				Name string `xml:"name,attr"`
			} `xml:"packageTypes>packageType"`
		} `xml:"metadata"`
	}
	decoder := xml.NewDecoder(bytes.NewReader(utf8Of(text)))
	decoder.CharsetReader = charset
	if err := decoder.Decode(&in); err != nil {
		return NuSpec{}, err
	}
	spec := NuSpec{
		ID: strings.TrimSpace(in.Metadata.ID), Version: strings.TrimSpace(in.Metadata.Version),
		Authors: strings.TrimSpace(in.Metadata.Authors), Description: strings.TrimSpace(in.Metadata.Description),
	}
	spec.Bare = !slices.ContainsFunc(in.Attrs, func(a xml.Attr) bool { return a.Name == xml.Name{Local: "xmlns"} && a.Value != "" })
	for _, one := range in.Metadata.Types {
		spec.Symbols = spec.Symbols || one.Name == "SymbolsPackage"
	}
	if spec.ID == "" || spec.Version == "" {
		return NuSpec{}, fmt.Errorf("it has no id or no version")
	}
	return spec, nil
}

// utf8Of turns UTF-16 into UTF-8 and drops the byte order mark; any other text stays as it is.
func utf8Of(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}), bytes.HasPrefix(text, []byte{0, '<'}):
		order = binary.BigEndian
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}), bytes.HasPrefix(text, []byte{'<', 0}):
		order = binary.LittleEndian
	default:
		return bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	return []byte(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"))
}

// charset reads what is not declared as UTF-8. A declared UTF-16 is UTF-8 by now, or has been all along, as .NET writes it.
func charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf-16", "us-ascii":
		return in, nil
	case "iso-8859-1", "windows-1252":
		raw, err := io.ReadAll(io.LimitReader(in, maxMetadata))
		if err != nil {
			return nil, err
		}
		text := make([]rune, len(raw))
		for i, b := range raw {
			text[i] = rune(b)
		}
		return strings.NewReader(string(text)), nil
	}
	return nil, fmt.Errorf("the encoding %.40q is not known", name)
}
