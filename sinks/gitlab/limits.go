package gitlab

// How large a file may be (GitLab: doc/administration/instance_limits.md, app/models/plan_limits.rb; GitLab.com:
// doc/user/gitlab_com/_index.md). Only administrators can ask GitLab, so the defaults stand until an operator says more.

import (
	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
)

const (
	mebibyte = 1 << 20
	gibibyte = 1 << 30
)

// defaultLimits are those of a new installation.
var defaultLimits = map[artifact.Format]int64{
	artifact.Maven:     3 * gibibyte,
	artifact.NPM:       500 * mebibyte,
	artifact.PyPI:      3 * gibibyte,
	artifact.NuGet:     500 * mebibyte,
	artifact.Terraform: gibibyte,
	artifact.Helm:      5 * mebibyte,
	artifact.Generic:   5 * gibibyte,
}

const (
	hostedName  = "gitlab.com"
	hostedLimit = 5 * gibibyte // of every format there
)

// limits are the sizes that GitLab refuses from on; a format without one has no limit.
func limits(host string, operator map[artifact.Format]int64) map[artifact.Format]int64 {
	all := make(map[artifact.Format]int64, len(defaultLimits))
	for format, size := range defaultLimits {
		if host == hostedName {
			size = hostedLimit
		}
		if own, ok := operator[format]; ok {
			size = own
		}
		if size > 0 {
			all[format] = size
		}
	}
	return all
}

// tooLarge compares what would be sent of a file with the limit. A size exactly at the limit is refused by GitLab too.
func (s *Sink) tooLarge(dst artifact.Destination, f artifact.File) error {
	limit, ok := s.limits[dst.Format]
	sent, what := f.Size, "bytes"
	if dst.Format == artifact.NPM {
		sent, what = documentSize(dst, f.Size, usualRoom), "bytes as npm sends it"
	}
	if !ok || f.Size < 0 || sent < limit {
		return nil
	}
	advice := ""
	if dst.Format == artifact.Helm {
		advice = "; raise helm_max_file_size of GitLab and max_file_size of the target, or publish the chart as an OCI image"
	}
	return fault.Errorf(artifact.FileTooLarge, "file %q has %d %s; GitLab takes less than %d%s", f.Path, sent, what, limit, advice)
}
