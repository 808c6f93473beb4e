package engine_test

import (
	"context"
	"errors"
	"testing"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
	"pkgferry/sources"
)

func TestCorruptBytesNeverComplete(t *testing.T) {
	for name, serve := range map[string]func(artifact.File, string) (string, error){
		"flipped":            func(_ artifact.File, s string) (string, error) { return "T" + s[1:], nil },
		"flipped at the end": func(_ artifact.File, s string) (string, error) { return s[:len(s)-1] + "T", nil },
		"cut":                func(_ artifact.File, s string) (string, error) { return s[:len(s)-1], nil },
		"cut at once":        func(artifact.File, string) (string, error) { return "", nil },
		"longer":             func(_ artifact.File, s string) (string, error) { return s + "x", nil },
	} {
		t.Run(name, func(t *testing.T) {
			src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
			src.serve = serve
			dst := newSink()
			want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": "failed source-digest-mismatch"})
			want(t, len(dst.held), 0)
			if got := dst.partial["a@1.0/f"]; got >= len("text") {
				t.Errorf("%d of %d bytes reached the sink: it could have completed the file", got, len("text"))
			}
			if src.opened["a@1.0/f"] < 2 {
				t.Error("damage on the way deserves another attempt")
			}
		})
	}
}

// A sink that only sees its connection break must not hide whose fault that was.
func TestTheSourceIsBlamed(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "text")
	src.serve = func(_ artifact.File, s string) (string, error) { return s[:2], nil }
	o := migration(t, src, newSink())
	o.Sink = mute{o.Sink}
	want(t, outcomes(t, o), map[string]string{"pkg:generic/a@1.0": "failed source-digest-mismatch"})
}

type mute struct{ sinks.Sink }

func (s mute) Publish(ctx context.Context, dst artifact.Destination, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	if err := s.Sink.Publish(ctx, dst, p, missing, open); err != nil {
		return errors.New("broken pipe")
	}
	return nil
}

func TestUnknownSizeIsSpooled(t *testing.T) {
	src := new(source).add(artifact.NPM, "a", "1.0.0", "a-1.0.0.tgz", "text")
	src.items[0].Package.Files[0].Size = -1
	dst := newSink()
	o := migration(t, src, dst)
	o.Sources["src"] = sizeless{src}
	want(t, outcomes(t, o), map[string]string{"pkg:npm/a@1.0.0": "published"})
}

type sizeless struct{ *source }

func (s sizeless) Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error) {
	c, err := s.source.Open(ctx, f, offset)
	c.Size = -1
	return c, err
}

func TestChangedAtTheSource(t *testing.T) {
	src := new(source).add(artifact.Generic, "a", "1.0", "f", "new text")
	now := src.items[0].Package.Files[0]
	src.items[0].Package.Files[0].Digests, src.items[0].Package.Files[0].Size = artifact.DigestsOf("old"), 3
	src.serve = func(f artifact.File, honest string) (string, error) {
		if f.Digests != now.Digests {
			return "", &sources.Changed{Now: now}
		}
		return honest, nil
	}
	dst := newSink()
	want(t, outcomes(t, migration(t, src, dst)), map[string]string{"pkg:generic/a@1.0": "published"})
}
