package artifactory

// What happens on the server while it is looked at: POST /_standin/mutate, whose body is a JSON array of Change; and rows
// that move between two pages of a query.

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"pkgferry/integration/standin/artifactory/storage"
)

// Change is one thing that happens on the server.
type Change struct {
	// Op is deploy (a new file, or new content of one that is there), copy, move, delete (a file or a folder; that of a
	// tag takes the tag away), properties (they replace those that were there), lose (the content is gone from the disk),
	// find (it is back), block (Xray forbids its download), allow, image (a small image, made of Made, is pushed as Path, such as "app:2.1"), blackout or serve (the
	// repository), renew (credentials that ended by the mode token-expires are good for as many requests again).
	Op         string `json:"op"`
	Repository string `json:"repository"`
	Path       string `json:"path,omitempty"`

	// Body is the content of a deployed file or, without it, Size bytes that depend on Made alone.
	Body string `json:"body,omitempty"`
	Made uint64 `json:"made,omitempty"`
	Size int64  `json:"size,omitempty"`
	// Modified is the date that the client of a deploy sends with its file; without it the server's time counts.
	Modified *time.Time `json:"modified,omitempty"`
	// Late is how long a deploy takes, such as "10m": the file is there when all of it has arrived, with the dates of
	// when its upload began.
	Late string `json:"late,omitempty"`

	// ToRepository and ToPath are where a copy or a move goes.
	ToRepository string `json:"to_repository,omitempty"`
	ToPath       string `json:"to_path,omitempty"`

	Properties []Property `json:"properties,omitempty"`
}

// Property is one property of an item.
type Property struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Change makes one change.
func (s *Server) Change(c Change) error {
	if c.Op == "renew" {
		s.signedIn.Store(0)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	holders := s.content.holders(c.Repository)
	if len(holders) != 1 || s.content.repositories[c.Repository] != nil && s.content.repositories[c.Repository].class == virtual {
		return fmt.Errorf("there is no repository %q that holds anything", c.Repository)
	}
	one := holders[0]
	switch c.Op {
	case "deploy":
		return s.deploy(one, c)
	case "image":
		return s.push(one, c)
	case "blackout", "serve":
		one.blackedOut = c.Op == "blackout"
		return nil
	}
	old := one.held.Get(c.Path)
	if old == nil || c.Path == "" {
		return fmt.Errorf("there is no %q in %s", c.Path, c.Repository)
	}
	changed := *old
	switch c.Op {
	case "delete":
		one.held.Delete(c.Path)
		if name, tag := tagOf(c.Path); one.images != nil {
			_ = one.images.DeleteTag(name, tag) // what is no tag is no tag
		}
		return nil
	case "copy", "move":
		return s.carry(one, old, c)
	case "properties":
		changed.Properties, changed.PropsModified = nil, stamp(s.clock.now())
		for _, p := range c.Properties {
			changed.Properties = append(changed.Properties, storage.Property{Key: p.Key, Value: p.Value})
		}
	case "lose", "find":
		changed.Lost = c.Op == "lose"
	case "block", "allow":
		changed.Blocked = c.Op == "block"
	default:
		return fmt.Errorf("there is no change %q", c.Op)
	}
	s.content.put(one, &changed)
	return nil
}

// push stores an image in a registry and in the storage. A tag that moves leaves nothing of its old image in its folder.
func (s *Server) push(one *repository, c Change) error {
	name, tag, ok := strings.Cut(c.Path, ":")
	if one.images == nil || !ok || name == "" || tag == "" {
		return fmt.Errorf("%q can be no image in %s", c.Path, c.Repository)
	}
	one.held.Delete(name + "/" + tag)
	d := &seeder{server: s, content: s.content, now: s.clock.now().Add(-time.Minute)}
	d.mirrorManifest(one, name, tag, one.images.PutArtifact(name, tag, madeImage(int(c.Made))))
	return nil
}

// deploy stores a file as an upload does: created stays what it was, modified is what the client says.
func (s *Server) deploy(one *repository, c Change) error {
	old := one.held.Get(c.Path)
	if c.Path == "" || strings.HasSuffix(c.Path, "/") || old != nil && old.Folder {
		return fmt.Errorf("%q in %s can be no file", c.Path, c.Repository)
	}
	late, err := time.ParseDuration(cmp.Or(c.Late, "0s"))
	if err != nil {
		return err
	}
	now := stamp(s.clock.now().Add(-late))
	folder, name := storage.Split(c.Path)
	item := &storage.Item{
		Path: folder, Name: name, Created: now, Modified: now, Updated: now, CreatedBy: "ci", ModifiedBy: "ci",
		Blob: storage.Bytes([]byte(c.Body)),
	}
	if c.Body == "" && c.Size > 0 {
		item.Blob = storage.Made(c.Made, c.Size)
	}
	if c.Modified != nil {
		item.Modified = stamp(*c.Modified)
	}
	if old != nil {
		item.ID, item.Created, item.CreatedBy, item.Properties, item.PropsModified = old.ID, old.Created, old.CreatedBy, old.Properties, old.PropsModified
	} else {
		item.ID = s.content.id()
	}
	if len(c.Properties) > 0 {
		item.Properties, item.PropsModified = nil, now
		for _, p := range c.Properties {
			item.Properties = append(item.Properties, storage.Property{Key: p.Key, Value: p.Value})
		}
	}
	s.content.put(one, item)
	return nil
}

// carry copies or moves a file or a folder with what is in it. All three dates come along, unless the mode copy-dates says
// otherwise; properties count as changed when there are some (DbMutableItem.save).
func (s *Server) carry(one *repository, old *storage.Item, c Change) error {
	holders := s.content.holders(c.ToRepository)
	if len(holders) != 1 || c.ToPath == "" {
		return fmt.Errorf("nothing can go to %q in %q", c.ToPath, c.ToRepository)
	}
	now, from := stamp(s.clock.now()), old.At()
	var carried []*storage.Item
	gather(one.held, old, func(item *storage.Item) { carried = append(carried, item) })
	for _, item := range carried {
		moved := *item
		moved.Path, moved.Name = storage.Split(c.ToPath + strings.TrimPrefix(item.At(), from))
		if there := holders[0].held.Get(moved.At()); there != nil {
			moved.ID = there.ID
		} else {
			moved.ID = s.content.id()
		}
		if !s.modes.copyDates {
			moved.Created, moved.Updated = now, now
		}
		if len(moved.Properties) > 0 {
			moved.PropsModified = now
		}
		s.content.put(holders[0], &moved)
	}
	if c.Op == "move" {
		one.held.Delete(from)
	}
	return nil
}

func gather(held *storage.Repository, item *storage.Item, found func(*storage.Item)) {
	found(item)
	if item.Folder {
		for child := range held.Children(item.At()) {
			gather(held, child, found)
		}
	}
}

// ordinary are the changes of a working day: a new version, one that is replaced, one that is promoted with its old dates, a
// property, a new image, a deletion.
func (s *Server) ordinary() []Change {
	stamp := s.clock.now().UnixNano()
	body := func(at string) string { return fmt.Sprintf("%s at %d\n", at, stamp) }
	deploy := func(repository, at string, properties ...Property) Change {
		return Change{Op: "deploy", Repository: repository, Path: at, Body: body(at), Properties: properties}
	}
	old := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	dated := deploy(Releases, "com/example/lib/1.2/lib-1.2.pom")
	dated.Modified = &old
	all := []Change{
		deploy(Releases, "com/example/lib/1.2/lib-1.2.jar"), dated, deploy(Files, "root.txt"),
		{Op: "copy", Repository: Files, Path: "root.txt", ToRepository: Files, ToPath: fmt.Sprintf("promoted/%d/root.txt", stamp)},
		{Op: "properties", Repository: Files, Path: "root.txt", Properties: []Property{{Key: "stage", Value: "released"}}},
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if docker := s.content.repositories[Docker]; docker != nil {
		all = append(all, Change{Op: "image", Repository: Docker, Path: "app:daily", Made: uint64(stamp)})
	}
	for _, doomed := range []string{"docs/empty.bin", "nightly/app/1.100.0/part-00000.bin"} {
		if s.content.repositories[Files].held.Get(doomed) != nil {
			all = append(all, Change{Op: "delete", Repository: Files, Path: doomed})
		}
	}
	return all
}

// shift moves the rows behind a page that was just delivered: mode shift. It deletes the page's first file, or puts a new
// one before it.
func (s *Server) shift(first row) {
	s.mu.Lock()
	left := s.shifts
	if s.modes.shift != "off" && left > 0 {
		s.shifts--
	}
	s.mu.Unlock()
	if left < 1 || first.Folder {
		return
	}
	switch s.modes.shift {
	case "delete":
		_ = s.Change(Change{Op: "delete", Repository: first.Repo, Path: first.At()})
	case "insert":
		folder := strings.TrimSuffix(first.At(), first.Name)
		_ = s.Change(Change{Op: "deploy", Repository: first.Repo, Path: folder + fmt.Sprintf("!inserted-%03d.txt", left), Body: "inserted between two pages\n"})
	}
}
