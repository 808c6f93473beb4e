package mapping

import (
	"testing"

	"pkgferry/internal/artifact"
)

func TestUnmet(t *testing.T) {
	art := Offer{Source: "art", Formats: artifact.Formats(), Foreign: true, Metadata: []string{artifact.NPMDeprecated}, Properties: true}
	npm := Offer{Source: "npm", Formats: []artifact.Format{artifact.NPM}, Metadata: []string{artifact.NPMDeprecated, artifact.NPMAttestations}}
	hub := Offer{Source: "hub", Formats: []artifact.Format{artifact.Container}, Metadata: []string{artifact.ImageMediaType}}
	has := func(keys ...string) map[string][]string {
		all := map[string][]string{}
		for _, key := range keys {
			all[key] = []string{"*"}
		}
		return all
	}
	for name, c := range map[string]struct {
		match  Match
		offers []Offer
		key    string
		why    string
	}{
		"all":                  {Match{}, []Offer{npm}, "", ""},
		"by glob":              {Match{Source: []string{"n*"}, Format: []string{"n*"}}, []Offer{npm, hub}, "", ""},
		"no such source":       {Match{Source: []string{"x*"}}, []Offer{npm, hub}, "source", "no source is called so"},
		"one of two formats":   {Match{Format: []string{"maven", "npm"}}, []Offer{npm, hub}, "", ""},
		"no such format":       {Match{Format: []string{"maven"}}, []Offer{npm, hub}, "format", "none of the sources lists it: npm, hub"},
		"of another source":    {Match{Source: []string{"npm"}, Format: []string{"container"}}, []Offer{npm, hub}, "format", "none of the sources lists it: npm"},
		"foreign":              {Match{Format: []string{"rpm"}}, []Offer{art}, "", ""},
		"foreign, not there":   {Match{Format: []string{"rpm"}}, []Offer{npm}, "format", "none of the sources lists it: npm"},
		"deprecated":           {Match{Properties: has("deprecated")}, []Offer{npm, hub}, "", ""},
		"of npm alone":         {Match{Format: []string{"container"}, Properties: has("deprecated")}, []Offer{npm, hub, art}, "properties", `none of the sources tells "deprecated" of such a package: npm, hub, art`},
		"any, of Artifactory":  {Match{Properties: has("build.name")}, []Offer{npm, art}, "", ""},
		"any, elsewhere":       {Match{Source: []string{"npm"}, Properties: has("build.name")}, []Offer{npm, art}, "properties", `none of the sources tells "build.name" of such a package: npm`},
		"known, no property":   {Match{Source: []string{"art"}, Properties: has("attestations")}, []Offer{npm, art}, "properties", `none of the sources tells "attestations" of such a package: art`},
		"each by another":      {Match{Properties: has("attestations", "mediaType")}, []Offer{npm, hub}, "", ""},
		"told by a wrong type": {Match{Format: []string{"npm"}, Properties: has("mediaType")}, []Offer{npm, hub}, "properties", `none of the sources tells "mediaType" of such a package: npm, hub`},
	} {
		if key, why := c.match.Unmet(c.offers); key != c.key || why != c.why {
			t.Errorf("%s: %q %q, want %q %q", name, key, why, c.key, c.why)
		}
	}
}
