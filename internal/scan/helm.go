package scan

// Charts and the repositories of what they depend on (https://helm.sh/docs/topics/charts/, helmfile). GitLab has charts in
// projects alone, by channel: doc/user/packages/helm_repository/_index.md.

import (
	"bytes"
	"path"
	"regexp"
	"slices"

	"pkgferry/internal/artifact"
)

var helmFiles = []kind{
	{name: "helm", format: artifact.Helm, files: []string{"chart.yaml", "requirements.yaml", "helmfile*.yaml", "helmfile*.yml", "repositories.yaml"}, images: imageContext},
	{name: "helm", format: artifact.Helm, files: []string{"chart.lock", "requirements.lock"}, then: "its digest covers the addresses: let helm dependency update renew it"},
	{name: "helm", files: []string{"values*.yaml", "values*.yml", "*-values.yaml", "*-values.yml"}, images: valuesContext},
}

// valuesContext: charts take an image apart, "repository:" beside "tag:" or below a key that is called after images; alone it may be
// any repository.
func valuesContext(d *document, offset int) bool {
	if imageContext(d, offset) {
		return true
	}
	if !valuesKey.Match(d.lineAt(offset)) {
		return false
	}
	parent, siblings := d.around(offset)
	return imageKey.Match(parent) || slices.ContainsFunc(siblings, func(line []byte) bool { return tagKey.Match(line) })
}

var (
	valuesKey = regexp.MustCompile(`^\s*(?:-\s*)?["']?(?:repository|name)["']?\s*:`)
	imageKey  = regexp.MustCompile(`(?i)^\s*(?:-\s*)?["']?[\w.-]*image[\w.-]*["']?\s*:`)
	tagKey    = regexp.MustCompile(`^\s*(?:-\s*)?["']?(?:tag|digest|pullPolicy)["']?\s*:`)
)

// around is the key above the lines that are as deep as the one at offset, in a file that goes by indentation, and those lines.
func (d *document) around(offset int) (parent []byte, siblings [][]byte) {
	const window = 4 << 10
	depth := func(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " -")) }
	start := bytes.LastIndexByte(d.text[:offset], '\n') + 1
	own := depth(d.lineAt(offset))
	above := bytes.Split(d.text[max(start-window, 0):start], []byte("\n"))
	for _, line := range slices.Backward(above) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if depth(line) < own {
			parent = line
			break
		}
		if depth(line) == own {
			siblings = append(siblings, line)
		}
	}
	for line := range bytes.Lines(d.text[start:min(start+window, len(d.text))]) {
		if len(bytes.TrimSpace(line)) > 0 && depth(line) < own {
			break
		}
		if depth(line) == own {
			siblings = append(siblings, line)
		}
	}
	return parent, siblings
}

var helmFormat = format{
	registry: func(project, _ string) string { return project + "/packages/helm/" }, // the channel follows
	root:     func(rest string) bool { return rest == "" || rest == "index.yaml" },
	below:    func(string) bool { return false },
	channels: true,
	file: func(_, rest string) (name, version, file string, ok bool) {
		file = path.Base(rest)
		name, version, ok = artifact.ParseHelmFile(file)
		return name, version, file, ok
	},
	address: func(d artifact.Destination, _ artifact.File) string {
		return "packages/helm/" + helmChannel(d.Channel) + "/charts/" + artifact.HelmFile(d.Name, d.Version)
	},
}

// helmChannel is GitLab's default where none is named.
func helmChannel(name string) string {
	if name == "" {
		return "stable"
	}
	return name
}
