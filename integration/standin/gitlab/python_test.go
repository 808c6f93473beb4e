//go:build integration

package gitlab_test

import (
	"os/exec"
	"testing"
)

// pythonStory drives the stand-in with python-gitlab (python-gitlab.readthedocs.io), another client of the REST API.
const pythonStory = `
import sys, tempfile, os, gitlab
url, token = sys.argv[1:]
gl = gitlab.Gitlab(url, private_token=token)
gl.auth()
assert gl.user.username == "owner", gl.user
assert gl.version()[0] == "18.9.0-ee", gl.version()
group = gl.groups.get("acme/artifact-management")
names = sorted(p.path for p in group.projects.list(get_all=True))
assert "generic-packages" in names and len(names) == 8, names
project = gl.projects.get("acme/artifact-management/generic-packages")
assert project.permissions["group_access"]["access_level"] == gitlab.const.AccessLevel.OWNER
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "tool.txt")
    with open(path, "w") as f:
        f.write("content")
    for version in ("1.0", "2.0", "3.0"):
        answer = project.generic_packages.upload("tool", version, "tool.txt", path)
        assert answer.message == "201 Created", answer
assert project.generic_packages.download("tool", "1.0", "tool.txt") == b"content"
packages = list(project.packages.list(iterator=True, per_page=1, package_type="generic", order_by="version", sort="desc"))
assert [p.version for p in packages] == ["3.0", "2.0", "1.0"], packages
listed = project.packages.list(per_page=2, iterator=True)
assert listed.total == 3 and listed.total_pages == 2, (listed.total, listed.total_pages)
package = project.packages.get(packages[0].id)
files = package.package_files.list(get_all=True)
assert len(files) == 1 and files[0].size == 7 and files[0].file_sha256 and files[0].file_sha1 is None, files
assert len(group.packages.list(get_all=True)) == 3
files[0].delete()
assert package.package_files.list(get_all=True) == []
package.delete()
try:
    project.packages.get(package.id)
except gitlab.exceptions.GitlabGetError as e:
    assert e.response_code == 404 and "404 Not found" in str(e), e
else:
    raise AssertionError("a deleted package is still there")
try:
    gitlab.Gitlab(url, private_token="nonsense").auth()
except gitlab.exceptions.GitlabAuthenticationError as e:
    assert e.response_code == 401, e
else:
    raise AssertionError("a wrong token is accepted")
`

// interpreter finds a Python that knows python-gitlab; a distribution installs it beside its own interpreter.
func interpreter(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import gitlab").Run() == nil {
			return name
		}
	}
	t.Fatal("python-gitlab is not installed: run integration/install.sh")
	return ""
}

func TestPythonClient(t *testing.T) {
	c := start(t)
	out, err := exec.CommandContext(t.Context(), interpreter(t), "-c", pythonStory, c.url, c.token).CombinedOutput()
	if err != nil {
		t.Errorf("python-gitlab: %v\n%s", err, out)
	}
}
