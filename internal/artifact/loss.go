package artifact

import (
	"slices"
	"strings"
)

// Loss is something that packages do not have on GitLab as they had it at their source, because GitLab has no place for it.
type Loss struct {
	What    string // as a heading
	Instead string // what there is instead, or what to do, as a sentence
	// Possible tells that it may hold for the packages that it is counted for; that nobody looked into each.
	Possible bool
	Holds    func(Package, Destination) bool
}

// Losses lists what packages of a format lose or change when they arrive on GitLab, and what those of every format do when f is "".
func Losses(f Format) []Loss {
	return map[Format][]Loss{
		"": commonLosses, Maven: mavenLosses, NPM: npmLosses, PyPI: pypiLosses, NuGet: nugetLosses, Terraform: terraformLosses, Helm: helmLosses, Container: containerLosses,
	}[f]
}

var commonLosses = []Loss{
	{"Names", "A route gave them another name: clients must ask for that.", false, func(p Package, to Destination) bool {
		return to.Name != "" && to.Name != p.Name
	}},
	{"Upload dates", "GitLab shows when a package arrived. The source's date of each file is in files.csv and packages.ndjson.", false, func(p Package, _ Destination) bool {
		return slices.ContainsFunc(p.Files, func(f File) bool { return !f.Modified.IsZero() })
	}},
	{"Dates of the last download", "GitLab counts downloads anew, from zero.", false, func(p Package, _ Destination) bool {
		return slices.ContainsFunc(p.Files, func(f File) bool { return !f.Downloaded.IsZero() })
	}},
	{"Authors and download counts", "GitLab names the owner of the migration's token as the one who published, and counts from zero.", true, always},
	{"Properties, labels and comments beside the files", "GitLab has no place for them.", true, always},
}

func always(Package, Destination) bool { return true }

func versions(p Package, _ Destination) bool { return !p.Index() }

// ends holds where a file's name ends so.
func ends(suffix string) func(Package, Destination) bool {
	return func(p Package, _ Destination) bool {
		return slices.ContainsFunc(p.Files, func(f File) bool { return strings.HasSuffix(f.Path, suffix) })
	}
}
