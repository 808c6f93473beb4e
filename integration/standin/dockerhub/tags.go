package dockerhub

// Tags as the API tells them, which is not quite what its description says: images is an array, the status is called
// tag_status, and digest, media_type and content_type are there.

import (
	"encoding/json"
	"net/http"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"pkgferry/integration/standin/registry"
)

// tagEntry is a tag.
type tagEntry struct {
	ID                  int64        `json:"id"`
	Name                string       `json:"name"`
	Creator             int64        `json:"creator"`
	LastUpdater         int64        `json:"last_updater"`
	LastUpdaterUsername string       `json:"last_updater_username"`
	Repository          int64        `json:"repository"`
	FullSize            int64        `json:"full_size"`
	V2                  bool         `json:"v2"`
	TagStatus           string       `json:"tag_status"`
	TagLastPulled       *string      `json:"tag_last_pulled"`
	TagLastPushed       *string      `json:"tag_last_pushed"`
	LastUpdated         *string      `json:"last_updated"`
	MediaType           string       `json:"media_type,omitempty"`
	ContentType         string       `json:"content_type,omitempty"`
	Digest              string       `json:"digest,omitempty"`
	Images              []imageEntry `json:"images"`
}

// imageEntry is one platform of a tag.
type imageEntry struct {
	Architecture string  `json:"architecture"`
	Features     string  `json:"features"`
	Variant      *string `json:"variant"`
	Digest       string  `json:"digest,omitempty"`
	OS           string  `json:"os"`
	OSFeatures   string  `json:"os_features"`
	OSVersion    *string `json:"os_version"`
	Size         int64   `json:"size"`
	Status       string  `json:"status"`
	LastPulled   *string `json:"last_pulled"`
	LastPushed   *string `json:"last_pushed"`
}

const ci = 936126 // who pushes

func (s *Server) listTags(c *call) {
	one := s.visible(c)
	if one == nil {
		return
	}
	p, ok := s.page(c)
	if !ok {
		return
	}
	names, count := s.store.Page(one.name, tagOrder(c.r.URL.Query().Get("ordering")), p.offset(), p.size)
	if c.r.Method == http.MethodHead {
		if count == 0 {
			notFound(c.w, nil)
		}
		return
	}
	if !s.pageExists(c, p, count) {
		return
	}
	results := []tagEntry{}
	for _, name := range names {
		if tag, ok := s.store.Tag(one.name, name); ok {
			results = append(results, s.tagEntry(one, tag))
		}
	}
	s.sendPage(c, p, count, results)
}

// tagOrder is the order that a value of the parameter asks for. It is not described; the sign of names is the wrong way round.
func tagOrder(ordering string) registry.Order {
	switch ordering {
	case "name":
		return registry.NameDown
	case "-name":
		return registry.NameUp
	case "last_updated":
		return registry.OldestFirst
	}
	return registry.NewestFirst
}

func (s *Server) oneTag(c *call) {
	one := s.visible(c)
	if one == nil {
		return
	}
	tag, ok := s.store.Tag(one.name, c.args[2])
	if !ok {
		fail(c.w, http.StatusNotFound, "tag '"+c.args[2]+"' not found", object{"namespace": c.args[0], "repository": c.args[1], "tag": c.args[2]})
		return
	}
	send(c.w, http.StatusOK, s.tagEntry(one, tag))
}

// parsed is what the API reads out of a manifest.
type parsed struct {
	Config    v1.Descriptor   `json:"config"`
	Layers    []v1.Descriptor `json:"layers"`
	Manifests []v1.Descriptor `json:"manifests"`
}

func (p parsed) size() (sum int64) {
	for _, layer := range p.Layers {
		sum += layer.Size
	}
	return sum
}

func (s *Server) tagEntry(one *info, tag registry.Tag) tagEntry {
	e := tagEntry{
		ID: 529_000_000 + tag.Pushed.Unix()%1_000_000, Name: tag.Name, Creator: ci, LastUpdater: ci, LastUpdaterUsername: "ci", Repository: one.id, V2: true,
		TagStatus: s.active(&tag.Pushed), TagLastPushed: timestamp(tag.Pushed), LastUpdated: timestamp(tag.Pushed), ContentType: "image", Images: []imageEntry{},
	}
	m, found := s.store.Manifest(one.name, tag.Name)
	if found {
		tag.Digest = m.Digest // it may have moved meanwhile
	}
	var p parsed
	_ = json.Unmarshal(m.Body, &p) // what was lost has no images
	e.MediaType, e.Digest = m.MediaType, tag.Digest
	switch kind := types.MediaType(m.MediaType); {
	case kind.IsIndex():
		e.Images = s.platforms(one, p, tag.Pushed)
	case kind.IsSchema1():
		e.MediaType, e.ContentType, e.Images = "", "", []imageEntry{{Architecture: "amd64", OS: "linux", Status: e.TagStatus}}
	case p.Config.MediaType.IsConfig():
		if kind == types.DockerManifestSchema2 {
			e.MediaType = string(p.Config.MediaType)
		}
		e.Images = []imageEntry{s.image(one, tag.Digest, p, nil, tag.Pushed)}
	default:
		if p.Config.MediaType == "application/vnd.cncf.helm.config.v1+json" {
			e.ContentType = "helm"
		}
		if s.modes.get("artifacts") == "one" {
			e.Images = []imageEntry{s.image(one, tag.Digest, p, nil, tag.Pushed)}
		}
		e.FullSize = p.size()
	}
	if len(e.Images) > 0 {
		e.FullSize = e.Images[0].Size
		e.TagLastPulled = timestamp(tag.Pushed.Add(71*time.Minute + 257905741))
	}
	if one.undigested[tag.Name] || types.MediaType(m.MediaType).IsSchema1() || s.modes.get("digests") == "none" {
		e.Digest = ""
		if len(e.Images) > 0 && !types.MediaType(m.MediaType).IsIndex() {
			e.Images[0].Digest = ""
		}
	}
	return e
}

// platforms are the images of an index.
func (s *Server) platforms(one *info, index parsed, pushed time.Time) []imageEntry {
	images := []imageEntry{}
	for _, d := range index.Manifests {
		if d.Platform != nil && d.Platform.OS == "unknown" && s.modes.get("attestations") == "omitted" {
			continue
		}
		m, _ := s.store.Manifest(one.name, d.Digest.String())
		var p parsed
		_ = json.Unmarshal(m.Body, &p) // what was lost has no size
		images = append(images, s.image(one, d.Digest.String(), p, d.Platform, pushed))
	}
	return images
}

// image is one platform; without a platform its configuration tells which.
func (s *Server) image(one *info, digest string, p parsed, platform *v1.Platform, pushed time.Time) imageEntry {
	e := imageEntry{
		Digest: digest, Size: p.size(), Status: s.active(&pushed), LastPulled: timestamp(pushed.Add(70 * time.Minute)), LastPushed: timestamp(pushed),
	}
	if platform == nil {
		platform = &v1.Platform{}
		if b, ok := s.store.Blob(one.name, p.Config.Digest.String()); ok && p.Config.MediaType.IsConfig() {
			platform = configPlatform(b)
		}
	}
	e.Architecture, e.OS = platform.Architecture, platform.OS
	if platform.Variant != "" {
		e.Variant = &platform.Variant
	}
	if platform.OSVersion != "" {
		e.OSVersion = &platform.OSVersion
	}
	return e
}

// configPlatform is what a configuration says of its platform.
func configPlatform(b registry.Blob) *v1.Platform {
	content, err := b.Open()
	if err != nil {
		return &v1.Platform{}
	}
	defer func() { _ = content.Close() }()
	config, err := v1.ParseConfigFile(content)
	if err != nil {
		return &v1.Platform{}
	}
	return &v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant, OSVersion: config.OSVersion}
}
