package registry

// The API of referrers (distribution specification 1.1, "Listing Referrers").

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// referrers lists the manifests whose subject a digest is, in an index. Its pages go on after a digest.
func (g Registry) referrers(w http.ResponseWriter, r *http.Request, c Call) {
	size, ok := g.Referrers.size(w, r)
	if !ok {
		return
	}
	query := r.URL.Query()
	found, known := g.Store.Referrers(c.Repository, c.Reference)
	if !known {
		Fail(w, http.StatusNotFound, "NAME_UNKNOWN", map[string]string{"name": c.Repository})
		return
	}
	if kind := query.Get("artifactType"); kind != "" {
		found = slices.DeleteFunc(found, func(d v1.Descriptor) bool { return d.ArtifactType != kind })
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	if last := query.Get("last"); last != "" {
		found = slices.DeleteFunc(found, func(d v1.Descriptor) bool { return d.Digest.String() <= last })
	}
	if size > 0 && len(found) > size {
		found = found[:size]
		next := url.Values{"last": {found[size-1].Digest.String()}, "n": {strconv.Itoa(size)}}
		if query.Has("artifactType") {
			next.Set("artifactType", query.Get("artifactType"))
		}
		g.next(w, r, *g.Referrers, "/v2/"+c.Repository+"/referrers/"+c.Reference, next)
	}
	w.Header().Set("Content-Type", string(types.OCIImageIndex))
	_ = json.NewEncoder(w).Encode(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: found})
}
