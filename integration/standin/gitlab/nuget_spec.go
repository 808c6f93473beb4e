package gitlab

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What GitLab takes from a .nuspec: app/services/packages/nuget/extract_metadata_content_service.rb,
// sync_metadatum_service.rb, create_dependency_service.rb and app/models/packages/nuget/metadatum.rb. Elements count
// when they are in the namespace that the root declares as its default.

type nuspec struct {
	text         map[string]string // id, version, authors, description, licenseUrl, projectUrl, iconUrl, tags; not trimmed
	types        []string
	dependencies []nugetDependency
}

type nugetDependency struct {
	name, version, framework string
}

// emptyDependency begins the name of the entry for a framework without dependencies.
const emptyDependency = "EmptyDependencyForNuGetPackages"

var nuspecTexts = []string{"id", "version", "authors", "description", "licenseUrl", "projectUrl", "iconUrl", "tags"}

// nuspecReader walks through the elements of a document.
type nuspecReader struct {
	spec  nuspec
	space string
	path  []string // the elements that are open, "" for one of another namespace
	group *xml.StartElement
	empty bool // of the group that is open
}

// parseNuspec reads what can be read; it fails where the root declares no default namespace, since GitLab's paths name one.
func parseNuspec(text []byte) (nuspec, error) {
	decoder := xml.NewDecoder(bytes.NewReader(utf8Text(text)))
	decoder.Strict = false
	decoder.CharsetReader = sameBytes
	r := nuspecReader{spec: nuspec{text: map[string]string{}}}
	for {
		t, err := decoder.Token()
		if err != nil {
			break // a broken document is read as far as it goes
		}
		switch t := t.(type) {
		case xml.StartElement:
			r.open(t.Copy())
		case xml.EndElement:
			r.close()
		case xml.CharData:
			r.data(string(t))
		}
	}
	if r.space == "" {
		return nuspec{}, crashed("Nokogiri::XML::XPath::SyntaxError")
	}
	return r.spec, nil
}

// below is what is open below package/metadata, wherever that stands.
func (r *nuspecReader) below() []string {
	for i := 0; i+1 < len(r.path); i++ {
		if r.path[i] == "package" && r.path[i+1] == "metadata" {
			return r.path[i+2:]
		}
	}
	return nil
}

func (r *nuspecReader) open(e xml.StartElement) {
	if len(r.path) == 0 && r.space == "" {
		r.space = attribute(e, "xmlns")
	}
	name := e.Name.Local
	if e.Name.Space != r.space {
		name = ""
	}
	r.path = append(r.path, name)
	at := r.below()
	switch {
	case slices.Equal(at, []string{"packageTypes", "packageType"}):
		if kind := attribute(e, "name"); !slices.Contains(r.spec.types, kind) {
			r.spec.types = append(r.spec.types, kind)
		}
	case slices.Equal(at, []string{"dependencies", "group"}):
		r.group, r.empty = &e, true
	case slices.Equal(at, []string{"dependencies", "dependency"}), slices.Equal(at, []string{"dependencies", "group", "dependency"}):
		d := nugetDependency{name: attribute(e, "id"), version: attribute(e, "version")}
		if r.group != nil {
			d.framework, r.empty = attribute(*r.group, "targetFramework"), false
		}
		r.spec.dependencies = append(r.spec.dependencies, d)
	}
}

func (r *nuspecReader) close() {
	if slices.Equal(r.below(), []string{"dependencies", "group"}) && r.group != nil {
		if framework := attribute(*r.group, "targetFramework"); r.empty {
			r.spec.dependencies = append(r.spec.dependencies, nugetDependency{name: emptyDependency + "-" + framework, framework: framework})
		}
		r.group = nil
	}
	if len(r.path) > 0 {
		r.path = r.path[:len(r.path)-1]
	}
}

func (r *nuspecReader) data(text string) {
	if at := r.below(); len(at) > 0 && slices.Contains(nuspecTexts, at[0]) {
		r.spec.text[at[0]] += text
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// get is a text of the specification; "" when it is blank.
func (n nuspec) get(name string) string {
	if strings.TrimSpace(n.text[name]) == "" {
		return ""
	}
	return n.text[name]
}

func (n nuspec) symbols() bool { return slices.Contains(n.types, "SymbolsPackage") }

// metadata is what is kept beside name and version; nil when all of it is blank. wrong is what its validation says.
func (n nuspec) metadata() (m *nugetMetadata, wrong []string) {
	m = &nugetMetadata{
		authors: truncate(n.get("authors"), 255), description: truncate(n.get("description"), 4000),
		license: n.get("licenseUrl"), project: n.get("projectUrl"), icon: n.get("iconUrl"),
	}
	urls := []struct{ name, value string }{{"License url", m.license}, {"Project url", m.project}, {"Icon url", m.icon}}
	if m.authors == "" && m.description == "" && m.license == "" && m.project == "" && m.icon == "" {
		return nil, nil
	}
	for _, one := range urls {
		if u, err := url.Parse(one.value); one.value != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong = append(wrong, one.name+" is an invalid URL")
		}
	}
	for _, one := range urls {
		if utf8.RuneCountInString(one.value) > 255 {
			wrong = append(wrong, one.name+" is too long (maximum is 255 characters)")
		}
	}
	if m.authors == "" {
		wrong = append(wrong, "Authors can't be blank")
	}
	if m.description == "" {
		wrong = append(wrong, "Description can't be blank")
	}
	return m, wrong
}

// links are the dependencies as they are stored: one for each name, with the last version that was named and the
// framework of the first entry that is the same.
func (n nuspec) links() (all []nugetDependency) {
	versions := map[string]string{}
	for _, d := range n.dependencies {
		versions[d.name] = d.version
	}
	for _, d := range n.dependencies {
		version, open := versions[d.name]
		if open && version == d.version {
			delete(versions, d.name)
			all = append(all, d)
		}
	}
	return all
}

// utf8Text turns UTF-16 into UTF-8; any other text stays as it is.
func utf8Text(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	default:
		return bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	units := make([]uint16, (len(text)-2)/2)
	for i := range units {
		units[i] = order.Uint16(text[2+2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// sameBytes takes a document's word for no encoding but UTF-8 and what was turned into it.
func sameBytes(_ string, in io.Reader) (io.Reader, error) { return in, nil }
