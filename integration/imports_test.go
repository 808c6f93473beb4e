package integration

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "pkgferry/"

// allowed says which packages of this module, and which foreign modules, each package may import beside the standard
// library. A name with a trailing slash stands for everything below it; "*" is anything. What is not in the table may
// import nothing, so a new package needs a row.
var allowed = map[string][]string{
	"internal/artifact": {"internal/fault", "github.com/package-url/packageurl-go", "github.com/goccy/go-yaml", "github.com/goccy/go-yaml/"},
	"internal/fault":    {},
	"internal/httpx":    {"internal/fault", "golang.org/x/time/rate"},
	"internal/jsonwalk": {},
	"internal/config":   {"internal/artifact", "github.com/goccy/go-yaml", "github.com/goccy/go-yaml/", "github.com/dustin/go-humanize", "github.com/bmatcuk/doublestar/v4"},
	"mapping":           {"internal/artifact", "github.com/bmatcuk/doublestar/v4"},
	"sources":           {"internal/artifact", "internal/fault", "github.com/sourcegraph/conc"},
	"sinks":             {"internal/artifact", "internal/fault"},
	"sources/":          {"sources", "sources/oci", "sources/packument", "internal/artifact", "internal/fault", "internal/httpx", "internal/jsonwalk", "foreign"},
	"sinks/":            {"sinks", "internal/artifact", "internal/fault", "internal/httpx", "foreign"},
	"checkpoint":        {"internal/artifact", "foreign"},
	"internal/engine": {"sources", "sinks", "mapping", "checkpoint", "internal/artifact", "internal/fault",
		"github.com/sourcegraph/conc", "github.com/sourcegraph/conc/"},
	"internal/control":    {"internal/engine", "internal/httpx", "checkpoint", "internal/artifact", "github.com/dustin/go-humanize"},
	"internal/metrics":    {"internal/engine", "internal/httpx", "checkpoint", "internal/artifact", "internal/fault", "github.com/prometheus/client_golang/"},
	"internal/report":     {"checkpoint", "internal/artifact", "internal/fault", "foreign"},
	"internal/scan":       {"checkpoint", "internal/artifact", "github.com/sourcegraph/conc/"},
	"internal/clients":    {"checkpoint", "mapping", "internal/artifact", "internal/fault", "foreign"},
	"integration":         {},
	"integration/standin": {},
	// A stand-in may use the grammar of the formats, never an adapter.
	"integration/standin/":         {"integration/standin", "integration/standin/registry", "integration/standin/fixture", "internal/artifact"},
	"integration/standin/registry": {"integration/standin", "internal/artifact", "github.com/google/go-containerregistry/"},
	"integration/standin/artifactory": {"integration/standin", "integration/standin/registry", "integration/standin/fixture",
		"integration/standin/artifactory/", "internal/artifact", "github.com/bmatcuk/doublestar/v4", "github.com/dustin/go-humanize",
		"github.com/google/go-containerregistry/"},
	"integration/standin/artifactory/aql": {},
	"integration/standin/dockerhub":       {"integration/standin", "integration/standin/registry", "github.com/google/go-containerregistry/"},
	"integration/standin/gitlab":          {"integration/standin", "internal/artifact", "github.com/goccy/go-yaml", "github.com/goccy/go-yaml/"},
	"integration/realserver":              {},
	"integration/shelf":                   {"sources", "internal/artifact", "internal/fault", "github.com/google/go-containerregistry/"},
	"cmd/":                                {"*"},
}

// rule finds the row of a package: its own, else that of the nearest folder above it.
func rule(pkg string) ([]string, bool) {
	if row, ok := allowed[pkg]; ok {
		return row, true
	}
	for dir := path.Dir(pkg); dir != "."; dir = path.Dir(dir) {
		if row, ok := allowed[dir+"/"]; ok {
			return row, true
		}
	}
	return nil, false
}

// permitted tells whether a row lets imp in. "foreign" is every module but this one.
func permitted(row []string, imp string) bool {
	ours := strings.HasPrefix(imp, module)
	name := strings.TrimPrefix(imp, module)
	return slices.ContainsFunc(row, func(one string) bool {
		return one == "*" && !strings.HasPrefix(name, "cmd/") ||
			one == "foreign" && !ours ||
			one == name ||
			strings.HasSuffix(one, "/") && strings.HasPrefix(name, one)
	})
}

func TestImportsFollowTheRules(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(pkg.ImportPath, module)
		row, ok := rule(name)
		if !ok {
			t.Errorf("%s has no row in the table of imports", name)
		}
		for _, imp := range pkg.Imports {
			standard := !strings.Contains(strings.Split(imp, "/")[0], ".") && !strings.HasPrefix(imp, module)
			if ok && !standard && !permitted(row, imp) {
				t.Errorf("%s must not import %s", name, imp)
			}
		}
	}
	if packages < 10 {
		t.Errorf("only %d packages were looked at", packages)
	}
}

func TestImportRules(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		want     bool
	}{
		{"internal/fault", "pkgferry/internal/artifact", false},
		{"internal/engine", "pkgferry/sinks", true},
		{"internal/engine", "pkgferry/sinks/gitlab", false},
		{"sources/nexus", "pkgferry/sources", true},
		{"sources/nexus", "pkgferry/sources/npmjs", false},
		{"sources/nexus", "pkgferry/internal/engine", false},
		{"sources/nexus", "pkgferry/integration/standin", false},
		{"integration/standin/gitlab", "pkgferry/sinks/gitlab", false},
		{"cmd/pkgferry", "pkgferry/sinks/gitlab", true},
		{"cmd/pkgferry", "pkgferry/cmd/standin", false},
		{"internal/report", "pkgferry/cmd/pkgferry", false},
	} {
		row, ok := rule(c.pkg)
		if !ok || permitted(row, c.imp) != c.want {
			t.Errorf("%s imports %s: want permitted %v", c.pkg, c.imp, c.want)
		}
	}
}
