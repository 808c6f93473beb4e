package gitlab

// Terraform modules (GitLab: doc/api/packages/terraform-modules.md, lib/api/terraform/modules/v1/project_packages.rb,
// app/services/packages/terraform_module/create_package_service.rb): one PUT of an archive, hashed by GitLab and stored
// as name-system-version.tgz, whatever it was called. Nothing is replaced, and a name belongs to one project below a root
// group.

import (
	"context"
	"path"
	"regexp"
	"strconv"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
)

var modulePart = regexp.MustCompile(`^[a-z0-9-]+$`)

func allowsTerraform(dst artifact.Destination, p artifact.Package) error {
	segments := strings.Split(dst.Name, "/")
	if len(segments) < 2 {
		return refuse(artifact.NameNotAllowed, "name", dst.Name, "GitLab takes a module's name and its system, such as vpc/aws")
	}
	for i, what := range []string{"module", "system"} {
		if part := segments[len(segments)-2+i]; !modulePart.MatchString(part) {
			return refuse(artifact.NameNotAllowed, what, part, "GitLab takes lower-case letters, digits and - in it")
		}
	}
	if !semver.MatchString(dst.Version) {
		return refuse(artifact.VersionNotAllowed, "version", dst.Version, "GitLab takes complete semantic versions such as 1.2.3 or 1.2.3-rc.1, without a v")
	}
	if len(p.Files) != 1 {
		return fault.Errorf(artifact.TargetRejected, "a version of a Terraform module is one archive, and this one has %d files", len(p.Files))
	}
	return nil
}

// allowsTerraformFile: GitLab serves every module as .tgz, and terraform unpacks what it gets by that name.
func allowsTerraformFile(dst artifact.Destination, _ artifact.Package, file string) error {
	switch {
	case strings.HasSuffix(file, ".tgz"), strings.HasSuffix(file, ".tar.gz"):
		return nil
	case path.Ext(file) != ".zip":
		return refuse(artifact.FileUnsupported, "file", file, "GitLab serves Terraform modules as .tgz")
	case !dst.Repack:
		return refuse(artifact.FileUnsupported, "file", file, "GitLab serves Terraform modules as .tgz: set repack: true on the route, and it goes there as one, with other bytes")
	}
	return nil
}

// moduleName is a module's name in GitLab's listing: "name/system".
func moduleName(dst artifact.Destination) string {
	name, _ := artifact.TerraformModule(dst.Name)
	return name
}

func statTerraform(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	r, state, err := t.held.find(ctx, moduleName(t.Destination), t.Version)
	if err != nil || state != sinks.Ready {
		return sinks.Holding{State: state}, err
	}
	holding := sinks.Holding{Files: make(map[string]sinks.Held, 1)}
	shown, err := t.api.files(ctx, t.project, r.id, func(row *gitlab.PackageFile) {
		for _, f := range p.Files {
			holding.Files[f.Path] = heldFile(t, row, moduleFile(row))
		}
	})
	switch {
	case err != nil:
		return sinks.Holding{}, err
	case !shown:
		t.held.forget(t.held.key(moduleName(t.Destination), t.Version))
		return sinks.Holding{}, nil
	}
	holding.State = stateOf(holding, p)
	return holding, nil
}

// moduleFile are the segments of a file row's address, which takes the token like the listings do (GitLab 18.4,
// lib/api/package_files.rb). The module's own address takes it as a password only.
func moduleFile(row *gitlab.PackageFile) []string {
	return []string{strconv.FormatInt(row.PackageID, 10), "package_files", strconv.FormatInt(row.ID, 10), "download"}
}

func publishTerraform(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	module := moduleName(t.Destination)
	name, system, _ := strings.Cut(module, "/")
	k := t.held.key(module, t.Version)
	for _, f := range missing {
		t.held.publishing(k)
		u := t.api.address(t.project, nil, "terraform", "modules", name, system, t.Version, "file")
		_, err := t.api.put(ctx, u, nil, f, open, raw, nil)
		switch {
		case duplicate(err):
			err = settleTaken(ctx, t, p, f, err, statTerraform)
		case objectStore(err):
			err = fault.Temporary(err, 0)
		}
		if err != nil {
			return err
		}
	}
	t.held.published(k)
	return nil
}
