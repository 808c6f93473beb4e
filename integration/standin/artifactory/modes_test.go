package artifactory_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/artifactory"
)

// Help names every mode.
func TestHelpIsComplete(t *testing.T) {
	_, err := artifactory.New(standin.Options{Modes: map[string]string{"colour": "blue"}})
	if err == nil {
		t.Fatal("any mode is accepted")
	}
	_, list, _ := strings.Cut(err.Error(), "this stand-in has ")
	modes := strings.Split(list, ", ")
	if len(modes) < 25 {
		t.Errorf("only %d modes: %s", len(modes), list)
	}
	for _, mode := range modes {
		if !regexp.MustCompile(`[ (]` + regexp.QuoteMeta(mode) + `=`).MatchString(artifactory.Help) {
			t.Errorf("Help does not describe %s", mode)
		}
	}
}

// What each switch changes that no transcript shows.
func TestModes(t *testing.T) {
	const aql = "/api/search/aql"
	for _, c := range []struct {
		mode, method, path, body string
		header                   string
		status                   int
		contains                 string
	}{
		{"bad-key=401", "GET", "/api/system/version", "", "X-JFrog-Art-Api: wrong", 401, "Bad credentials"},
		{"casing=lower", "GET", "/api/repositories?packageType=NuGet", "", "", 200, `"packageType" : "nuget"`},
		{"casing=upper", "GET", "/api/repositories?packageType=nuget", "", "", 200, `"packageType" : "NUGET"`},
		{"casing=mixed", "GET", "/api/repositories?packageType=rpm", "", "", 200, `"packageType" : "YUM"`},
		{"helm-urls=absolute", "GET", "/api/helm/helm-local/index.yaml", "", "", 200, `/artifactory/api/helm/helm-local/web-1.0.0.tgz"`},
		{"helm-urls=relative", "GET", "/api/helm/helm-local/index.yaml", "", "", 200, `- "web-1.0.0.tgz"`},
		{"pypi-hash=md5", "GET", "/api/pypi/pypi-local/simple/stray/", "", "", 200, `#md5=`},
		{"sha512=on", "GET", "/files-local/root.txt.sha512", "", "", 200, "2"},
		{"redirect-head=on", "HEAD", "/files-local/root.txt", "", "", 200, ""},
		{"redirect=1 redirect-head=on", "HEAD", "/files-local/root.txt", "", "", 302, ""},
		{"redirect=1 redirect-disable=off", "GET", "/files-local/root.txt?artifactory.disableRedirect=true", "", "", 302, ""},
		{"docker-path=off", "GET", "/../v2/docker-local/app/tags/list", "", "", 404, ""},
		{"aql-limit=7 aql-notify=reached", "POST", aql, folderQuery, "", 200, `"notification"`},
		{"aql-limit=7", "POST", aql, folderQuery, "", 200, "\"limit\" : 7\n}"},
		{"aql-limit=3 aql-notify=never", "POST", aql, folderQuery, "", 200, "\"total\" : 3\n}"},
		{"edition=oss oss-sort=accepted", "POST", aql, folderQuery, "", 200, `"total" : 7`},
		{"edition=expired", "GET", "/api/storage/files-local?list", "", "", 400, "activated with a valid license key"},
		{"edition=expired", "GET", "/api/system/version", "", "", 200, `"license"`},
		{"version=7.61.2", "GET", "/api/repositories/configurations", "", "", 400, ""},
		{"version=7.61.3", "GET", "/api/repositories/configurations", "", "", 200, `"FEDERATED"`},
		{"storageinfo=off", "GET", "/api/storageinfo", "", "", 403, "Forbidden"},
		{"version=6.20.1", "GET", "/api/storageinfo", "", "", 200, `"storageSummary" : {`},
	} {
		s := start(t, "small", strings.Fields(c.mode)...)
		var headers []string
		if c.header != "" {
			headers = append(headers, c.header)
		}
		target := c.path
		if rest, ok := strings.CutPrefix(target, "/.."); ok {
			s.url, target = strings.TrimSuffix(s.url, "/artifactory"), rest
		}
		if a := s.do(c.method, target, c.body, headers...); a.status != c.status || !strings.Contains(a.body, c.contains) {
			t.Errorf("%s: %s %s: %d %s", c.mode, c.method, c.path, a.status, a.body)
		}
	}
}

// files is what the summary says of one repository.
func (s server) files(repository string) (n int64) {
	s.t.Helper()
	var summary struct {
		List []struct {
			Key   string `json:"repoKey"`
			Files int64  `json:"filesCount"`
		} `json:"repositoriesSummaryList"`
	}
	a := s.get("/api/storageinfo")
	if err := json.Unmarshal([]byte(a.body), &summary); err != nil || a.status != http.StatusOK {
		s.t.Fatalf("%d %v: %s", a.status, err, a.body)
	}
	for _, one := range summary.List {
		if one.Key == repository {
			n = one.Files
		}
	}
	return n
}

func TestStorageSummary(t *testing.T) {
	for mode, want := range map[string][3]int64{"fresh": {40, 41, 41}, "cached": {40, 40, 41}, "wrong": {39, 39, 39}} {
		s := start(t, "100", "storageinfo="+mode)
		var got [3]int64
		got[0] = s.files(artifactory.Files)
		s.change(artifactory.Change{Op: "deploy", Repository: artifactory.Files, Path: "new.txt", Body: "new"},
			artifactory.Change{Op: "deploy", Repository: artifactory.Files, Path: "nightly/app/1.100.0/part-00001.bin", Body: "replaced"},
			artifactory.Change{Op: "deploy", Repository: artifactory.Files, Path: "a/b/c.txt", Body: "goes"},
			artifactory.Change{Op: "delete", Repository: artifactory.Files, Path: "a"})
		got[1] = s.files(artifactory.Files)
		if a := s.do(http.MethodPost, "/api/storageinfo/calculate", ""); a.status != http.StatusAccepted {
			t.Errorf("%d %s", a.status, a.body)
		}
		if got[2] = s.files(artifactory.Files); got != want {
			t.Errorf("%s: %v files, want %v", mode, got, want)
		}
	}
}

// A token that ended is good again when somebody renews it.
func TestTokensEnd(t *testing.T) {
	s := start(t, "10", "token-expires=2")
	for i, want := range []int{200, 200, 401, 401} {
		if a := s.get("/api/system/version"); a.status != want {
			t.Errorf("request %d: %d", i, a.status)
		}
	}
	if a := s.do(http.MethodPost, "/_standin/mutate", `[{"op":"renew"}]`); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.get("/api/system/version"); a.status != http.StatusOK {
		t.Errorf("renewed: %d", a.status)
	}
}
