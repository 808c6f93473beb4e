package gitlab

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"pkgferry/internal/artifact"
)

// Helm, for consumers: index.yaml and the charts behind it (https://helm.sh/docs/topics/chart_repository/), as GitLab serves
// them: lib/api/helm_packages.rb, app/services/packages/helm/{generate_metadata,create_metadata_cache}_service.rb and
// app/finders/packages/helm/*.rb. An index that is made for a request holds the newest charts only; one from the cache
// (GitLab 18.9) holds all, and is as old as the last refresh, which is background work.

// helmIndex serves a channel's index.
func (s *Server) helmIndex(e *exchange) {
	channel, p, _, ok := s.helmEnter(e, read)
	if !ok {
		return
	}
	s.mu.RLock()
	text, newest := p.charts[channel], (*pkg)(nil)
	if s.modes.get("helm.index") == "direct" {
		text = nil
	}
	if text == nil {
		newest = first(p.channel(channel))
		text = s.helmIndexOf(p, channel, unescaped(e.id), int(s.modes.number("helm.max")))
	}
	s.mu.RUnlock()
	if newest != nil {
		s.helmRefresh(newest, channel)
	}
	e.w.Header().Set("Content-Type", "text/yaml")
	_, _ = e.w.Write(text)
}

// channel returns the installable charts of a channel, newest first. The caller holds the lock.
func (p *project) channel(name string) (all []*pkg) {
	for _, one := range slices.Backward(p.packages) {
		if one.format == artifact.Helm && one.installable() && one.inChannel(name) != nil {
			all = append(all, one)
		}
	}
	return all
}

// inChannel is the newest file of a package in a channel; nil when there is none.
func (p *pkg) inChannel(name string) *file {
	for _, f := range slices.Backward(p.files) {
		if f.channel == name && f.status == statusDefault {
			return f
		}
	}
	return nil
}

// helmRefresh renews the caches of the indexes of channels in which a package has changed, in the background:
// once, however many changes wait for it.
func (s *Server) helmRefresh(one *pkg, channels ...string) {
	if s.modes.get("helm.index") == "direct" {
		return
	}
	for _, channel := range channels {
		s.mu.Lock()
		queued := one.project.stale[channel]
		one.project.stale[channel] = true
		s.mu.Unlock()
		if !queued {
			s.later(one, func() error { return s.helmCache(one.project, channel) })
		}
	}
}

func (s *Server) helmCache(p *project, channel string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(p.stale, channel)
	p.charts[channel] = s.helmIndexOf(p, channel, fmt.Sprint(p.id), len(p.packages))
	return nil
}

// channels are those in which a package has files. The caller holds the lock.
func (p *pkg) channels() (all []string) {
	for _, f := range p.files {
		if f.channel != "" && !slices.Contains(all, f.channel) {
			all = append(all, f.channel)
		}
	}
	return all
}

var bareAppVersion = regexp.MustCompile(`(?m)^(\s*appVersion:\s+)([^"'|>\n\r][^\n\r]*)$`)

// helmIndexOf writes an index of the newest charts. The caller holds the lock.
func (s *Server) helmIndexOf(p *project, channel, id string, most int) []byte {
	all := p.channel(channel)
	all = all[:min(len(all), most)]
	names, entries := []string{}, map[string][]yaml.MapSlice{}
	for _, one := range all {
		if entries[one.name] == nil {
			names = append(names, one.name)
		}
		entries[one.name] = append(entries[one.name], one.inChannel(channel).chartEntry())
	}
	listed := yaml.MapSlice{}
	for _, name := range names {
		listed = append(listed, yaml.MapItem{Key: name, Value: entries[name]})
	}
	text, err := yaml.MarshalWithOptions(yaml.MapSlice{
		{Key: "apiVersion", Value: "v1"},
		{Key: "entries", Value: listed},
		{Key: "generated", Value: s.clock.now().UTC().Format(chartTime)},
		{Key: "serverInfo", Value: yaml.MapSlice{
			{Key: "contextPath", Value: "/api/v4/projects/" + url.PathEscape(id) + "/packages/helm"},
		}},
	}, yaml.Indent(2), yaml.IndentSequence(false))
	if err != nil {
		panic(err) // it holds nothing that YAML has no place for
	}
	return append([]byte("---\n"), bareAppVersion.ReplaceAll(text, []byte(`$1"$2"`))...)
}

const chartTime = "2006-01-02T15:04:05.000000000Z"

// chartEntry is a file's entry of an index: its Chart.yaml, whose keys the database has sorted, and where it is. GitLab
// stores no digest of charts.
func (f *file) chartEntry() yaml.MapSlice {
	entry, _ := sortedYAML(f.chart).(yaml.MapSlice)
	return append(entry,
		yaml.MapItem{Key: "created", Value: f.created.UTC().Format(chartTime)},
		yaml.MapItem{Key: "digest", Value: nil},
		yaml.MapItem{Key: "urls", Value: []string{"charts/" + f.name}},
	)
}

// sortedYAML sorts the keys of maps as PostgreSQL's jsonb does: short ones first.
func sortedYAML(value any) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for _, one := range value {
			list = append(list, sortedYAML(one))
		}
		return list
	case map[string]any:
		all := yaml.MapSlice{}
		for key, one := range value {
			all = append(all, yaml.MapItem{Key: key, Value: sortedYAML(one)})
		}
		slices.SortFunc(all, func(a, b yaml.MapItem) int {
			x, y := fmt.Sprint(a.Key), fmt.Sprint(b.Key)
			return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
		})
		return all
	}
	return value
}

// helmChart serves the newest file of a name in a channel.
func (s *Server) helmChart(e *exchange) {
	name := unescaped(e.rest)
	if !strings.HasSuffix(name, ".tgz") || strings.Contains(name, "/") {
		e.json(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
		return
	}
	channel, p, _, ok := s.helmEnter(e, read)
	if !ok {
		return
	}
	var newest *file
	s.mu.RLock()
	for _, one := range p.channel(channel) {
		for _, f := range one.files {
			if f.name == name && f.channel == channel && f.status == statusDefault && (newest == nil || f.id > newest.id) {
				newest = f
			}
		}
	}
	s.mu.RUnlock()
	if newest == nil {
		e.fail(http.StatusNotFound, "404 Not found")
		return
	}
	s.serveStored(e, newest)
}
