package gitlab

// Helm charts (GitLab: doc/api/packages/helm.md, lib/api/helm_packages.rb): one POST per chart to a channel. GitLab reads
// name and version from Chart.yaml, always in the background, and hashes nothing: the digest in its index.yaml is empty
// (app/services/packages/helm/generate_metadata_service.rb). All channels of a project share its packages; the channel
// belongs to the file.

import (
	"context"
	"io"
	"net/http"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
)

var helm = background{placeholder: helmPlaceholderOf, find: findChart, address: helmAddress}

func helmPlaceholderOf(string) string { return helmPlaceholder }

// channel of a destination.
func channel(dst artifact.Destination) string {
	if dst.Channel == "" {
		return "stable"
	}
	return dst.Channel
}

func helmAddress(t target, _ string) []string {
	return []string{"helm", channel(t.Destination), "charts", artifact.HelmFile(t.Name, t.Version)}
}

func statHelm(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	return helm.stat(ctx, t, p)
}

// findChart asks for the chart in its channel: the package may be there for the sake of another one.
func findChart(ctx context.Context, t target, p artifact.Package) (map[string]sinks.Held, error) {
	as, err := t.api.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]sinks.Held, len(p.Files))
	for _, f := range p.Files {
		if artifact.HelmProvenance(f.Path) {
			continue // GitLab has no place for it
		}
		address := helmAddress(t, f.Path)
		resp, err := as.http.Head(httpx.NoFollow(ctx), t.api.address(t.project, nil, address...), nil)
		if statusOf(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return nil, meaning(err)
		}
		_ = resp.Body.Close()
		size := resp.ContentLength
		if resp.StatusCode != http.StatusOK || size <= 0 { // it lies in an object store
			if size, err = sizeOfChart(ctx, t); err != nil {
				return nil, err
			}
		}
		found[f.Path] = t.bySize(address, size)
	}
	return found, nil
}

// sizeOfChart is the size of all files that the package has under the chart's name, whatever their channel; -1 when they
// differ.
func sizeOfChart(ctx context.Context, t target) (size int64, err error) {
	sizes := make(map[int64]bool)
	for _, id := range t.held.ids(t.held.key(t.Name, t.Version)) {
		_, err := t.api.files(ctx, t.project, id, func(r *gitlab.PackageFile) {
			if r.FileName == artifact.HelmFile(t.Name, t.Version) {
				sizes[r.Size], size = true, r.Size
			}
		})
		if err != nil {
			return 0, err
		}
	}
	if len(sizes) != 1 {
		return -1, nil
	}
	return size, nil
}

func publishHelm(ctx context.Context, t target, _ artifact.Package, missing []artifact.File, open artifact.Opener) error {
	for _, f := range missing {
		if err := publishChart(ctx, t, f, open); err != nil {
			return err
		}
	}
	return nil
}

func publishChart(ctx context.Context, t target, f artifact.File, open artifact.Opener) error {
	file, err := spool(ctx, t.spool, f, open)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	chart, err := artifact.ReadChart(io.NewSectionReader(file, 0, file.size))
	if err == nil {
		err = mismatch(t.Destination, f.Path, chart.Name, chart.Version)
	}
	if err != nil {
		return fault.At(fault.Sink, err)
	}
	u := t.api.address(t.project, nil, "helm", "api", channel(t.Destination), "charts")
	return helm.send(ctx, t, f, http.MethodPost, u, "chart", file)
}
