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
	var m PyPIMetadata
	fields := map[string]*string{
		"metadata-version":         &m.MetadataVersion,
		"name":                     &m.Name,
		"version":                  &m.Version,
		"summary":                  &m.Summary,
		"description":              &m.Description,
		"description-content-type": &m.DescriptionContentType,
		"keywords":                 &m.Keywords,
		"requires-python":          &m.RequiresPython,
		"author":                   &m.Author,
		"author-email":             &m.AuthorEmail,
	}
	body := readHeader(text, fields)
	for name, value := range fields {
		if name == "description" {
			*value = unfold(*value)
		} else {
			*value = oneLine(*value)
		}
		if *value == unsetField && name != "name" {
			*value = ""
		}
	}
	if body = strings.Trim(body, "\n"); m.Description == "" && body != unsetField {
		m.Description = body
	}
	return m
}

// unsetField is distutils' word for what was not set.
const unsetField = "UNKNOWN"

// readHeader stores the first value of each field, with the line breaks of folded ones in it, and returns the text behind the
// header. The names of fields are in lower case.
func readHeader(text string, fields map[string]*string) (body string) {
	seen := map[string]bool{}
	var value *strings.Builder // of the field being read; nil when it is not wanted
	name := ""
	done := func() {
		if value != nil {
			*fields[name], seen[name] = value.String(), true
		}
	}
	defer done()
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		switch {
		case line == "":
			return rest
		case line[0] == ' ' || line[0] == '\t':
			if value != nil {
				value.WriteString("\n" + line)
			}
		default:
			key, first, ok := strings.Cut(line, ":")
			if !ok || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return text
			}
			done()
			name, value = strings.ToLower(key), nil
			if fields[name] != nil && !seen[name] {
				value = &strings.Builder{}
				value.WriteString(strings.TrimLeft(first, " \t"))
			}
		}
		text = rest
	}
	return ""
}

// oneLine joins the lines of a folded value.
func oneLine(value string) string {
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, " "))
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
