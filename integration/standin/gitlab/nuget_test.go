package gitlab_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zipped packs name, text pairs. The heads of the entries tell the sizes, as NuGet's own packer writes them, unless a
// name ends in "~": then they stand behind the data.
func zipped(t testing.TB, pairs ...string) string {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for i := 0; i < len(pairs); i += 2 {
		name, streamed := strings.CutSuffix(pairs[i], "~")
		var packed bytes.Buffer
		deflated, err := flate.NewWriter(&packed, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(deflated, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
		if err := deflated.Close(); err != nil {
			t.Fatal(err)
		}
		head := &zip.FileHeader{
			Name: name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(pairs[i+1])),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(pairs[i+1])),
		}
		if streamed {
			head.Flags = 8
		}
		part, err := w.CreateRaw(head)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(packed.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

const nuspecSpace = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"

// nuspecOf is a specification; more goes into its metadata.
func nuspecOf(id, version string, more ...string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><package xmlns="%s"><metadata><id>%s</id><version>%s</version>`+
		`<authors>Acme</authors><description>What it does</description>%s</metadata></package>`, nuspecSpace, id, version, strings.Join(more, ""))
}

func nupkg(t testing.TB, id, version string, more ...string) string {
	t.Helper()
	return zipped(t, "_rels/.rels", "<x/>", id+".nuspec", nuspecOf(id, version, more...), "lib/a.dll", "MZ")
}

const symbolsPackage = `<packageTypes><packageType name="SymbolsPackage"/></packageTypes>`

// nuget is the address of the registry, which takes numbers only.
func (c client) nuget() string { return c.numbered("nuget-packages") + "/nuget" }

func (c client) numbered(name string) string {
	c.t.Helper()
	var p struct{ ID int }
	if err := json.Unmarshal([]byte(c.want(200, "*", "GET", api+name, "").body), &p); err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("/api/v4/projects/%d/packages", p.ID)
}

// push sends a package as the owner.
func (c client) push(status int, answer, path, content string) {
	c.t.Helper()
	body, header := form(c.t, "package;client.nupkg", content)
	c.as("").want(status, answer, "PUT", path, body, header, basic("owner", c.token))
}

const nugetPackages = api + "nuget-packages/packages"

func TestNuGetPublish(t *testing.T) {
	c := start(t, "settle=manual")
	to := c.nuget() + "/"
	const invalid = `{"message":"Validation failed: `
	long := strings.Repeat("x", 4<<20+1)
	for _, row := range []struct {
		status          int
		answer, content string
	}{
		{201, created, nupkg(t, "Acme.Tool", "1.0.0-Beta")},
		{201, created, nupkg(t, "ACME.Tool", "1.0.0-beta")},
		{201, created, nupkg(t, "Acme.Tool", "1.0+build.7")},
		{400, invalid + `Name is invalid"}`, nupkg(t, "Acme Tool", "1.0")},
		{400, invalid + `Version is invalid"}`, nupkg(t, "a", "1")},
		{400, invalid + `Version is invalid"}`, nupkg(t, "a", "1.01.0")},
		{400, invalid + `Name can't be blank, Name is invalid, Version is invalid"}`,
			zipped(t, "a.nuspec", `<package xmlns="x"><metadata/></package>`)},
		{400, invalid + `License url is an invalid URL"}`, nupkg(t, "a", "1.0", "<licenseUrl>nowhere</licenseUrl>")},
		{400, invalid + `Authors can't be blank"}`,
			zipped(t, "a.nuspec", `<package xmlns="x"><metadata><id>a</id><version>1.0</version><description>d</description></metadata></package>`)},
		{400, `{"message":"nuspec file not found"}`, "no zip"},
		{400, `{"message":"nuspec file not found"}`, zipped(t, "readme.txt", "x")},
		{400, `{"message":"nuspec file too big"}`, zipped(t, "a.nuspec", long)},
		{500, `{"message":"500 Internal Server Error"}`, zipped(t, "a.nuspec~", nuspecOf("a", "1.0"))},
		{500, `{"message":"500 Internal Server Error"}`, zipped(t, "_rels/.rels~", "x", "a.nuspec", nuspecOf("a", "1.0"))},
		{500, `{"message":"500 Internal Server Error"}`, zipped(t, "a.nuspec", strings.Replace(nuspecOf("a", "1.0"), ` xmlns="`+nuspecSpace+`"`, "", 1))},
		{201, created, zipped(t, "a.nuspec", nuspecOf("behind", "1.0.0"), "lib/a.dll~", "x")},
		{201, created, zipped(t, "deep/a.nuspec", nuspecOf("deep", "1.0.0"))},
		{201, created, zipped(t, "a.nuspec", `<package xmlns="x"><metadata><id>bare</id><version>1.2.3.4</version></metadata></package>`)},
	} {
		c.push(row.status, row.answer, to, row.content)
	}
	var got []string
	for _, row := range c.rows(nugetPackages + "?package_type=nuget") {
		got = append(got, fmt.Sprint(row["name"], " ", row["version"], " ", row["status"]))
	}
	want := []string{"Acme.Tool 1.0.0-Beta default", "Acme.Tool 1.0+build.7 default", "behind 1.0.0 default", "deep 1.0.0 default", "bare 1.2.3.4 default"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	files := c.files(nugetPackages, 0)
	if diff := cmp.Diff([]any{"acme.tool.1.0.0-beta.nupkg", "acme.tool.1.0.0-beta.nupkg"}, column(files, "file_name")); diff != "" {
		t.Error(diff)
	}
	if f := files[0]; f["file_sha256"] != nil || f["file_sha1"] != nil || f["file_md5"] != nil || f["size"] == 0.0 {
		t.Errorf("NuGet files have no digests: %v", f)
	}
}

// TestNuGetSameVersion shows what is taken for the version that is there: another case, or the normal form of a stored
// version. The stored normal form does not find other spellings of itself.
func TestNuGetSameVersion(t *testing.T) {
	c := start(t, "nuget.duplicates=false", "nuget.duplicates.except=Free.*|2\\.0")
	to := c.nuget() + "/"
	const exists = `{"message":"A package with the same name and version already exists"}`
	c.push(201, created, to, nupkg(t, "Acme", "1.0"))
	c.push(409, exists, to, nupkg(t, "acme", "1.0"))
	c.push(409, exists, to, nupkg(t, "acme", "1.0.0"))
	c.push(201, created, to, nupkg(t, "acme", "1.0.0.1"))
	c.push(201, created, to, nupkg(t, "other", "1.0.0"))
	c.push(201, created, to, nupkg(t, "other", "1.0"))
	c.push(201, created, to, nupkg(t, "Free.Tool", "1.0"))
	c.push(201, created, to, nupkg(t, "Free.Tool", "1.0"))
	c.push(201, created, to, nupkg(t, "acme", "2.0"))
	c.push(201, created, to, nupkg(t, "acme", "2.0"))
	c.mutate(`{"mode":{"nuget.duplicates":"true"}}`)
	c.push(201, created, to, nupkg(t, "acme", "1.0"))
	c.push(409, exists, to, nupkg(t, "acme", "2.0")) // what may not be, when duplicates may
	c.mutate(`{"fault":"lock@write=1"}`)
	c.push(409, `{"message":"Failed to obtain a lock. Please try again."}`, to, nupkg(t, "acme", "3.0"))
	c.push(201, created, to, nupkg(t, "acme", "3.0"))
	c.mutate(`{"fault":"objectstore@write=1"}`)
	c.push(403, `{"message":"403 Forbidden"}`, to, nupkg(t, "acme", "4.0"))
	c.push(201, created, to, nupkg(t, "acme", "4.0"))
	if lines := c.dump(); len(lines) != 11 {
		t.Errorf("%d files: %v", len(lines), lines)
	}
}

func TestNuGetAddresses(t *testing.T) {
	c := start(t, "limit.nuget=2000")
	base := c.nuget()
	content := nupkg(t, "Acme", "1.0.0")
	body, header := form(t, "package;a.nupkg", content)
	put := func(status int, answer, path string, headers ...string) {
		t.Helper()
		c.as("").want(status, answer, "PUT", path, body, append(headers, header)...)
	}
	apiKey := "X-NuGet-ApiKey: standin-owner"
	put(201, created, base+"/", apiKey)
	put(201, created, base+"/v2", apiKey)
	put(201, created, base+"/", "X-NuGet-ApiKey: standin-deploy")
	put(201, created, base+"/", basic("standin-deploy", "standin-deploy"))
	put(201, created, base+"/", basic("gitlab-ci-token", "standin-job"))
	put(401, `{"message":"401 Unauthorized"}`, base+"/", basic("any", "standin-owner"))
	put(401, `{"message":"401 Unauthorized"}`, base+"/", "PRIVATE-TOKEN: standin-owner")
	put(401, `{"message":"401 Unauthorized"}`, base+"/")
	put(400, `{"message":"400 Bad request - Found more than one set of credentials"}`, base+"/", apiKey, basic("owner", "standin-owner"))
	put(403, `{"message":"403 Forbidden"}`, base+"/", "X-NuGet-ApiKey: standin-reporter")
	put(404, `{"message":"404 Not Found"}`, base+"/", "X-NuGet-ApiKey: standin-stranger")
	put(404, `{"message":"404 Not Found"}`, "/api/v4/projects/99999/packages/nuget/", apiKey)
	put(400, `{"error":"id is invalid"}`, nugetPackages+"/nuget/", apiKey)
	put(400, `{"error":"package is invalid"}`, base)
	c.want(400, `{"error":"package is missing"}`, "PUT", base, "x")
	c.as("").want(400, `{"error":"package is missing"}`, "PUT", base+"/", "x", apiKey)
	other, otherHeader := form(t, "nupkg;a.nupkg", content)
	c.as("").want(400, `{"error":"package is missing"}`, "PUT", base+"/", other, otherHeader, apiKey)
	c.push(413, "entity is too large", base+"/", strings.Repeat("x", 2001))
	c.push(400, `{"message":"400 Bad request - File is too large"}`, base+"/", strings.Repeat("x", 2000))
	c.mutate(`{"set":{"project":"acme/artifact-management/nuget-packages","visibility":"public"}}`)
	c.as("").want(200, "*", "GET", base+"/download/acme/index.json", "")
	c.as("").want(401, "*", "GET", base+"/download/acme/index.json", "", basic("owner", "nonsense"))
	c.as("").want(401, "*", "DELETE", base+"/acme/1.0.0", "")
	c.as("").want(403, "*", "DELETE", base+"/acme/1.0.0", "", basic("developer", "standin-developer"))
	c.as("").want(204, "", "DELETE", base+"/acme/1.0.0", "", basic("owner", "standin-owner"))
	c.as("").want(404, `{"message":"404 Package Not Found"}`, "DELETE", base+"/acme/1.0.0", "", apiKey)
}

// messages are the packages in error, with their reasons.
func (c client) messages(project string) []string {
	c.t.Helper()
	var got struct {
		Project struct {
			Packages struct {
				Nodes []struct{ Name, Status, StatusMessage string }
			}
		}
	}
	answer := c.graphql(`{project(fullPath:"acme/artifact-management/` + project + `"){packages(status:ERROR,sort:CREATED_ASC){nodes{name status statusMessage}}}}`)
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		c.t.Fatalf("%s: %v", answer, err)
	}
	all := []string{}
	for _, n := range got.Project.Packages.Nodes {
		all = append(all, n.Name+": "+n.StatusMessage)
	}
	return all
}

func TestNuGetBackground(t *testing.T) {
	c := start(t, "settle=manual", "nuget=async")
	to := c.nuget() + "/"
	settle := func() { t.Helper(); c.want(200, "*", "POST", "/_standin/clock", "{}") }
	c.push(201, created, to, nupkg(t, "Acme", "1.0", "<tags>one two</tags>"))
	rows := c.rows(nugetPackages + "?status=processing")
	if len(rows) != 1 || rows[0]["name"] != "NuGet.Temporary.Package" || !strings.HasPrefix(rows[0]["version"].(string), "0.0.0-") {
		t.Fatalf("placeholder: %v", rows)
	}
	if lines := c.dump(); len(lines) != 1 || !strings.Contains(lines[0], " package.nupkg ") {
		t.Errorf("stored: %v", lines)
	}
	if all := c.rows(nugetPackages); len(all) != 0 {
		t.Errorf("listed while it is processed: %v", all)
	}
	settle()
	now := c.rows(nugetPackages)
	if len(now) != 1 || now[0]["id"] != rows[0]["id"] || now[0]["name"] != "Acme" || now[0]["version"] != "1.0" {
		t.Fatalf("afterwards: %v", now)
	}
	c.push(201, created, to, nupkg(t, "acme", "1.0.0"))
	settle()
	if rows = c.rows(nugetPackages); len(rows) != 1 || len(c.files(nugetPackages, 0)) != 2 {
		t.Errorf("a duplicate: %v", rows)
	}
	c.mutate(`{"protect":{"project":"acme/artifact-management/nuget-packages","format":"nuget","pattern":"Secret*","role":"admin"}}`)
	c.mutate(`{"mode":{"nuget.duplicates":"false"}}`)
	c.mutate(`{"fault":"500@settle=1"}`)
	c.push(201, created, to, nupkg(t, "struck", "1.0"))
	settle()
	for _, content := range []string{
		nupkg(t, "ACME", "1.0"), nupkg(t, "secret.tool", "1.0"), "no zip", "", zipped(t, "deep/a.nuspec", nuspecOf("a", "1.0")),
		zipped(t, "a.nuspec", `<package xmlns="x"><metadata><id>a</id><version>1.0</version></metadata></package>`),
		nupkg(t, "a b", "1.0"), nupkg(t, "sym", "1.0", symbolsPackage), zipped(t, "a.nuspec", "<package>"),
	} {
		c.push(201, created, to, content)
	}
	settle()
	want := []string{
		"Unexpected error: StandardError",
		"A package 'ACME' with version '1.0' already exists",
		"Package 'secret.tool' with version '1.0' is protected",
		"Unexpected error: Zip::Error",
		"Unexpected error: Packages::Nuget::ProcessPackageFileService::ExtractionError",
		"nuspec file not found",
		"package name, version, authors and/or description not found in metadata",
		"Validation failed: Name is invalid",
		"symbol package is invalid, matching package does not exist",
		"Unexpected error: Nokogiri::XML::XPath::SyntaxError",
	}
	for i := range want {
		want[i] = "NuGet.Temporary.Package: " + want[i]
	}
	if diff := cmp.Diff(want, c.messages("nuget-packages")); diff != "" {
		t.Error(diff)
	}
	// A streamed zip is no trouble for the background.
	c.push(201, created, to, zipped(t, "a.nuspec~", nuspecOf("streamed", "1.0")))
	settle()
	if rows = c.rows(nugetPackages + "?package_name=streamed"); len(rows) != 1 {
		t.Errorf("streamed: %v", rows)
	}
}

func TestNuGetSymbols(t *testing.T) {
	c := start(t, "settle=immediate")
	to := c.nuget()
	c.push(201, created, to+"/symbolpackage", nupkg(t, "Acme", "1.0", symbolsPackage))
	want := []string{"NuGet.Temporary.SymbolPackage: symbol package is invalid, matching package does not exist"}
	if diff := cmp.Diff(want, c.messages("nuget-packages")); diff != "" {
		t.Error(diff)
	}
	c.push(201, created, to+"/", nupkg(t, "Acme", "1.0"))
	c.push(201, created, to+"/symbolpackage", nupkg(t, "Acme", "1.0", symbolsPackage))
	c.push(201, created, to+"/symbolpackage", nupkg(t, "Acme", "1.0")) // it does not call itself one
	files := c.files(nugetPackages, 1)
	if diff := cmp.Diff([]any{"acme.1.0.nupkg", "acme.1.0.snupkg", "acme.1.0.nupkg"}, column(files, "file_name")); diff != "" {
		t.Error(diff)
	}
	owner := basic("owner", c.token)
	c.as("").want(200, "*", "GET", to+"/download/acme/1.0.0/acme.1.0.0.snupkg", "", owner)
	c.as("").want(403, `{"message":"403 Forbidden"}`, "GET", to+"/symbolfiles/a.pdb/x/a.pdb", "")
}
