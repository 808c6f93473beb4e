package artifact

import (
	"archive/zip"
	"compress/bzip2"
	"io"
	"strings"
)

// A distribution brings its core metadata (https://packaging.python.org/en/latest/specifications/core-metadata/): a wheel in
// <name>-<version>.dist-info/METADATA, an egg in EGG-INFO/PKG-INFO, an sdist in PKG-INFO one directory deep.

// PyPIMetadata are the fields of the core metadata that GitLab keeps; valid UTF-8 without NUL, and empty when not set. Only
// Description may have more than one line.
type PyPIMetadata struct {
	MetadataVersion, Name, Version               string
	Summary, Description, DescriptionContentType string
	Keywords, RequiresPython                     string
	Author, AuthorEmail                          string
}

// ReadPyPIMetadata reads the core metadata out of a distribution; file is its name, which tells its format. ok is false when
// there is none to read, which is no error: an installer, or an sdist without PKG-INFO. An archive that can not be read, or is over
// a limit, is an error with the code PackageUnreadable.
func ReadPyPIMetadata(file string, r io.ReaderAt, size int64) (m PyPIMetadata, ok bool, err error) {
	text, err := findPyPIMetadata(strings.ToLower(file), r, size)
	if text == nil || err != nil {
		return PyPIMetadata{}, false, err
	}
	return parseCoreMetadata(string(text)), true, nil
}

func findPyPIMetadata(file string, r io.ReaderAt, size int64) ([]byte, error) {
	sdist := tarFinder{wanted: isPKGInfo, limit: maxMetadata}
	packed := io.NewSectionReader(r, 0, size)
	switch {
	case strings.HasSuffix(file, pypiWheel):
		name, _, _ := strings.Cut(file, "-")
		return findZipped(r, size, func(entry string) int { return rankDistInfo(name, entry) })
	case strings.HasSuffix(file, pypiEgg):
		return findZipped(r, size, func(entry string) int { return rankOf(entry == "EGG-INFO/PKG-INFO") })
	case strings.HasSuffix(file, ".zip"):
		return findZipped(r, size, func(entry string) int { return rankOf(isPKGInfo(entry)) })
	case strings.HasSuffix(file, ".tar.gz"), strings.HasSuffix(file, ".tgz"):
		unpacked, err := gunzip(packed)
		if err != nil {
			return nil, err
		}
		return sdist.find(unpacked)
	case strings.HasSuffix(file, ".tar.bz2"):
		return sdist.find(bzip2.NewReader(packed))
	}
	return nil, nil
}

func isPKGInfo(entry string) bool { return inFolder(entry, "PKG-INFO") }

func rankOf(wanted bool) int {
	if wanted {
		return 1
	}
	return 0
}

// rankDistInfo prefers the metadata of the wheel's own name to another's that lies in the same wheel.
func rankDistInfo(name, entry string) int {
	folder, _, _ := strings.Cut(entry, "/")
	owner, is := strings.CutSuffix(folder, ".dist-info")
	if !is || !inFolder(entry, "METADATA") {
		return 0
	}
	owner, _, _ = strings.Cut(owner, "-")
	return 1 + rankOf(PyPIName(owner) == PyPIName(name))
}

// findZipped reads the regular file with the highest rank above 0, of several the last, as Python's zipfile does; nil when
// there is none.
func findZipped(r io.ReaderAt, size int64, rank func(entry string) int) ([]byte, error) {
	archive, err := openZip(r, size)
	if err != nil {
		return nil, err
	}
	var best *zip.File
	highest := 1
	for _, f := range archive.File {
		if n := rank(strings.TrimPrefix(f.Name, "./")); n >= highest && f.Mode().IsRegular() {
			best, highest = f, n
		}
	}
	if best == nil {
		return nil, nil
	}
	return readZipped(best)
}

// parseCoreMetadata reads what is written like the header of an e-mail, with the description behind it or in it. A line that is no
// header ends the header, as in Python's email package.
func parseCoreMetadata(text string) PyPIMetadata {
	text = strings.TrimPrefix(strings.ToValidUTF8(text, "\ufffd"), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd").Replace(text)
	fields, body := splitHeader(text)
	get := func(name string) string {
		lines := strings.Split(fields[name], "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		value := strings.TrimSpace(strings.Join(lines, " "))
		if value == "UNKNOWN" && name != "name" { // distutils' word for what was not set
			return ""
		}
		return value
	}
	m := PyPIMetadata{
		MetadataVersion:        get("metadata-version"),
		Name:                   get("name"),
		Version:                get("version"),
		Summary:                get("summary"),
		DescriptionContentType: get("description-content-type"),
		Keywords:               get("keywords"),
		RequiresPython:         get("requires-python"),
		Author:                 get("author"),
		AuthorEmail:            get("author-email"),
	}
	if m.Description = unfold(fields["description"]); m.Description == "" {
		m.Description = strings.Trim(body, "\n")
	}
	if m.Description == "UNKNOWN" {
		m.Description = ""
	}
	return m
}

// splitHeader returns the first value of each field, by its name in lower case, with the line breaks of folded values in
// it, and the text behind the header.
func splitHeader(text string) (fields map[string]string, body string) {
	fields = map[string]string{}
	var value *strings.Builder
	name := ""
	done := func() {
		if _, again := fields[name]; value != nil && !again {
			fields[name] = value.String()
		}
	}
	defer done()
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		switch {
		case line == "":
			return fields, rest
		case line[0] == ' ' || line[0] == '\t':
			if value != nil {
				value.WriteString("\n" + line)
			}
		default:
			key, first, ok := strings.Cut(line, ":")
			if !ok || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return fields, text
			}
			done()
			name, value = strings.ToLower(key), &strings.Builder{}
			value.WriteString(strings.TrimLeft(first, " \t"))
		}
		text = rest
	}
	return fields, ""
}

// unfold takes the indentation off a description that is a header: eight blanks, or seven and a bar.
func unfold(value string) string {
	lines := strings.Split(value, "\n")
	for i, line := range lines[1:] {
		if barred, ok := strings.CutPrefix(line, "       |"); ok {
			lines[1+i] = barred
			continue
		}
		lines[1+i] = strings.TrimPrefix(line, "        ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
