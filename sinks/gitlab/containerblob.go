package gitlab

// Blobs on their way to the registry: POST to begin, PUT with all bytes to end (OCI distribution specification, "Pushing a
// blob monolithically", POST then PUT). With the digest in the PUT that carries the bytes, a stream that breaks leaves
// nothing behind but an upload, which the registry drops in time. A blob is sent once in a run, and mounted into other
// repositories ("Mounting a blob from another repository"; registry/handlers/blobupload.go in gitlab-org/container-registry).

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sourcegraph/conc/pool"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// blobsAtOnce is how many blobs of one image are on their way at once.
const blobsAtOnce = 4

// blobs brings what is not yet in the repository.
func (im *image) blobs(ctx context.Context, all []artifact.Descriptor) error {
	workers := pool.New().WithMaxGoroutines(blobsAtOnce).WithContext(ctx).WithCancelOnError().WithFirstError()
	for _, d := range all {
		workers.Go(func(ctx context.Context) error {
			_, err := im.stored.get(ctx, im.key(blobPath, d.Digest), func(ctx context.Context) (struct{}, error) {
				return struct{}{}, im.blob(ctx, d)
			})
			return err
		})
	}
	return workers.Wait()
}

// blob brings one. Of workers that need the same new blob in several repositories, one sends it and the others, when it is
// there, mount it.
func (im *image) blob(ctx context.Context, d artifact.Descriptor) error {
	if !im.shelf.isFresh() {
		there, err := im.hasBlob(ctx, d.Digest)
		if err != nil {
			return err
		}
		if there {
			im.holders.tell(imageKey(d.Digest), im.path)
			return nil
		}
	}
	sent := false
	from, err := im.holders.get(ctx, imageKey(d.Digest), func(ctx context.Context) (string, error) {
		sent = true
		return im.path, im.send(ctx, d, nil)
	})
	if err != nil || sent {
		return err
	}
	var location *url.URL
	if from != im.path {
		mounted, begun, err := im.mount(ctx, d, from)
		if err != nil || mounted {
			return err
		}
		location = begun
	}
	if err = im.send(ctx, d, location); err == nil {
		im.holders.tell(imageKey(d.Digest), im.path)
	}
	return err
}

// send uploads a blob to where an upload has begun; nil: it begins one.
func (im *image) send(ctx context.Context, d artifact.Descriptor, location *url.URL) error {
	if location == nil {
		err := im.authorized(ctx, func(ctx context.Context) (err error) {
			_, location, err = im.begin(ctx, nil)
			return refusal(err)
		}, push(im.path))
		if err != nil {
			return err
		}
	}
	if location.RawQuery != "" {
		location.RawQuery += "&"
	}
	location.RawQuery += url.Values{"digest": {d.Digest}}.Encode()
	to := delivery{
		client: im.client, url: location, header: http.Header{"Content-Type": {"application/octet-stream"}}, body: raw, meaning: refusal,
	}
	return im.authorized(ctx, func(ctx context.Context) error {
		_, err := to.send(ctx, artifact.ImageBlob(d.Digest, d.Size, im.locator), im.open)
		return err
	}, push(im.path))
}

// mount asks the registry to take a blob over from another repository. When it does not, or the token may not pull there,
// the blob has to be uploaded; begun is where, if that is known.
func (im *image) mount(ctx context.Context, d artifact.Descriptor, from string) (mounted bool, begun *url.URL, err error) {
	g, err := im.tokens.get(ctx, push(im.path), pull(from))
	if err == nil && !g.permits(pull(from)) {
		return false, nil, nil // asking all the same would be answered 401
	}
	if err == nil {
		err = im.authorized(ctx, func(ctx context.Context) (err error) {
			mounted, begun, err = im.begin(ctx, url.Values{"mount": {d.Digest}, "from": {from}})
			return refusal(err)
		}, push(im.path), pull(from))
	}
	if _, temporary := fault.IsTemporary(err); temporary || fault.IsStop(err) || ctx.Err() != nil {
		return false, nil, err
	}
	return mounted, begun, nil
}

// begin starts an upload: nothing has to be sent when the blob was mounted, else location is where the bytes go.
func (im *image) begin(ctx context.Context, query url.Values) (mounted bool, location *url.URL, err error) {
	u := im.client.URL("v2/"+im.path+"/blobs/uploads/", query)
	resp, err := im.client.Send(ctx, httpx.Request{Method: http.MethodPost, URL: u})
	if err != nil {
		return false, nil, err
	}
	_ = decode(resp, nil)
	if resp.StatusCode == http.StatusCreated && query != nil {
		return true, nil, nil
	}
	said := resp.Header.Get("Location")
	location, err = u.Parse(said)
	switch {
	case err != nil || said == "":
		return false, nil, fault.Errorf(artifact.TargetRejected, "the registry began an upload without saying where it goes on")
	case location.Scheme != u.Scheme && location.Scheme != "https":
		return false, nil, fault.Errorf(artifact.TargetRejected, "the registry wants an upload to go on by %s at %s: correct its own address in its configuration (http.host)",
			location.Scheme, location.Host)
	}
	location.User, location.Fragment = nil, ""
	return false, location, nil
}
