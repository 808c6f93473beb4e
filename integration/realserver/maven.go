package realserver

// The real Maven (https://maven.apache.org): deploy:deploy-file and dependency:get, with a local repository that holds
// its plugins and nothing else, and with the server under test in the place of every other repository.

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const (
	dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
	deployPlugin     = "org.apache.maven.plugins:maven-deploy-plugin:3.1.1"
)

// Login is how Maven says who it is: a user and password, or one header.
type Login struct {
	Username, Password string
	Header, Value      string
}

// Maven is a Maven client of one repository.
type Maven struct {
	// Local is its local repository.
	Local string
	base  string
	dir   string
}

// NewMaven makes a client of the Maven repository at base.
func NewMaven(tb testing.TB, base string, login Login) *Maven {
	tb.Helper()
	dir := tb.TempDir()
	m := &Maven{Local: filepath.Join(dir, "local"), base: base, dir: dir}
	if err := os.CopyFS(m.Local, os.DirFS(Cache(tb, "plugins"))); err != nil {
		tb.Fatal(err)
	}
	credentials := fmt.Sprintf("<username>%s</username><password>%s</password>", text(login.Username), text(login.Password))
	if login.Header != "" {
		credentials = fmt.Sprintf("<configuration><httpHeaders><property><name>%s</name><value>%s</value></property></httpHeaders></configuration>",
			text(login.Header), text(login.Value))
	}
	write(tb, filepath.Join(dir, "settings.xml"), fmt.Sprintf(`<settings>
  <servers><server><id>lab</id>%s</server></servers>
  <mirrors><mirror><id>lab</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors>
</settings>
`, credentials, text(base)))
	return m
}

func text(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// Get fetches an artifact with all that it depends on: "group:artifact:version[:packaging[:classifier]]".
func (m *Maven) Get(tb testing.TB, artifact string) {
	tb.Helper()
	m.run(tb, dependencyPlugin+":get", "-Dartifact="+artifact)
}

// Artifact is what Deploy sends: the main file, its POM, and more files by classifier or type.
type Artifact struct {
	File, POM string
	Attached  []Attached
}

// Attached is a further file of an artifact.
type Attached struct{ File, Classifier, Type string }

// Deploy publishes an artifact, as a build does.
func (m *Maven) Deploy(tb testing.TB, a Artifact) {
	tb.Helper()
	arg := []string{deployPlugin + ":deploy-file", "-DrepositoryId=lab", "-Durl=" + m.base, "-Dfile=" + a.File, "-DpomFile=" + a.POM}
	if a.File == a.POM {
		arg = append(arg, "-Dpackaging=pom")
	}
	var files, classifiers, types string
	for i, one := range a.Attached {
		comma := ","
		if i == 0 {
			comma = ""
		}
		files, classifiers, types = files+comma+one.File, classifiers+comma+one.Classifier, types+comma+one.Type
	}
	if files != "" {
		arg = append(arg, "-Dfiles="+files, "-Dclassifiers="+classifiers, "-Dtypes="+types)
	}
	m.run(tb, arg...)
}

func (m *Maven) run(tb testing.TB, arg ...string) {
	tb.Helper()
	settings := filepath.Join(m.dir, "settings.xml")
	common := []string{"-B", "-ntp", "-q", "-e", "-Dstyle.color=never", "-s", settings, "-gs", settings, "-Dmaven.repo.local=" + m.Local}
	env := environment([]string{"maven_", "mavenrc"}, "HOME="+m.dir)
	if _, err := program(tb, m.dir, env, "mvn", append(common, arg...)...); err != nil {
		tb.Fatal(err)
	}
}
