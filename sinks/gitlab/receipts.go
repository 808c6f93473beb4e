package gitlab

// Files whose arrival GitLab has proven in its answer to the upload.

import (
	"sync"

	"pkgferry/internal/artifact"
	"pkgferry/sinks"
)

// receipts keep the newest answers by package, until the package was looked at. The zero value is ready.
type receipts struct {
	mu   sync.Mutex
	held map[key]map[string]sinks.Held
}

func (r *receipts) add(t target, f artifact.File, got receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = make(map[key]map[string]sinks.Held)
	}
	k := t.held.key(t.Name, t.Version)
	if r.held[k] == nil {
		r.held[k] = make(map[string]sinks.Held)
	}
	r.held[k][f.Path] = sinks.Held{
		Size: got.Size, Digests: artifact.Digests{SHA256: got.FileSHA256}, Proof: artifact.Server,
		Open: t.api.download(t.api.address(t.project, nil, genericAddress(t.Destination, f.Path)...)),
	}
	t.held.show(k, got.PackageID)
}

// take gives the receipts of a package away, when they cover all of p.
func (r *receipts) take(t target, p artifact.Package) (sinks.Holding, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := t.held.key(t.Name, t.Version)
	holding := sinks.Holding{State: sinks.Ready, Files: r.held[k]}
	delete(r.held, k)
	return holding, len(holding.Files) > 0 && stateOf(holding, p) == sinks.Ready
}
