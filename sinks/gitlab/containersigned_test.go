package gitlab_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/sinktest"
)

// pulled is a manifest as go-containerregistry, an independent client, gets it.
func (s server) pulled(t *testing.T, reference string) *remote.Descriptor {
	t.Helper()
	got, err := remote.Get(s.reference(t, reference), remote.WithAuth(&authn.Basic{Username: "any", Password: token}))
	if err != nil {
		t.Fatalf("pulling %s: %v", reference, err)
	}
	return got
}

// reference is in the words of go-containerregistry, which trusts no token server at a private address that is a number.
func (s server) reference(t *testing.T, text string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(strings.Replace(s.url, "http://127.0.0.1", "localhost", 1) + "/" + s.project + "/" + text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (s server) pulledBlob(t *testing.T, digest string) []byte {
	t.Helper()
	blob, err := remote.Layer(s.reference(t, digest).(name.Digest), remote.WithAuth(&authn.Basic{Username: "any", Password: token}))
	if err != nil {
		t.Fatal(err)
	}
	content, err := blob.Compressed()
	if err != nil {
		t.Fatalf("pulling the blob %s: %v", digest, err)
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(content)
	if err != nil {
		t.Error(err)
	}
	return text
}

// collect lets the registry's garbage collector look at everything.
func (s server) collect(t *testing.T) {
	t.Helper()
	for range 4 {
		resp, err := http.Post(s.url+"/_standin/clock", "application/json", strings.NewReader(`{"advance":"25h"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
}

// signed is an image of two platforms with an attestation, a signature in cosign's old way, an SBOM of the whole with a
// signature of its own, and an SBOM of one platform.
type signed struct {
	images
	root, arm, signature, sbom, sbomSignature, armSBOM part
	samples                                            []sinktest.Sample
}

func sign(repository string) signed {
	m := signed{images: images{}}
	amd := m.image("amd64", "base", "amd64")
	m.arm = m.image("arm64", "base", "arm64")
	attestation := m.manifest(artifact.OCIManifest, map[string]any{
		"config": m.blob(configType, "attestation"), "layers": []part{m.blob("application/vnd.in-toto+json", `{"_type":"x"}`)},
	}).with("annotations", part{"vnd.docker.reference.digest": amd.digest(), "vnd.docker.reference.type": "attestation-manifest"})
	m.root = m.index(amd.with("platform", part{"os": "linux", "architecture": "amd64"}), m.arm.with("platform", part{"os": "linux", "architecture": "arm64"}), attestation)
	m.signature = m.manifest(artifact.OCIManifest, map[string]any{
		"config": m.blob(configType, "cosign"), "layers": []part{m.blob("application/vnd.dev.cosign.simplesigning.v1+json", "payload")},
	})
	m.sbom, m.armSBOM = m.images.sbom(m.root, "of the whole"), m.images.sbom(m.arm, "of one platform")
	m.sbomSignature = m.images.sbom(m.sbom, "signature of the SBOM")
	m.refer(m.root, m.sbom)
	m.refer(m.arm, m.armSBOM)
	m.refer(m.sbom, m.sbomSignature)
	m.samples = []sinktest.Sample{
		m.sample(repository, "1.0", m.root),
		m.sample(repository, artifact.FallbackTag(m.root.digest())+".sig", m.signature),
	}
	return m
}

// Everything about a signed image arrives under its own digest, byte by byte, and is still there when garbage was collected.
func TestSignedImagesSurvive(t *testing.T) {
	for _, database := range []string{"on", "off"} {
		t.Run("database "+database, func(t *testing.T) {
			s, m := startRegistry(t, "registry.database", database), sign("team/app")
			s.mustPublish(t, s.sink(t), m.samples...)
			s.collect(t)
			for path, content := range m.images {
				kind, digest, _ := strings.Cut(path, "/")
				var got []byte
				switch kind {
				case "manifests":
					got = s.pulled(t, "team/app@"+digest).Manifest
				case "blobs":
					got = s.pulledBlob(t, "team/app@"+digest)
				case "referrers":
					got = s.pulled(t, "team/app:"+artifact.FallbackTag(digest)).Manifest
				}
				if string(got) != string(content) {
					t.Errorf("%s is pulled as %q", path, got)
				}
			}
			for tag, want := range map[string]part{"1.0": m.root, artifact.FallbackTag(m.root.digest()) + ".sig": m.signature} {
				if got := s.pulled(t, "team/app:"+tag).Digest.String(); got != want.digest() {
					t.Errorf("%s is %s, want %s", tag, got, want.digest())
				}
			}
		})
	}
}

// breaking is one whose file at path breaks off, until it is mended.
func breaking(one sinktest.Sample, path string, why error) (broken sinktest.Sample, mend func()) {
	content, mended := one.Content, false
	one.Content = func(f artifact.File) io.Reader {
		if f.Path == path && !mended {
			return io.MultiReader(io.LimitReader(content(f), 3), reader(func([]byte) (int, error) { return 0, why }))
		}
		return content(f)
	}
	return one, func() { mended = true }
}

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

// The tag comes last: while anything of an image is not there, nobody can pull it by its tag.
func TestNothingIsTaggedBeforeItIsWhole(t *testing.T) {
	why := errors.New("the source broke off")
	for _, path := range sign("team/app").read(t) {
		t.Run(path[:20], func(t *testing.T) {
			s := startRegistry(t)
			sink := s.sink(t)
			one, mend := breaking(sign("team/app").samples[0], path, why)
			err := s.publish(t, sink, one)
			if !errors.Is(err, why) || fault.SideOf(err) == fault.Sink {
				t.Errorf("Publish said %v", err)
			}
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Absent || len(s.tags(t)["team/app:1.0"]) > 0 {
				t.Errorf("state %v, tags %v", holding.State, s.tags(t))
			}
			mend()
			s.mustPublish(t, sink, one)
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State != sinks.Ready {
				t.Errorf("state %v", holding.State)
			}
		})
	}
}

// read are the paths of all that is opened of the first sample.
func (m signed) read(t *testing.T) (paths []string) {
	s, one := startRegistry(t), m.samples[0]
	var mu sync.Mutex
	one.Content = func(f artifact.File) io.Reader {
		mu.Lock()
		defer mu.Unlock()
		if f.Size != 0 && !strings.HasPrefix(f.Path, "referrers/") || m.images[f.Path] != nil {
			paths = append(paths, f.Path)
		}
		return m.content(f)
	}
	s.mustPublish(t, s.sink(t), one)
	slices.Sort(paths)
	if distinct := slices.Compact(slices.Clone(paths)); len(distinct) != len(paths) || len(paths) < 20 {
		t.Errorf("%d files were read, %d of them distinct", len(paths), len(distinct))
	}
	return paths
}

// What refers to an image at GitLab and not at the source stays listed, whoever comes first.
func TestFallbackTagsAreMerged(t *testing.T) {
	m := images{}
	root := m.image("app", "layer")
	ours, theirs, both := m.sbom(root, "ours"), m.sbom(root, "theirs"), m.sbom(root, "both")
	for name, c := range map[string]struct {
		held, source []part
		verbatim     bool // the source's bytes stand there in the end
	}{
		"nothing held":        {nil, []part{ours, both}, true},
		"less held":           {[]part{both}, []part{both, ours}, true},
		"other held":          {[]part{theirs}, []part{ours}, false},
		"some in common":      {[]part{theirs, both}, []part{ours, both}, false},
		"more held":           {[]part{theirs, both, ours}, []part{ours}, false},
		"the same, elsewhere": {[]part{ours, both}, []part{both, ours}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := startRegistry(t)
			if c.held != nil {
				m.refer(root, c.held...)
				s.mustPublish(t, s.sink(t), m.sample("app", "old", root))
			}
			index := m.refer(root, c.source...)
			s.mustPublish(t, s.sink(t), m.sample("app", "1.0", root))
			s.collect(t)
			got := s.pulled(t, "app:"+artifact.FallbackTag(root.digest()))
			if (string(got.Manifest) == string(index)) != c.verbatim {
				t.Errorf("verbatim %v: %s", !c.verbatim, got.Manifest)
			}
			for _, one := range slices.Concat(c.held, c.source) {
				if !strings.Contains(string(got.Manifest), one.digest()) {
					t.Errorf("%s is not listed any more: %s", one.digest(), got.Manifest)
				}
				if found := s.pulled(t, "app@"+one.digest()); found.Digest.String() != one.digest() {
					t.Errorf("%s is %s", one.digest(), found.Digest)
				}
			}
		})
	}
}

// A tag that looks like the fallback tag and is an image is nobody's to replace.
func TestFallbackTagThatIsNone(t *testing.T) {
	s, m := startRegistry(t), images{}
	root := m.image("app", "layer")
	s.mustPublish(t, s.sink(t), m.sample("app", artifact.FallbackTag(root.digest()), m.image("other", "layer")))
	m.refer(root, m.sbom(root, "ours"))
	err := s.publish(t, s.sink(t), m.sample("app", "1.0", root))
	if fault.CodeOf(err) != string(artifact.TargetHoldsOther) || len(s.tags(t)) != 1 {
		t.Errorf("reason %q, tags %v: %v", fault.CodeOf(err), s.tags(t), err)
	}
}

// A source whose own registry has fallback tags lists them as tags as well.
func TestFallbackTagsAreTagsToo(t *testing.T) {
	for _, first := range []int{0, 1} {
		s, m := startRegistry(t), images{}
		sink, root := s.sink(t), m.image("app", "layer")
		index := m.refer(root, m.sbom(root, "ours"))
		tag := artifact.FallbackTag(root.digest())
		list := part{"digest": "sha256:" + artifact.DigestsOf(string(index)).SHA256}
		samples := []sinktest.Sample{m.sample("app", "1.0", root), m.sample("app", tag, list)}
		for n := range samples {
			one := samples[(n+first)%2]
			if holding := look(t, sink, s.destination(one.Package), one.Package); holding.State == sinks.Absent {
				s.mustPublish(t, sink, one)
			}
		}
		want := map[string]string{"app:1.0": root.digest(), "app:" + tag: list.digest()}
		if got := s.tags(t); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("tags %v, want %v", got, want)
		}
		for dst, err := range sink.Packages(t.Context(), s.project, artifact.Container) {
			if err != nil || dst.Version == tag {
				t.Errorf("%+v is listed, %v", dst, err)
			}
		}
	}
}
