package gitlab

// Plain files (GitLab: doc/user/packages/generic_packages/_index.md, lib/api/generic_packages.rb): one PUT per file; with
// select=package_file its answer already tells the SHA-256 that GitLab computed, so nothing has to be asked afterwards.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
	"pkgferry/sinks"
)

// genericAddress are the segments of a file's address; a nested path keeps its slashes.
func genericAddress(dst artifact.Destination, file string) []string {
	return append([]string{"generic", dst.Name, dst.Version}, strings.Split(file, "/")...)
}

// genericName undoes how GitLab stores a nested path: percent-encoded.
func genericName(stored string) string {
	if plain, err := url.PathUnescape(stored); err == nil {
		return plain
	}
	return stored
}

func statGeneric(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	if holding, ok := t.held.receipts.take(t, p); ok {
		return holding, nil
	}
	r, state, err := t.held.find(ctx, t.Name, t.Version)
	if err != nil || state != sinks.Ready {
		return sinks.Holding{State: state}, err
	}
	if r.status == hidden {
		return statHidden(ctx, t, p)
	}
	address := func(file string) []string { return genericAddress(t.Destination, file) }
	return statFiles(ctx, t, p, t.Name, address, genericName)
}

// statHidden asks file by file: GitLab serves a hidden package and does not list its files.
func statHidden(ctx context.Context, t target, p artifact.Package) (sinks.Holding, error) {
	holding := sinks.Holding{Files: make(map[string]sinks.Held, len(p.Files))}
	for _, f := range p.Files {
		u := t.api.address(t.project, nil, genericAddress(t.Destination, f.Path)...)
		resp, err := t.api.http.Head(httpx.NoFollow(ctx), u, nil)
		if statusOf(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return sinks.Holding{}, meaning(err)
		}
		_ = resp.Body.Close()
		held := sinks.Held{Size: -1, Proof: artifact.BySize, Open: t.api.download(u)}
		if resp.StatusCode == http.StatusOK {
			held.Size = resp.ContentLength
		}
		if sum := resp.Header.Get("X-Checksum-Sha256"); sum != "" {
			held.Digests.SHA256, held.Proof = sum, artifact.Server
		}
		holding.Files[f.Path] = held
	}
	holding.State = stateOf(holding, p)
	return holding, nil
}

// receipt is GitLab's answer about a stored file.
type receipt struct {
	PackageID  int64  `json:"package_id"`
	Size       int64  `json:"size"`
	FileSHA256 string `json:"file_sha256"`
}

func publishGeneric(ctx context.Context, t target, p artifact.Package, missing []artifact.File, open artifact.Opener) error {
	k := t.held.key(t.Name, t.Version)
	for _, f := range missing {
		t.held.publishing(k)
		if err := publishGenericFile(ctx, t, p, f, open); err != nil {
			return err
		}
	}
	t.held.published(k)
	return nil
}

func publishGenericFile(ctx context.Context, t target, p artifact.Package, f artifact.File, open artifact.Opener) error {
	u := t.api.address(t.project, url.Values{"select": {"package_file"}}, genericAddress(t.Destination, f.Path)...)
	var got receipt
	sent, err := t.api.put(ctx, u, nil, f, open, raw, &got)
	switch {
	case duplicate(err):
		return settleDuplicate(ctx, t, p, f, err, statGeneric)
	case objectStore(err):
		return fault.Temporary(err, 0)
	case err != nil:
		return err
	case got.FileSHA256 == "":
		return nil // Stat will ask
	case got.FileSHA256 != sent.SHA256:
		err := fmt.Errorf("file %q: sent SHA-256 %s, GitLab received %s", f.Path, sent.SHA256, got.FileSHA256)
		return fault.At(fault.Sink, fault.Because(artifact.TargetMismatch, err))
	}
	t.held.receipts.add(t, f, got)
	return nil
}

// objectStore tells that GitLab's storage refused a file, which passes: the API says no more than its status then.
func objectStore(err error) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	return ok && e.Status == http.StatusForbidden && e.Message() == "403 Forbidden"
}
