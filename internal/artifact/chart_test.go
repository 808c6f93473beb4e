package artifact

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"pkgferry/internal/fault"
)

func TestReadChart(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Chart
	}{
		"ordinary":          {"apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n- name: db\n  version: 9.0.0\n", Chart{"web", "1.2.3"}},
		"quoted, Windows":   {"\"name\": 'web'\r\nversion: \"v1.0.0+a\"\r\n", Chart{"web", "v1.0.0+a"}},
		"as it is written":  {"name: 007\nversion: 1.10\n", Chart{"007", "1.10"}},
		"a word of YAML":    {"name: true\nversion: 1.0.0", Chart{"true", "1.0.0"}},
		"JSON":              {`{"name":"web","version":"1.0.0","x":{"name":"y"}}`, Chart{"web", "1.0.0"}},
		"first of two":      {"---\nname: web\nversion: 1.0.0\n---\nname: other\nversion: 2.0.0\n", Chart{"web", "1.0.0"}},
		"the last of equal": {"name: a\nname: web\nversion: 1.0.0\n", Chart{"web", "1.0.0"}},
		"folded, tagged":    {"name: >-\n  web\nversion: !!str 1.0.0 # comment\n", Chart{"web", "1.0.0"}},
		"an anchor":         {"name: &n web\nversion: 1.0.0\nalias: *n\n", Chart{"web", "1.0.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			chart, err := ReadChart(bytes.NewReader(tarball(t,
				entry{"Chart.yaml", "name: outside\nversion: 0.0.1\n"}, entry{"./web/Chart.yaml", c.text},
				entry{"web/charts/db/Chart.yaml", "name: db\nversion: 9.0.0\n"})))
			if err != nil || chart != c.want {
				t.Errorf("read %+v, %v", chart, err)
			}
		})
	}
}

func TestReadChartBehindAnother(t *testing.T) {
	for _, first := range []string{"web/charts/db/Chart.yaml", "../Chart.yaml", "./Chart.yaml", "/Chart.yaml"} {
		_, err := ReadChart(bytes.NewReader(tarball(t,
			entry{first, "name: db\nversion: 9.0.0\n"}, entry{"web/Chart.yaml", "name: web\nversion: 1.0.0\n"})))
		if fault.CodeOf(err) != string(IdentityMismatch) || !strings.Contains(err.Error(), first) {
			t.Errorf("%s: got %v", first, err)
		}
	}
}

func TestReadChartRefuses(t *testing.T) {
	chart := func(text string) []byte { return tarball(t, entry{"web/Chart.yaml", text}) }
	for name, c := range map[string]struct {
		packed []byte
		says   string
	}{
		"no gzip":            {[]byte("plain"), "not gzip"},
		"none":               {tarball(t, entry{"web/values.yaml", ""}, entry{"web/charts/db/Chart.yaml", ""}), "no Chart.yaml"},
		"a link":             {tarOf(t, &tar.Header{Typeflag: tar.TypeSymlink, Name: "web/Chart.yaml", Linkname: "/etc/passwd"}), "no Chart.yaml"},
		"cut short":          {chart("name: web\nversion: 1.0.0\n")[:60], "damaged"},
		"no YAML":            {chart("name: [web\n"), "Chart.yaml"},
		"a list":             {chart("- name: web\n- version: 1.0.0\n"), "no name"},
		"empty":              {chart(""), "no name"},
		"no name":            {chart("version: 1.0.0\n"), "no name"},
		"no version":         {chart("name: web\nversion:\n"), "no version"},
		"name is a list":     {chart("name: [web]\nversion: 1.0.0\n"), "no name"},
		"name is an alias":   {chart("x: &x web\nname: *x\nversion: 1.0.0\n"), "no name"},
		"too large":          {chart("name: web\nversion: 1.0.0\n" + strings.Repeat("#\n", maxChart/2)), "more than"},
		"too long":           {chart("name: web\nversion: 1.0.0\nx:\n" + strings.Repeat("- a\n", maxYAMLTokens)), "too long"},
		"deep lists":         {chart("name: web\nversion: 1.0.0\nx: " + strings.Repeat("[", 1000)), "too deep"},
		"deep maps":          {chart("x: " + strings.Repeat("{a: ", 1000) + strings.Repeat("}", 1000)), "too deep"},
		"deep entries":       {chart(strings.Repeat("- ", 1000)), "too deep"},
		"deep keys":          {chart(strings.Repeat("? ", 1000)), "too deep"},
		"deep tags":          {chart(strings.Repeat("!a\n", 1000)), "too deep"},
		"aliases of aliases": {chart("a: &a [x,x,x,x,x,x,x,x,x]\n" + bombOf("abcdefghi") + "name: *i\nversion: *i\n"), "no name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadChart(bytes.NewReader(c.packed))
			unreadableFor(t, err, c.says)
		})
	}
}

// bombOf is YAML in which each letter stands for nine of the one before.
func bombOf(letters string) string {
	var text strings.Builder
	for i := 1; i < len(letters); i++ {
		before := "*" + letters[i-1:i] + ","
		text.WriteString(letters[i:i+1] + ": &" + letters[i:i+1] + " [" + strings.Repeat(before, 8) + strings.TrimSuffix(before, ",") + "]\n")
	}
	return text.String()
}

func TestHelmNames(t *testing.T) {
	if got := HelmFile("web", "1.0.0+a"); got != "web-1.0.0+a.tgz" {
		t.Errorf("got %s", got)
	}
	for file, want := range map[string]bool{"web-1.0.0.tgz.prov": true, "web-1.0.0.tgz": false, "prov": false} {
		if HelmProvenance(file) != want {
			t.Errorf("%s: want %v", file, want)
		}
	}
}

func FuzzReadChart(f *testing.F) {
	f.Add(tarball(f, entry{"web/Chart.yaml", "name: web\nversion: 1.0.0\n"}))
	f.Fuzz(func(t *testing.T, packed []byte) {
		chart, err := ReadChart(bytes.NewReader(packed))
		if (err == nil) != (chart != Chart{}) || err != nil && fault.CodeOf(err) == "" {
			t.Errorf("read %+v, %v", chart, err)
		}
	})
}

func FuzzChart(f *testing.F) {
	for _, seed := range []string{
		"name: web\nversion: 1.0.0\n", `{"name":"web","version":"1"}`, "a: &a [x]\n<<: *a\nname: !!str |\n  x\n", "? - - a\n: b\n", "%YAML 1.2\n---\n'a': >\n b\n...\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if chart, err := parseChart(text); err == nil && (chart.Name == "" || chart.Version == "") {
			t.Errorf("read %+v", chart)
		}
	})
}
