package scan

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// bareImages are the names of r's images that stand where an image must, without a host.
func (o *old) bareImages(d *document, r *Registry) []address {
	var all []address
	needle := strings.ToLower(r.Namespace) + "/"
	for _, at := range d.mentions(needle) {
		if at > 0 && (partOfName(d.text[at-1]) || d.text[at-1] == '/' && !bytes.HasSuffix(d.text[:at], []byte("docker://"))) {
			continue
		}
		end := at + len(needle) - 1
		n := pathEnd(d.text[end:])
		name := string(d.text[at : end+n])
		m := mention{start: at, host: at, end: end + n, scheme: none}
		m.readTag(d.text[m.end:])
		_, repository, _ := strings.Cut(name, "/")
		if !o.copies.has(r.Source, repository, "") || !d.kind.images(d, at) {
			continue
		}
		a := address{start: at, end: m.end, registry: r, scheme: none, tag: m.tag, digest: m.digest, bare: true}
		all = append(all, a.asImage(m, repository, name))
	}
	return all
}

// imageName answers for the name of an image: that of the same image in GitLab's registry. A tag must have been copied; a name
// without one means "latest".
func (s *Scanner) imageName(ctx context.Context, d *document, a address) (answer, error) {
	if a.rest == "" || hasVariable(a.rest) {
		return s.imagePrefix(a)
	}
	found, err := s.copies.names(ctx, a.registry.Source, a.repository, artifact.Container, a.rest)
	switch {
	case err != nil:
		return answer{}, err
	case len(found) == 0 && a.bare:
		return answer{quiet: true}, nil
	case len(found) == 0:
		return left("no tag of the image %s was copied", a.rest)
	case len(found) > 1:
		return left("tags of the image %s are in several places at GitLab", a.rest)
	}
	if why, err := s.imageMissing(ctx, d, a); err != nil || why != "" {
		return answer{why: why}, err
	}
	prefix, why := s.target.images(found[0].Project)
	if why != "" {
		return answer{why: why}, nil
	}
	one := answer{text: prefix + "/" + found[0].Name}
	if !s.copies.declared(a.registry.Source, a.repository, artifact.Container) && a.digest == "" {
		one.why = s.undeclared(a)
	}
	return one, nil
}

// tagElsewhere is a key whose value is the name of an image alone: in values of charts, and in Kustomize's files.
var tagElsewhere = regexp.MustCompile(`^\s*(?:-\s*)?["']?(?:repository|newName|name|image_?[Nn]ame|imageRepository)["']?\s*:`)

// imageMissing tells why an image's tag or digest is not at GitLab; "" when it is.
func (s *Scanner) imageMissing(ctx context.Context, d *document, a address) (string, error) {
	tag := a.tag
	switch {
	case a.digest != "":
	case hasVariable(tag), tag == "" && tagElsewhere.Match(d.lineAt(a.start)):
		return "", nil
	case tag == "":
		tag = "latest"
	}
	for _, repository := range s.copies.repositories(a.registry.Source, a.repository, artifact.Container) {
		p := artifact.Package{Source: a.registry.Source, Repository: repository, Format: artifact.Container, Name: a.rest, Version: tag}
		if a.digest != "" {
			holds, err := s.copies.store.Holds(ctx, p, "manifests/"+a.digest)
			if err != nil || holds {
				return "", err
			}
			continue
		}
		r, ok, err := s.copies.store.Find(ctx, p)
		if err != nil || ok && arrived(r) {
			return "", err
		}
	}
	if a.digest != "" {
		return "no tag that was copied is " + a.digest + ": name a tag, or what that tag is at GitLab", nil
	}
	return "its tag " + tag + " was not copied", nil
}

// imagePrefix answers for what names of images begin with. A host alone is left: who signs in names GitLab's host, and who pulls
// the project's.
func (s *Scanner) imagePrefix(a address) (answer, error) {
	moved := s.copies.of(a.registry.Source, a.repository, artifact.Container)
	if len(moved) == 0 {
		return left("%q is no repository of images that was copied", a.repository)
	}
	var projects []string
	renamed := false
	for _, m := range moved {
		renamed = renamed || m.Renamed
		if !slices.Contains(projects, m.Project) {
			projects = append(projects, m.Project)
		}
	}
	if len(projects) > 1 || renamed {
		return left("its images are at GitLab in several projects, or by other names: %s", strings.Join(projects, ", "))
	}
	prefix, why := s.target.images(projects[0])
	if why != "" {
		return answer{why: why}, nil
	}
	one := answer{text: strings.TrimSuffix(prefix+"/"+a.rest, "/")}
	if a.hostOnly {
		one.why = "it names a registry without an image: signing in takes GitLab's registry, pulling its project"
	}
	return one, nil
}
