package gitlab

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

func manifest(t *testing.T, text string) artifact.NPMManifest {
	t.Helper()
	m := artifact.NPMManifest{}
	if err := json.Unmarshal([]byte(text), &m.Fields); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(m.Fields["name"], &m.Name)
	_ = json.Unmarshal(m.Fields["version"], &m.Version)
	return m
}

func TestVersionObject(t *testing.T) {
	m := manifest(t, `{"name":"@acme/ui","version":"1.0.0","description":"left out","main":"x.js",
		"dependencies":{"a":"^1","b":7},"devDependencies":[],"peerDependencies":{"react":"*"},"optionalDependencies":{"o":"1"},
		"bundledDependencies":["a"],"bin":"cli.js","engines":["node >= 0.4"],"directories":{"bin":"b"},
		"scripts":{"postinstall":"a && b < c","zero":1e2}}`)
	m.Shrinkwrap = true
	sums := artifact.Digests{SHA1: "da39a3ee", SHA512: "00ff"}
	text, err := npmVersion(ui("1.0.0"), m, sums, "http://gitlab.example/ui.tgz", "use <@acme/new>")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"_hasShrinkwrap":true,"bin":{"ui":"cli.js"},"bundleDependencies":["a"],"dependencies":{"a":"^1"},"deprecated":"use <@acme/new>",` +
		`"directories":{"bin":"b"},"dist":{"integrity":"sha512-AP8=","shasum":"da39a3ee","tarball":"http://gitlab.example/ui.tgz"},` +
		`"engines":["node >= 0.4"],"hasInstallScript":true,"name":"@acme/ui","optionalDependencies":{"o":"1"},"peerDependencies":{"react":"*"},` +
		`"scripts":{"postinstall":"a && b < c","zero":1e2},"version":"1.0.0"}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestVersionObjectIsThatOfTheTarball(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"name":"@acme/ui","version":"1.0.0"}`:      true,
		`{"name":"@acme/ui","version":"1.0.0+b7"}`:   true,
		`{"name":"@acme/UI","version":"1.0.0"}`:      false,
		`{"name":"@acme/ui","version":"v1.0.0"}`:     false,
		`{"name":"@acme/ui","version":"1.0.0-rc.1"}`: false,
	} {
		_, err := npmVersion(ui("1.0.0"), manifest(t, text), artifact.Digests{}, "", "")
		if ok != (err == nil) || !ok && fault.CodeOf(err) != string(artifact.TargetRejected) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func entries(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"dependency-%06d":"^1.0.0"`, i))
	}
	return "{" + strings.Join(all, ",") + "}"
}

func TestVersionObjectIsShortened(t *testing.T) {
	const head = `{"name":"@acme/ui","version":"1.0.0",`
	for name, c := range map[string]struct {
		text   string
		says   string
		keeps  string
		reason artifact.Reason
	}{
		"fits":                    {head + `"devDependencies":` + entries(300) + `}`, "", "devDependencies", ""},
		"without the development": {head + `"devDependencies":` + entries(400) + `,"dependencies":` + entries(300) + `}`, "", "dependencies", ""},
		"many for development":    {head + `"devDependencies":` + entries(501) + `}`, "", "", ""},
		"too many":                {head + `"dependencies":` + entries(501) + `}`, "501 entries", "", artifact.MetadataTooLarge},
		"too large":               {head + `"scripts":{"x":"` + strings.Repeat("é", 20_000) + `"}}`, "stores less than 20000", "", artifact.MetadataTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := npmVersion(ui("1.0.0"), manifest(t, c.text), artifact.Digests{}, "", "")
			if fault.CodeOf(err) != string(c.reason) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if err == nil && (storedCharacters(text) >= maxNPMVersion || len(text) > fullRoom-4096) {
				t.Errorf("%d characters", storedCharacters(text))
			}
			if c.keeps != "" && !strings.Contains(string(text), `"`+c.keeps+`":{`) {
				t.Errorf("%s is gone", c.keeps)
			}
		})
	}
}

// Ruby prints {"a" => "b", "c" => nil} where JSON has {"a":"b","c":null}; what GitLab counts is never more than we do.
func TestStoredCharacters(t *testing.T) {
	for text, ruby := range map[string]string{
		`{"a":"b","c":[1,2]}`:     `{"a" => "b", "c" => [1, 2]}`,
		`{"a":"x#{y}: \"q\", é"}`: `{"a" => "x\#{y}: \"q\", é"}`,
		"{\"a\":\"\u200d\"}":      `{"a" => "\u200D"}`,
	} {
		if got, want := storedCharacters([]byte(text)), len([]rune(ruby)); got < want || got > want+4 {
			t.Errorf("%s: counted %d, Ruby prints %d", text, got, want)
		}
	}
}
