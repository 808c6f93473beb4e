package engine_test

import (
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/internal/engine"
)

func TestVerify(t *testing.T) {
	src := new(source).add(artifact.Generic, "same", "1.0", "f", "text").add(artifact.Generic, "lost", "1.0", "f", "text").
		add(artifact.Generic, "other", "1.0", "f", "text").add(artifact.Generic, "half", "1.0", "f", "text", "g", "text")
	dst := newSink()
	at := artifact.Destination{Project: "g/generic-packages", Format: artifact.Generic, Version: "1.0"}
	for name, text := range map[string]string{"same": "text", "other": "TEXT", "half": "text", "extra": "x"} {
		at.Name = name
		dst.put(at, "f", text)
	}
	// Of npm no source has anything any more.
	dst.put(artifact.Destination{Project: "g/node-packages", Format: artifact.NPM, Name: "ui", Version: "1.0.0"}, "f", "x")
	o := migration(t, src, dst)
	o.Formats = []artifact.Format{artifact.Generic, artifact.NPM}
	got := map[string]engine.Sign{}
	err := engine.Verify(t.Context(), o, o.Store.Arrivals, func(l engine.Line) { got[l.PURL] = l.Sign })
	want(t, err, nil)
	want(t, got, map[string]engine.Sign{
		"pkg:generic/same@1.0": "=", "pkg:generic/lost@1.0": "-", "pkg:generic/other@1.0": "*",
		"pkg:generic/half@1.0": "*", "pkg:generic/extra@1.0": "+", "pkg:npm/ui@1.0.0": "+",
	})
}
