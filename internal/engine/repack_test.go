package engine_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"testing"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
	"pkgferry/mapping"
)

// A Terraform module that its source holds as .zip goes as .tgz where its route says so: checked against the source's
// digest, known again by a later run, and verified.
func TestRepackedModule(t *testing.T) {
	var zipped bytes.Buffer
	archive := zip.NewWriter(&zipped)
	w, err := archive.Create("main.tf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("# a module\n")); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	module := zipped.String()
	src := new(source).add(artifact.Terraform, "acme/vpc/aws", "1.0.0", "vpc.zip", module).
		add(artifact.Terraform, "acme/spoiled/aws", "1.0.0", "spoiled.zip", module)
	src.serve = func(f artifact.File, honest string) (string, error) {
		if f.Path == "spoiled.zip" {
			return honest[:len(honest)-1] + "x", nil
		}
		return honest, nil
	}
	dst := newSink()
	o := migration(t, src, dst)
	if o.Router, err = mapping.New("g", []mapping.Rule{{Match: mapping.Match{Format: []string{"terraform"}}, Project: "modules", Repack: true}}); err != nil {
		t.Fatal(err)
	}
	want(t, outcomes(t, o), map[string]string{
		"pkg:terraform/acme/vpc/aws@1.0.0": "published repacked", "pkg:terraform/acme/spoiled/aws@1.0.0": "failed source-digest-mismatch",
	})
	at := artifact.Destination{Project: "g/modules", Format: artifact.Terraform, Name: "vpc/aws", Version: "1.0.0", Repack: true}
	var repacked bytes.Buffer
	if err := artifact.RepackTerraform(bytes.NewReader(zipped.Bytes()), int64(zipped.Len()), &repacked); err != nil {
		t.Fatal(err)
	}
	want(t, dst.held[at]["vpc.zip"], repacked.String())
	for r, err := range o.Store.Records(t.Context(), checkpoint.Filter{Outcome: artifact.Published}) {
		if err != nil {
			t.Fatal(err)
		}
		arrival := r.Arrivals["vpc.zip"]
		want(t, arrival.Held, "sha256:"+artifact.DigestsOf(repacked.String()).SHA256)
		want(t, r.Package.Files[0].Digests, artifact.DigestsOf(module)) // the source's own stay
	}

	delete(src.bytes, "acme/spoiled/aws@1.0.0/spoiled.zip")
	src.items = src.items[:1]
	again := migration(t, src, dst)
	again.Router = o.Router
	want(t, outcomes(t, again), map[string]string{"pkg:terraform/acme/vpc/aws@1.0.0": "present repacked"})

	scratch := migration(t, src, dst)
	scratch.Router = o.Router
	var lines []string
	nothing := func(context.Context, artifact.Package) (map[string]checkpoint.Arrival, error) { return nil, nil }
	if err := engine.Verify(t.Context(), scratch, nothing, func(l engine.Line) {
		lines = append(lines, fmt.Sprintf("%s %s %s", l.Sign, l.PURL, l.Proof))
	}); err != nil {
		t.Fatal(err)
	}
	want(t, lines, []string{"= pkg:terraform/vpc/aws@1.0.0 server"})
}
