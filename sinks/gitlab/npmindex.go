package gitlab

// What belongs to an npm name: dist-tags and deprecations (GitLab: doc/api/packages/npm.md,
// lib/api/concerns/packages/npm_endpoints.rb, app/services/packages/npm/deprecate_package_service.rb).

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
)

const (
	maxTags      = 16 << 20 // bytes of all tags of a name
	maxIndexText = 64 << 10 // bytes of one tag's version or one deprecation
)

// deprecations are those that GitLab was told and works off in the background.
type deprecations struct {
	mu sync.Mutex
	at map[packageName]time.Time
}

func (d *deprecations) note(name packageName, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == nil {
		d.at = make(map[packageName]time.Time)
	}
	d.at[name] = at
}

func (d *deprecations) pending(name packageName) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.at[name]
	return ok
}

func (d *deprecations) done(name packageName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.at, name)
}

func (n *npm) statIndex(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	if some, err := t.held.holdsAny(ctx); err != nil || !some {
		return sinks.Holding{}, err
	}
	texts, err := n.index(ctx, t, p)
	if err != nil {
		return sinks.Holding{}, err
	}
	holding := sinks.Holding{Files: make(map[string]sinks.Held, len(p.Files))}
	late := false
	for _, f := range p.Files {
		text, ok := texts[f.Path]
		if ok {
			holding.Files[f.Path] = heldText(text)
		}
		if _, version := artifact.NPMIndexFile(f.Path); version != "" && (!ok || artifact.DigestsOf(text).Compare(f.Digests) == artifact.Different) {
			late = true
		}
	}
	name := packageName{t.project, t.Name}
	switch {
	case late && n.told.pending(name):
		return sinks.Holding{State: sinks.Pending}, nil
	case !late:
		n.told.done(name)
	}
	holding.State = stateOf(holding, p)
	return holding, nil
}

// index reads the texts of a name's index, asking only for what p has: tags, deprecations or both.
func (n *npm) index(ctx context.Context, t target, p artifact.Package) (map[string]string, error) {
	tagged, deprecated := false, false
	for _, f := range p.Files {
		tag, version := artifact.NPMIndexFile(f.Path)
		tagged, deprecated = tagged || tag != "", deprecated || version != ""
	}
	texts := make(map[string]string, len(p.Files))
	if tagged {
		var tags map[string]string
		u := t.api.address(t.project, nil, "npm", "-", "package", t.Name, "dist-tags")
		_, err := t.api.http.GetJSON(httpx.NoFollow(ctx), u, nil, maxTags, &tags)
		if err != nil && statusOf(err) != http.StatusNotFound {
			return nil, meaning(err)
		}
		for tag, version := range tags {
			texts[artifact.NPMTag(tag, "").Path] = version
		}
	}
	if deprecated {
		all, err := t.api.packument(ctx, t.project, t.Name)
		if err != nil {
			return nil, err
		}
		for version, message := range all.deprecated {
			texts[artifact.NPMDeprecation(version, "").Path] = message
		}
	}
	return texts, nil
}

// heldText is a text that was just read from GitLab.
func heldText(text string) sinks.Held {
	return sinks.Held{
		Size: int64(len(text)), Digests: artifact.DigestsOf(text), Proof: artifact.ReadBack,
		Open: func(context.Context) (artifact.Content, error) {
			return artifact.Content{ReadCloser: io.NopCloser(bytes.NewBufferString(text)), Size: int64(len(text))}, nil
		},
	}
}

// publishIndex sets every tag that it can, and deprecates by one request per message: of a request with several GitLab
// gives the first to whole batches of versions (app/services/packages/npm/deprecate_package_service.rb).
func (n *npm) publishIndex(ctx context.Context, t target, missing []artifact.File, open artifact.Opener) error {
	messages := make(map[string][]string) // the versions of each
	var failures []error
	for _, f := range missing {
		text, err := readText(ctx, f, open)
		if err != nil {
			return err
		}
		tag, version := artifact.NPMIndexFile(f.Path)
		switch {
		case version != "":
			messages[text] = append(messages[text], version)
		case tag != "":
			if err := putTag(ctx, t, tag, text); fault.IsStop(err) {
				return err
			} else if err != nil {
				failures = append(failures, err)
			}
		}
	}
	for message, versions := range messages {
		if err := n.deprecate(ctx, t, message, versions); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

func putTag(ctx context.Context, t target, tag, version string) error {
	err := t.api.putJSON(ctx, t, nil, version, "npm", "-", "package", t.Name, "dist-tags", tag)
	if statusOf(err) == http.StatusNotFound {
		text := fmt.Errorf("dist-tag %q points to %s, which can not be installed from GitLab: %w", tag, version, err)
		return fault.At(fault.Sink, fault.Because(artifact.TargetRejected, text))
	}
	return meaning(err)
}

func (n *npm) deprecate(ctx context.Context, t target, message string, versions []string) error {
	deprecated := make(map[string]map[string]string, len(versions))
	for _, version := range versions {
		deprecated[version] = map[string]string{"deprecated": message}
	}
	n.told.note(packageName{t.project, t.Name}, time.Now())
	header := http.Header{"Npm-Command": {"deprecate"}}
	err := t.api.putJSON(ctx, t, header, map[string]any{"name": t.Name, "versions": deprecated}, "npm", t.Name)
	if statusOf(err) == http.StatusForbidden {
		text := fmt.Errorf("deprecating versions of %s needs the role Maintainer: %w", t.Name, err)
		return fault.At(fault.Sink, fault.Because(artifact.NotPermitted, text))
	}
	return meaning(err)
}

// putJSON sends a short document and discards the answer.
func (a *api) putJSON(ctx context.Context, t target, header http.Header, value any, segments ...string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	header = header.Clone()
	if header == nil {
		header = make(http.Header, 1)
	}
	header.Set("Content-Type", "application/json")
	resp, err := a.http.Send(ctx, httpx.Request{
		Method: http.MethodPut, URL: a.address(t.project, nil, segments...), Header: header, Size: int64(len(text)),
		Body: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil },
	})
	if err != nil {
		return err
	}
	return decode(resp, nil)
}

func readText(ctx context.Context, f artifact.File, open artifact.Opener) (string, error) {
	stream, err := open(ctx, f)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	if stream.Size() > maxIndexText {
		return "", fault.Errorf(artifact.MetadataTooLarge, "%s has %d bytes; at most %d are published", f.Path, stream.Size(), maxIndexText)
	}
	text, err := io.ReadAll(io.LimitReader(stream, maxIndexText+1))
	return string(text), err
}
