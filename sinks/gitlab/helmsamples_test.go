package gitlab_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks/sinktest"
)

func makeHelm(t *testing.T, n int, salt string) sinktest.Sample {
	return helmSample(t, "acme-web", fmt.Sprintf("v1.%d.0-rc.1", n), salt)
}

func helmSample(t *testing.T, name, version, salt string) sinktest.Sample {
	t.Helper()
	return chartSample(t, name, version, chartYAML(name, version), salt)
}

func chartYAML(name, version string) string {
	return fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\ndescription: a chart\n", name, version)
}

// chartSample is listed as name and version, whatever its Chart.yaml says.
func chartSample(t *testing.T, name, version, chart, salt string) sinktest.Sample {
	t.Helper()
	var packed bytes.Buffer
	writeChart(t, &packed, gzip.NoCompression, chart, strings.NewReader(salt), int64(len(salt)))
	path := artifact.HelmFile(name, version)
	p := artifact.Package{Format: artifact.Helm, Name: name, Version: version}
	return sinktest.Bytes(p, []string{path}, map[string][]byte{path: packed.Bytes()})
}

func writeChart(t *testing.T, w io.Writer, level int, chart string, values io.Reader, size int64) {
	t.Helper()
	writeTar(t, w, level, []member{{"chart/Chart.yaml", int64(len(chart)), strings.NewReader(chart)}, {"chart/values.yaml", size, values}})
}

// largeHelm is a chart that is packed while it is read.
func largeHelm(t *testing.T, size int64) sinktest.Sample {
	pack := func(w io.Writer) {
		writeChart(t, w, gzip.NoCompression, chartYAML("big", "1.0.0"), &pattern{left: size}, size)
	}
	return packedSample(artifact.Package{Format: artifact.Helm, Name: "big", Version: "1.0.0"}, "big-1.0.0.tgz", pack)
}
