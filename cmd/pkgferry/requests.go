package main

import "pkgferry/internal/artifact"

// What an image takes depends on its layers, and how many of them others have brought, which only a pull shows. These are those of
// two or three new layers.
const (
	imageReads  = 8
	imageWrites = 10
)

// requests estimates what a package takes at its source and at the target, beyond what begins a run.
func requests(p artifact.Package) (reads, writes int64) {
	files := int64(len(p.Files))
	switch {
	case p.Format == artifact.Container:
		return imageReads, imageWrites
	case p.Format == artifact.NPM && p.Index(): // what it holds was listed already; GitLab is asked for its own, before and after
		return 0, files + 2
	case p.Format == artifact.Maven, p.Format == artifact.PyPI: // what GitLab holds is asked for by version
		return files, files + 1
	}
	return files, files // GitLab lists all that a project holds
}

// beginning estimates the requests to the target that a run begins with: about the server and the token, about each project, and for
// the lists of what these hold.
func beginning(targets []*target) int64 {
	const (
		whole   = 5
		project = 4
		page    = 100
	)
	n := int64(whole)
	for _, t := range targets {
		n += project + (t.Packages-t.Unsettled)/page
	}
	return n
}
