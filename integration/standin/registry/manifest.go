package registry

// Manifests as they are read: registry/handlers/manifests.go of the distribution project, release 2, which Docker Hub and
// most others follow. What a client does not accept is not found, or is another manifest.

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func (g Registry) manifest(w http.ResponseWriter, r *http.Request, c Call) {
	tagged := !strings.Contains(c.Reference, ":")
	found, ok := g.Store.Manifest(c.Repository, c.Reference)
	switch {
	case !ok && tagged:
		Fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", map[string]string{"Tag": c.Reference})
		return
	case !ok:
		Fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", map[string]string{"Name": c.Repository, "Revision": c.Reference})
		return
	case found.MediaType == string(types.OCIManifestSchema1) && !accepts(r, types.OCIManifestSchema1):
		unacceptable(w, "OCI manifest found, but accept header does not support OCI manifests")
		return
	case found.MediaType == string(types.OCIImageIndex) && !accepts(r, types.OCIImageIndex):
		unacceptable(w, "OCI index found, but accept header does not support OCI indexes")
		return
	case tagged && found.MediaType == string(types.DockerManifestList) && !accepts(r, types.DockerManifestList):
		if found, ok = g.converted(w, c, found); !ok {
			return
		}
	}
	if g.Pull != nil && !g.Pull(w, r, c, found) {
		return
	}
	h := w.Header()
	h.Set("Docker-Content-Digest", found.Digest)
	h.Set("Etag", `"`+found.Digest+`"`)
	if slices.ContainsFunc(r.Header["If-None-Match"], func(v string) bool { return strings.Trim(v, `"`) == found.Digest }) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", found.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(found.Body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(found.Body)
	}
}

// converted is the manifest of linux/amd64 that stands for a list, for clients that know no lists; false when it has answered.
func (g Registry) converted(w http.ResponseWriter, c Call, list Manifest) (Manifest, bool) {
	var index v1.IndexManifest
	_ = json.Unmarshal(list.Body, &index) // without entries nothing is found
	i := slices.IndexFunc(index.Manifests, func(d v1.Descriptor) bool {
		return d.Platform != nil && d.Platform.OS == "linux" && d.Platform.Architecture == "amd64"
	})
	if i < 0 {
		Fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", map[string]any{})
		return Manifest{}, false
	}
	digest := index.Manifests[i].Digest.String()
	found, ok := g.Store.Manifest(c.Repository, digest)
	if !ok {
		Fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", map[string]string{"Name": c.Repository, "Revision": digest})
	}
	return found, ok
}

func unacceptable(w http.ResponseWriter, message string) {
	FailAs(w, http.StatusNotFound, Problem{Code: "MANIFEST_UNKNOWN", Message: message})
}

// accepts tells whether the client names a media type; what it says of any type does not count.
func accepts(r *http.Request, mediaType types.MediaType) bool {
	for _, line := range r.Header["Accept"] {
		for _, one := range strings.Split(line, ",") {
			if kind, _, err := mime.ParseMediaType(one); err == nil && kind == string(mediaType) {
				return true
			}
		}
	}
	return false
}
