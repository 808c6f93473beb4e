package artifact

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

func readNuSpec(packed []byte) (NuSpec, error) {
	return ReadNuSpec(bytes.NewReader(packed), int64(len(packed)))
}

const nuspec = `<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata minClientVersion="2.12">
	<id> Acme.Core </id><version>1.0.0-Beta+5</version><authors>Zoë &amp; Max</authors><description><![CDATA[A <b>]]></description>
	<dependencies><dependency id="Other" version="2.0"/></dependencies><tags><id>no</id></tags>
</metadata><files/></package>`

// wide is text in UTF-16 without a byte order mark.
func wide(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func TestReadNuSpec(t *testing.T) {
	declared := `<?xml version="1.0" encoding="utf-16"?>` + nuspec
	for name, text := range map[string]string{
		"plain":                         nuspec,
		"declared":                      `<?xml version="1.0" encoding="utf-8"?>` + "\r\n" + nuspec,
		"with a mark":                   "\ufeff" + `<?xml version="1.0" encoding="UTF-8"?>` + nuspec,
		"UTF-16":                        wide(binary.LittleEndian, "\ufeff"+declared),
		"UTF-16, the other end first":   wide(binary.BigEndian, "\ufeff"+declared),
		"UTF-16 without a mark":         wide(binary.LittleEndian, declared),
		"UTF-16 without a mark, turned": wide(binary.BigEndian, declared),
		"declared as UTF-16, and UTF-8": declared,
		"Latin-1":                       strings.ReplaceAll(`<?xml version="1.0" encoding="ISO-8859-1"?>`+nuspec, "ë", "\xeb"),
		"without a namespace":           strings.Replace(nuspec, "xmlns", "x", 1),
		"with a prefix":                 strings.NewReplacer("xmlns=", "xmlns:n=", "<package", "<n:package", "/package", "/n:package", "metadata", "n:metadata").Replace(nuspec),
		"with a document type":          `<!DOCTYPE package SYSTEM "https://acme.example/x.dtd">` + nuspec,
	} {
		t.Run(name, func(t *testing.T) {
			packed := zipped(t, entry{"_rels/.rels", ""}, entry{"Acme.Core.NuSpec", text}, entry{"content/Other.nuspec", "no"}, entry{`lib\Other.nuspec`, "no"})
			spec, err := readNuSpec(packed)
			want := NuSpec{ID: "Acme.Core", Version: "1.0.0-Beta+5", Authors: "Zoë & Max", Description: "A <b>", Streamed: true}
			want.Bare = name == "without a namespace" || name == "with a prefix"
			if err != nil || spec != want {
				t.Errorf("read %+v, %v", spec, err)
			}
		})
	}
}

func TestReadNuSpecRefuses(t *testing.T) {
	bomb := `<!DOCTYPE package [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + strings.Replace(nuspec, "Acme.Core", "&b;", 1)
	for name, c := range map[string]struct {
		packed []byte
		says   string
	}{
		"no zip":       {[]byte(nuspec), "not a zip"},
		"none":         {zipped(t, entry{"lib/a.nuspec", nuspec}), "no .nuspec"},
		"two":          {zipped(t, entry{"a.nuspec", nuspec}, entry{"b.nuspec", nuspec}), "two .nuspec"},
		"no XML":       {zipped(t, entry{"a.nuspec", "plain"}), "a.nuspec"},
		"another root": {zipped(t, entry{"a.nuspec", "<module/>"}), "a.nuspec"},
		"cut short":    {zipped(t, entry{"a.nuspec", nuspec[:200]}), "a.nuspec"},
		"no id":        {zipped(t, entry{"a.nuspec", strings.Replace(nuspec, "Acme.Core", "", 1)}), "no id"},
		"no version":   {zipped(t, entry{"a.nuspec", strings.Replace(nuspec, "1.0.0-Beta+5", "", 1)}), "no version"},
		"entities":     {zipped(t, entry{"a.nuspec", bomb}), "entity"},
		"an encoding":  {zipped(t, entry{"a.nuspec", `<?xml version="1.0" encoding="ebcdic"?>` + nuspec}), "ebcdic"},
		"too large":    {zipped(t, entry{"a.nuspec", nuspec + strings.Repeat(" ", maxMetadata)}), "more than"},
		"too deep":     {zipped(t, entry{"a.nuspec", strings.Replace(nuspec, "<tags>", strings.Repeat("<x>", 100_000), 1)}), "a.nuspec"},
		"a link":       {linkZip(t, "a.nuspec", "/etc/passwd"), "no .nuspec"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readNuSpec(c.packed)
			unreadableFor(t, err, c.says)
		})
	}
}

func FuzzReadNuSpec(f *testing.F) {
	f.Add(zipped(f, entry{"a.nuspec", nuspec}))
	f.Add(zipEnd(zip64EndLength+zip64Locator+zipEndLength, 3))
	f.Fuzz(func(t *testing.T, packed []byte) {
		spec, err := readNuSpec(packed)
		if err != nil {
			unreadableFor(t, err, "")
		} else if spec.ID == "" || spec.Version == "" {
			t.Errorf("read %+v", spec)
		}
	})
}

func FuzzNuSpec(f *testing.F) {
	f.Add([]byte(nuspec))
	f.Add([]byte(wide(binary.LittleEndian, `<?xml version="1.0" encoding="utf-16"?>`+nuspec)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if spec, err := parseNuSpec(text); err == nil && (spec.ID == "" || spec.Version == "") {
			t.Errorf("read %+v", spec)
		}
	})
}
