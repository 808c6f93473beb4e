package clients

import (
	"context"
	"maps"
	"slices"
	"strings"

	"pkgferry/checkpoint"
	"pkgferry/internal/artifact"
	"pkgferry/mapping"
)

// maxNames bounds how many scopes, channels or repositories of a project are told: what a person can read, and what no
// listing can make grow.
const maxNames = 1000

// Arrived are the projects that have received packages, with what they hold, sorted by their paths.
func Arrived(ctx context.Context, s *checkpoint.Store) ([]Project, error) {
	projects := map[string]map[artifact.Format]Holding{}
	for _, format := range artifact.Formats() {
		for record, err := range s.Arrived(ctx, format, false) {
			if err != nil {
				return nil, err
			}
			path := record.Destination.Project
			if projects[path] == nil {
				projects[path] = map[artifact.Format]Holding{}
			}
			holding := projects[path][format]
			holding.add(record)
			projects[path][format] = holding
		}
	}
	return sorted(projects), nil
}

// Planned are the projects that the routes send packages of some formats to, with what they may hold.
func Planned(r *mapping.Router, formats []artifact.Format) []Project {
	projects := map[string]map[artifact.Format]Holding{}
	for path, takes := range r.Projects(formats...) {
		projects[path] = map[artifact.Format]Holding{}
		for _, format := range takes {
			var holding Holding
			switch format {
			case artifact.Maven:
				holding.Releases, holding.Snapshots = maturities(r, path)
			case artifact.NPM:
				holding.Unscoped = true
			case artifact.Helm:
				for _, channel := range r.Channels(path) {
					insert(&holding.Channels, channelOf(channel))
				}
			}
			projects[path][format] = holding
		}
	}
	return sorted(projects)
}

// maturities tells which Maven versions a project gets; both when that hangs on more than the version.
func maturities(r *mapping.Router, project string) (releases, snapshots bool) {
	gets := func(version string) bool {
		p := artifact.Package{Format: artifact.Maven, Name: "com.example:example", Version: version}
		return r.Route(p).Destination.Project == project
	}
	releases, snapshots = gets("1.0"), gets("1.0-SNAPSHOT")
	if !releases && !snapshots {
		return true, true
	}
	return releases, snapshots
}

func sorted(projects map[string]map[artifact.Format]Holding) []Project {
	var all []Project
	for _, path := range slices.Sorted(maps.Keys(projects)) {
		all = append(all, Project{Place{Path: path}, projects[path]})
	}
	return all
}

func (h *Holding) add(r checkpoint.Record) {
	h.Packages++
	insert(&h.Repositories, r.Package.Repository)
	switch r.Destination.Format {
	case artifact.NPM:
		if scope, _, scoped := strings.Cut(r.Destination.Name, "/"); scoped {
			insert(&h.Scopes, scope)
		} else {
			h.Unscoped = true
		}
	case artifact.Maven:
		snapshot := artifact.IsSnapshot(r.Destination.Version)
		h.Snapshots = h.Snapshots || snapshot
		h.Releases = h.Releases || !snapshot && !r.Package.Index()
	case artifact.Helm:
		insert(&h.Channels, channelOf(r.Destination.Channel))
	}
}

// channelOf is the channel that a chart is in when its destination names none.
func channelOf(channel string) string {
	if channel == "" {
		return "stable"
	}
	return channel
}

// together is what several projects hold.
func together(projects []Project, f artifact.Format) Holding {
	var all Holding
	for _, p := range projects {
		h := p.Holds[f]
		all.Packages += h.Packages
		all.Unscoped, all.Releases, all.Snapshots = all.Unscoped || h.Unscoped, all.Releases || h.Releases, all.Snapshots || h.Snapshots
		for _, one := range []struct {
			to   *[]string
			from []string
		}{{&all.Scopes, h.Scopes}, {&all.Channels, h.Channels}, {&all.Repositories, h.Repositories}} {
			for _, name := range one.from {
				insert(one.to, name)
			}
		}
	}
	return all
}

// insert keeps a sorted set of at most maxNames.
func insert(set *[]string, name string) {
	if at, found := slices.BinarySearch(*set, name); !found && len(*set) < maxNames {
		*set = slices.Insert(*set, at, name)
	}
}
