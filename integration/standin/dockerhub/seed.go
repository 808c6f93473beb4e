package dockerhub

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin"
	"pkgferry/integration/standin/registry"
)

// The repositories that this server has beside those of package registry, which are "acme/app" and so on.
const (
	Library = "library/hello"         // 1: an official image
	Preview = "ratelimitpreview/test" // latest: what one asks the quota at
	Plugin  = Org + "/plugin"         // 1: a plugin, which is no image (odd)
	Untyped = Org + "/untyped"        // 1: a repository whose type is null, and a tag whose digest the API does not tell (odd)
	perMade = 1000                    // how many tags a repository has that --seed N makes
)

// seed makes the content. Everything has been pushed in 2024, each tag an hour after the one before.
func (s *Server) seed(o standin.Options) error {
	count, err := o.SeedCount(-1)
	if err != nil {
		return err
	}
	pushed := registry.Epoch
	s.store.Now = func() time.Time {
		pushed = pushed.Add(time.Hour + 183053*time.Microsecond)
		return pushed
	}
	s.seedPublic()
	if count < 0 {
		s.seedSmall()
	}
	if s.modes.on("odd") {
		s.seedOdd()
	}
	for i := 0; i*perMade < count; i++ {
		name := fmt.Sprintf("%s/made-%04d", Org, i)
		s.store.Generate(name, min(perMade, count-i*perMade))
		s.describe(name, true, "image", types.OCIConfigJSON)
	}
	return nil
}

// describe tells the API of a repository.
func (s *Server) describe(name string, private bool, kind string, mediaTypes ...types.MediaType) *info {
	one := &info{
		name: name, private: private, kind: kind, description: "The repository " + name, mediaTypes: []any{}, contents: []string{},
		registered: registry.Epoch.AddDate(-1, 0, 0), undigested: map[string]bool{},
	}
	for _, mediaType := range mediaTypes {
		one.mediaTypes = append(one.mediaTypes, mediaType)
	}
	if len(mediaTypes) > 0 {
		size := int64(488_723_114_800)
		one.contents, one.size, one.pulled = []string{"image"}, &size, int64(42+len(name))
	}
	s.hub.add(one)
	return one
}

// seedPublic makes what every Docker Hub has.
func (s *Server) seedPublic() {
	s.store.PutArtifact(Library, "1", registry.PlatformImage(types.OCIManifestSchema1, "linux", "amd64", "library"))
	s.store.PutArtifact(Preview, "latest", registry.PlatformImage(types.DockerManifestSchema2, "linux", "amd64", "preview"))
	s.describe(Library, false, "image", types.OCIConfigJSON)
	s.describe(Preview, false, "image", types.DockerConfigJSON)
}

func (s *Server) seedSmall() {
	registry.Seed(s.store, Org+"/")
	s.describe(Org+"/"+registry.App, true, "image", types.DockerConfigJSON, types.OCIImageIndex)
	s.describe(Org+"/"+registry.Tool, true, "image", types.OCIConfigJSON)
	s.describe(Org+"/"+registry.Chart, true, "image", "application/vnd.cncf.helm.config.v1+json")
	s.describe(Org+"/"+registry.Scanned, false, "image", types.OCIConfigJSON).mediaTypes[0] = nil
}

func (s *Server) seedOdd() {
	registry.SeedOdd(s.store, Org+"/")
	s.describe(Org+"/"+registry.Legacy, true, "image", types.DockerManifestSchema1Signed)
	s.describe(Org+"/"+registry.Windows, true, "image", types.DockerConfigJSON)
	s.describe(Org+"/"+registry.Empty, false, "")
	s.describe(Org+"/"+registry.Broken, true, "image", types.OCIConfigJSON)
	s.describe(Org+"/"+registry.Many, false, "image", types.OCIConfigJSON)
	s.store.PutArtifact(Plugin, "1", registry.Artifact{
		MediaType: types.DockerManifestSchema2,
		Config:    registry.Part{MediaType: types.DockerPluginConfig, Content: []byte(`{"description":"a plugin","entrypoint":["/plugin"]}`)},
		Layers:    registry.PlatformImage(types.DockerManifestSchema2, "linux", "amd64", "plugin").Layers,
	})
	s.describe(Plugin, true, "plugin", types.DockerPluginConfig).contents = []string{"plugin"}
	s.store.PutArtifact(Untyped, "1", registry.PlatformImage(types.DockerManifestSchema2, "linux", "amd64", "untyped"))
	s.describe(Untyped, true, "", types.DockerConfigJSON).undigested["1"] = true
}

// made is an image that a change pushes; text makes it another.
func made(text string) registry.Artifact {
	return registry.PlatformImage(types.OCIManifestSchema1, "linux", "amd64", strings.TrimSpace(text))
}
