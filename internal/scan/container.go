package scan

// Image names (https://github.com/distribution/reference): "[HOST[:PORT]/]PATH[:TAG][@DIGEST]". Where no host stands, they mean
// Docker Hub. They stand in Dockerfiles, Compose and Kubernetes files, values of charts and command lines; nothing in a name
// itself tells it from the name of a Git repository, so a bare one counts only where an image must stand.

import (
	"bytes"
	"regexp"

	"pkgferry/internal/artifact"
)

var containerFiles = []kind{
	{files: []string{"dockerfile", "dockerfile.*", "*.dockerfile", "containerfile", "containerfile.*"}, name: "container", format: artifact.Container, images: dockerfileContext},
	{files: []string{"docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml"}, name: "container", format: artifact.Container, images: imageContext},
	{files: []string{"kustomization.yml", "kustomization.yaml"}, name: "container", images: kustomizeContext},
	{files: []string{"*.yml", "*.yaml"}, name: "container", images: imageContext},
	{files: []string{"*.json", "*.hcl", "*.nomad"}, name: "", images: imageContext, untouched: true},
}

var (
	imageLine  = regexp.MustCompile(`(?i)^\s*(?:-\s*)?["']?[\w.-]*image[\w.-]*["']?\s*[:=]|^\s*image\s|\bdocker\.image\(|\bdocker://|\bnewName:|--image[= ]|\b(?:docker|podman|nerdctl|buildah|skopeo|crane|ctr|kubectl)\s`)
	kustomized = regexp.MustCompile(`^\s*(?:-\s*)?(?:name|newName):`)
	imageItem  = regexp.MustCompile(`^\s*-\s*(?:name:\s*)?["']?$`)
	dockerLine = regexp.MustCompile(`(?i)^\s*(?:FROM|ARG|ENV)\s|--from=|from=`)
	services   = regexp.MustCompile(`(?m)^(\s*)services:\s*(?:#.*)?$`)
)

// dockerfileContext: FROM, COPY --from, and what ARG and ENV give to them.
func dockerfileContext(d *document, offset int) bool {
	return dockerLine.Match(d.lineAt(offset)) || imageContext(d, offset)
}

// kustomizeContext: Kustomize names the image that it replaces, and its replacement
// (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/).
func kustomizeContext(d *document, offset int) bool { return kustomized.Match(d.lineAt(offset)) }

// imageContext: the value of a key that is called after images, an operand of a command for images, an item below "services:".
func imageContext(d *document, offset int) bool {
	line := d.lineAt(offset)
	if imageLine.Match(line) {
		return true
	}
	start := bytes.LastIndexByte(d.text[:offset], '\n') + 1
	return imageItem.Match(d.text[start:offset]) && belowServices(d.text[:start])
}

// belowServices tells whether nothing but items, deeper keys and comments stands between the last "services:" and the end of above.
func belowServices(above []byte) bool {
	const window = 4 << 10 // a list of services is short
	above = above[max(len(above)-window, 0):]
	at := services.FindAllSubmatchIndex(above, -1)
	if len(at) == 0 {
		return false
	}
	last := at[len(at)-1]
	indent := last[3] - last[2]
	for _, line := range bytes.Split(above[last[1]:], []byte("\n")) {
		text := bytes.TrimLeft(line, " \t")
		deep := len(line) - len(text)
		switch {
		case len(bytes.TrimSpace(text)) == 0, text[0] == '#', deep > indent, deep == indent && text[0] == '-':
		default:
			return false
		}
	}
	return true
}
