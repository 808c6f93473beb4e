package gitlab

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"pkgferry/integration/standin"
	"pkgferry/internal/artifact"
)

// Helm, in the background: GitLab's app/workers/packages/helm/extraction_worker.rb,
// app/services/packages/helm/{extract_file_metadata,process_file}_service.rb. What is refused stays as the placeholder, in
// error.

const maxChart = 1 << 20 // bytes of Chart.yaml

var helmVersion = regexp.MustCompile(`\Av?` + strings.TrimPrefix(semver.String(), `\A`))

// helmProcess gives a placeholder's file to the chart that its Chart.yaml names.
func (s *Server) helmProcess(placeholder *pkg, sent *file, channel string, who *token) error {
	if s.faults.Status(standin.Settle) != 0 {
		return crashed("StandardError")
	}
	chart, err := chartIn(sent.body)
	if err != nil {
		return err
	}
	target, err := s.helmPublish(placeholder, sent, chart, channel, who)
	if target != nil {
		s.helmRefresh(target, channel)
	}
	return err
}

// helmPublish makes the placeholder a chart, or gives its file to the chart that is there; nil when it has gone meanwhile.
func (s *Server) helmPublish(placeholder *pkg, sent *file, chart map[string]any, channel string, who *token) (*pkg, error) {
	name, version := psychText(chart["name"]), psychText(chart["version"])
	s.mu.Lock()
	defer s.mu.Unlock()
	if placeholder.status != statusProcessing {
		return nil, nil
	}
	p := placeholder.project
	if p.protects("helm", name, who) {
		return nil, refused(fmt.Sprintf("Helm chart '%s' with version '%s' is protected", name, version))
	}
	target := p.get(artifact.Helm, name, version)
	if target == nil {
		if wrong := helmInvalid(name, version); wrong != "" {
			return nil, refused("Validation failed: " + wrong)
		}
	}
	if !chartFits(chart) {
		return nil, refused("Validation failed: Helm file metadatum metadata must be a valid json schema")
	}
	if target == nil {
		target = placeholder
		target.rename(name, version)
	} else {
		placeholder.drop()
		target.receive(sent)
	}
	target.status = statusDefault
	sent.name, sent.channel, sent.chart = artifact.HelmFile(name, version), channel, chart
	s.stats.Wrote(target.key(sent.name))
	return target, nil
}

// helmInvalid is what the validation of a chart's name and version says.
func helmInvalid(name, version string) string {
	var wrong []string
	if strings.TrimSpace(name) == "" {
		wrong = append(wrong, "Name can't be blank")
	}
	if !helmNameOK(name) {
		wrong = append(wrong, "Name is invalid")
	}
	if !helmVersion.MatchString(version) {
		wrong = append(wrong, "Version is invalid")
	}
	return strings.Join(wrong, ", ")
}

// chartIn reads the first Chart.yaml of a chart that is not at its root.
func chartIn(b body) (map[string]any, error) {
	if b.size == 0 {
		return nil, refused("invalid package file")
	}
	content, err := b.open()
	if err != nil {
		return nil, crashed("Errno::ENOENT")
	}
	defer func() { _ = content.Close() }()
	text, err := chartText(content)
	if err != nil {
		return nil, err
	}
	value, err := psychLoad(text)
	if err != nil {
		return nil, err
	}
	chart, ok := value.(map[string]any)
	if !ok {
		return nil, crashed("NoMethodError")
	}
	return chart, nil
}

func chartText(r io.Reader) ([]byte, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, crashed("NoMethodError") // of the reader that it then closes
	}
	for archive := tar.NewReader(unzipped); ; {
		entry, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, refused("Chart.yaml not found within a directory")
		case err != nil:
			return nil, broken(err)
		case entry.Typeflag != tar.TypeReg || !strings.HasSuffix(entry.Name, "/Chart.yaml"):
			continue
		case entry.Size > maxChart:
			return nil, refused("Chart.yaml too big")
		}
		text, err := io.ReadAll(io.LimitReader(archive, maxChart))
		if err != nil {
			return nil, broken(err)
		}
		return text, nil
	}
}
