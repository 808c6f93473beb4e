package gitlab

// What GitLab serves to npm's clients about a name (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md;
// GitLab: app/services/packages/npm/generate_metadata_service.rb).

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

const maxPackument = 512 << 20 // read through, one version at a time

// packument is what pkgferry needs of one, by version.
type packument struct {
	shasums    map[string]string
	deprecated map[string]string
}

// packument asks for a name's versions. A name that GitLab does not hold has none: it may send the client to npm's
// public registry then, which is not followed.
func (a *api) packument(ctx context.Context, project int64, name string) (packument, error) {
	resp, err := a.http.Get(httpx.NoFollow(ctx), a.address(project, nil, "npm", name), nil)
	if statusOf(err) == http.StatusNotFound {
		return packument{}, nil
	}
	if err != nil {
		return packument{}, meaning(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return packument{}, nil
	}
	p, err := readPackument(io.LimitReader(resp.Body, maxPackument))
	if err != nil {
		err = fault.Because(artifact.TargetFailed, fmt.Errorf("GitLab's packument of %s: %w", name, err))
		return packument{}, fault.At(fault.Sink, fault.Temporary(err, 0))
	}
	return p, nil
}

func readPackument(r io.Reader) (packument, error) {
	p := packument{shasums: make(map[string]string), deprecated: make(map[string]string)}
	decoder := json.NewDecoder(r)
	err := members(decoder, func(name string) error {
		if name != "versions" {
			return decoder.Decode(&json.RawMessage{})
		}
		return members(decoder, func(version string) error {
			var one struct {
				Dist       struct{ Shasum string }
				Deprecated any
			}
			if err := decoder.Decode(&one); err != nil {
				return err
			}
			p.shasums[version] = one.Dist.Shasum
			if message, ok := one.Deprecated.(string); ok && message != "" {
				p.deprecated[version] = message
			}
			return nil
		})
	})
	return p, err
}

// members calls each with the name of every member of the object that comes next; each decodes the value.
func members(decoder *json.Decoder, each func(name string) error) error {
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(errors.New("it is not a JSON object"), err)
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return errors.New("it is not a JSON object")
		}
		if err := each(name); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}
