package gitlab_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pkgferry/integration/standin"
	standingitlab "pkgferry/integration/standin/gitlab"
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/gitlab"
)

func TestAllowsTerraform(t *testing.T) {
	const name, version, file = artifact.NameNotAllowed, artifact.VersionNotAllowed, artifact.FileUnsupported
	for _, c := range []struct {
		name, version string
		files         string // separated by |
		repack        bool
		reason        artifact.Reason
		says          string
	}{
		{"vpc/aws", "1.0.0", "module.tgz", false, "", ""},
		{"acme/v-p-c2/aws", "0.1.0-rc.1+b", "vpc.tar.gz", false, "", ""},
		{"vpc/aws", "1.0.0", "vpc.zip", true, "", ""},
		{"vpc/aws", "1.0.0", "vpc.tgz", true, "", ""},
		{"vpc", "1.0.0", "vpc.tgz", false, name, `"vpc"`},
		{"", "1.0.0", "vpc.tgz", false, name, `""`},
		{"acme/VPC/aws", "1.0.0", "vpc.tgz", false, name, `module "VPC"`},
		{"acme/vpc_x/aws", "1.0.0", "vpc.tgz", false, name, `module "vpc_x"`},
		{"acme/vpc/a.ws", "1.0.0", "vpc.tgz", false, name, `system "a.ws"`},
		{"acme/vpc/", "1.0.0", "vpc.tgz", false, name, `system ""`},
		{"vpc/aws\n", "1.0.0", "vpc.tgz", false, name, `system "aws\n"`},
		{"vpc/aws", "v1.0.0", "vpc.tgz", false, version, `"v1.0.0"`},
		{"vpc/aws", "1.0", "vpc.tgz", false, version, `"1.0"`},
		{"vpc/aws", "1.0.00", "vpc.tgz", false, version, `"1.0.00"`},
		{"vpc/aws", "", "vpc.tgz", false, version, `""`},
		{"vpc/aws", "1.0.0", "vpc.tgz|vpc.zip", true, artifact.TargetRejected, "2 files"},
		{"vpc/aws", "1.0.0", "vpc.zip", false, file, "repack: true"},
		{"vpc/aws", "1.0.0", "vpc.tar", true, file, `"vpc.tar"`},
		{"vpc/aws", "1.0.0", "main.tf", false, file, `"main.tf"`},
	} {
		p := artifact.Package{Format: artifact.Terraform, Name: c.name, Version: c.version}
		for path := range strings.SplitSeq(c.files, "|") {
			p.Files = append(p.Files, artifact.File{Path: path, Size: 1})
		}
		dst := artifact.Destination{Project: "acme/x", Format: p.Format, Name: c.name, Version: c.version, Repack: c.repack}
		err := offline(t, gitlab.Options{}).Allows(dst, p)
		if reasonOf(err) != string(c.reason) || (err == nil) != (c.reason == "") || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%q %q %q: reason %q (%v), want %q with %s", c.name, c.version, c.files, reasonOf(err), err, c.reason, c.says)
		}
	}
}

// A module is sent as it is, under the last two parts of its name.
func TestTerraformRequest(t *testing.T) {
	c := startCanned(t, http.StatusCreated, `{"message":"201 Created"}`)
	if err := c.publishTexts(t, artifact.Terraform, "acme/vpc/aws", "1.0.0-rc.1+b", map[string]string{"module.tgz": "packed"}, "module.tgz"); err != nil {
		t.Fatal(err)
	}
	got := c.uploads()
	if len(got) != 1 || got[0].method != http.MethodPut || got[0].body != "packed" || got[0].contentLength != 6 ||
		got[0].path != "/api/v4/projects/7/packages/terraform/modules/vpc/aws/1.0.0-rc.1+b/file" {
		t.Errorf("%+v", got)
	}
}

// What GitLab took is waited for when its listing does not show it yet, and what it did not take is not.
func TestModuleThatIsNotListed(t *testing.T) {
	p := artifact.Package{Format: artifact.Terraform, Name: "vpc/aws", Version: "1.0.0", Files: []artifact.File{{Path: "vpc.tgz", Size: 6}}}
	for status, want := range map[int]sinks.State{http.StatusCreated: sinks.Pending, http.StatusInternalServerError: sinks.Absent} {
		c := startCanned(t, status, "{}")
		sink := c.sink(t)
		err := sink.Publish(t.Context(), c.destination(p), p, p.Files, content(map[string]string{"vpc.tgz": "packed"}))
		if (err == nil) != (status == http.StatusCreated) {
			t.Error(err)
		}
		if holding, err := sink.Stat(t.Context(), c.destination(p), p); err != nil || holding.State != want {
			t.Errorf("after %d: state %v, %v; want %v", status, holding.State, err, want)
		}
	}
}

func TestRefusedTerraformModules(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		answer    string
		reason    artifact.Reason
		temporary bool
		says      string
	}{
		"in another project":        {403, "A module with the same name already exists in the namespace.", artifact.NameCollision, false, "root group"},
		"in another project, older": {403, "A package with the same name already exists in the namespace", artifact.NameCollision, false, "root group"},
		"there and not shown":       {403, "A module with the same name & version already exists in the project.", artifact.TargetRejected, true, "name & version"},
		"there, older":              {403, "Package version already exists.", artifact.TargetRejected, true, "already exists"},
		"protected":                 {403, "403 Forbidden - Package protected.", artifact.Protected, false, "protected"},
		"the object store":          {403, "403 Forbidden", artifact.NotPermitted, true, "Developer"},
		"name":                      {422, "Validation failed: Name is invalid", artifact.TargetRejected, false, "Name is invalid"},
		"too large":                 {400, "400 Bad request - File is too large", artifact.FileTooLarge, false, "too large"},
		"a race":                    {422, "Validation failed: Name has already been taken", artifact.TargetFailed, true, "taken"},
		"the project is gone":       {404, "404 Project Not Found", artifact.NotPermitted, false, "project is gone"},
		"a failing server":          {500, "500 Internal Server Error", artifact.TargetFailed, true, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startCanned(t, c.status, fmt.Sprintf(`{"message":%q}`, c.answer))
			err := server.publishTexts(t, artifact.Terraform, "vpc/aws", "1.0.0", map[string]string{"vpc.tgz": "packed"}, "vpc.tgz")
			_, temporary := fault.IsTemporary(err)
			if fault.CodeOf(err) != string(c.reason) || temporary != c.temporary || fault.SideOf(err) != fault.Sink || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("reason %q, temporary %v: %v", fault.CodeOf(err), temporary, err)
			}
		})
	}
}

// A module belongs to one project below a root group.
func TestModuleOfAnotherProject(t *testing.T) {
	s := start(t, "terraform-modules", standin.Options{})
	if err := s.publish(t, s.sink(t), makeTerraform(t, 1, "a")); err != nil {
		t.Fatal(err)
	}
	other := s
	other.project = standingitlab.Group + "/more-modules"
	s.mutate(t, `{"add_project":"`+other.project+`"}`)
	err := other.publish(t, s.sink(t), makeTerraform(t, 2, "a"))
	if fault.CodeOf(err) != string(artifact.NameCollision) || !strings.Contains(fmt.Sprint(err), "root group") {
		t.Errorf("error %v", err)
	}
	if _, temporary := fault.IsTemporary(err); temporary {
		t.Error("it is tried again")
	}
}

// GitLab knows a module by the last two parts of its name, and its file by no name of the source's; what is repacked has
// a size that nobody told.
func TestModuleByAnyName(t *testing.T) {
	s := start(t, "terraform-modules", standin.Options{})
	p := artifact.Package{Format: artifact.Terraform, Name: "acme/vpc/aws", Version: "1.0.0", Files: []artifact.File{{Path: "dir/vpc.zip", Size: -1}}}
	dst := s.destination(p)
	dst.Repack = true
	sink := s.sink(t)
	if err := sink.Allows(dst, p); err != nil {
		t.Fatal(err)
	}
	if err := sink.Publish(t.Context(), dst, p, p.Files, content(map[string]string{"dir/vpc.zip": "repacked"})); err != nil {
		t.Fatal(err)
	}
	p.Name = "vpc/aws"
	for _, sink := range []sinks.Sink{sink, s.sink(t)} {
		holding := look(t, sink, s.destination(p), p)
		held := holding.Files["dir/vpc.zip"]
		if holding.State != sinks.Ready || held.Size != 8 || held.Digests.SHA256 != artifact.DigestsOf("repacked").SHA256 || held.Proof != artifact.Server {
			t.Errorf("%+v", holding)
		}
	}
	if rows := s.dump(t); len(rows) != 1 || rows[0].Package != "vpc/aws" || rows[0].File != artifact.TerraformFile("vpc/aws", "1.0.0") {
		t.Errorf("%+v", rows)
	}
}
