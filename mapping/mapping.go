// Package mapping decides what is taken at all and where it goes: a Selection leaves packages out, and of the rules the first
// that matches a package names its project, skips it or renames it. It is pure: the same rules and packages always give the
// same decisions, and nothing is asked of any server.
package mapping

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"pkgferry/internal/artifact"
)

// OnConflict says what happens when the sink holds other bytes under a package's name.
type OnConflict string

// The answers to a conflict. Without one, what moves by nature (artifact.Moving) is replaced and anything else fails.
// Replace adds snapshots and the tags of images (artifact.Movable); a release is never overwritten.
const (
	Fail    OnConflict = "fail"
	Skip    OnConflict = "skip"
	Replace OnConflict = "replace"
)

// Rename gives a package another name at the destination: From is matched against its name, To is the replacement with
// $1, $2 … for From's groups.
type Rename struct {
	From *regexp.Regexp
	To   string
}

// Rule is one route. Project is relative to the target group; Skip is a reason that leaves the package out instead. Channel
// is that of Helm charts, Repack is for Terraform modules; see artifact.Destination.
type Rule struct {
	Match      Match
	Project    string
	Skip       string
	Rename     *Rename
	OnConflict OnConflict
	Channel    string
	Repack     bool
	// MaxFileSize is the size in bytes that files must stay below; 0: any.
	MaxFileSize int64
	// Position is file:line:column, for errors.
	Position string
}

// Decision is what became of one package. Exactly one of Destination and Skip is set.
type Decision struct {
	Destination artifact.Destination
	Skip        artifact.Reason
	Detail      string
	OnConflict  OnConflict
	// Rule is the index of the rule that decided; -1 when none matched.
	Rule int
}

// defaultProjects is the structure that GitLab recommends, one project per type
// (GitLab: doc/user/packages/workflows/project_registry.md).
var defaultProjects = []struct {
	format  artifact.Format
	project string
}{
	{artifact.Maven, "java-packages"},
	{artifact.NPM, "node-packages"},
	{artifact.PyPI, "python-packages"},
	{artifact.Container, "docker-images"},
	{artifact.Terraform, "terraform-modules"},
	{artifact.NuGet, "nuget-packages"},
	{artifact.Generic, "generic-packages"},
	{artifact.Helm, "helm-charts"},
}

// Defaults are the rules of the recommended structure.
func Defaults() []Rule {
	var rules []Rule
	for _, one := range defaultProjects {
		rules = append(rules, Rule{
			Match:    Match{Format: []string{string(one.format)}},
			Project:  one.project,
			Position: "the recommended structure",
		})
	}
	return rules
}

// Router routes packages by rules.
type Router struct {
	group string
	rules []Rule
	now   time.Time
}

// New checks the rules and returns their Router. The group is the full path that projects are relative to. A rule that
// is contradictory, can never match, or stands behind one that takes everything it could match is an error that starts
// with its Position.
func New(group string, rules []Rule) (*Router, error) {
	for i, rule := range rules {
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", rule.Position, err)
		}
		for _, earlier := range rules[:i] {
			if earlier.covers(rule) {
				return nil, fmt.Errorf("%s: this route is never reached: the one at %s takes everything that it matches",
					rule.Position, earlier.Position)
			}
		}
	}
	return &Router{group: group, rules: rules}, nil
}

// At returns the router that counts ages from a moment. Without one, nothing has an age.
func (r *Router) At(moment time.Time) *Router {
	at := *r
	at.now = moment
	return &at
}

// Positions are where the rules stand, in their order.
func (r *Router) Positions() []string {
	var all []string
	for _, rule := range r.rules {
		all = append(all, rule.Position)
	}
	return all
}

// ByVersion tells whether versions of one name may get different decisions, so that their index has to follow them.
func (r *Router) ByVersion() bool {
	return slices.ContainsFunc(r.rules, func(rule Rule) bool { return rule.Match.ByVersion() })
}

// ByContent tells whether a package has to be known whole before it is decided about.
func (r *Router) ByContent() bool {
	return slices.ContainsFunc(r.rules, func(rule Rule) bool { return rule.Match.ByContent() })
}

// helmChannel is what GitLab takes as one (GitLab: lib/gitlab/regex/packages.rb).
var helmChannel = regexp.MustCompile(`^([a-zA-Z0-9][._-]?){1,255}$`)

func (r Rule) check() error {
	switch {
	case r.Channel != "" && (!helmChannel.MatchString(r.Channel) || strings.HasSuffix(r.Channel, ".") || strings.HasSuffix(r.Channel, "-")):
		return fmt.Errorf("channel %q: GitLab takes letters and digits, with single . _ - between them", r.Channel)
	case r.Channel != "" && !r.mayTake(artifact.Helm):
		return fmt.Errorf("channel: only charts have one, and the route takes no helm")
	case r.Repack && !r.mayTake(artifact.Terraform):
		return fmt.Errorf("repack: only Terraform modules are repacked, and the route takes no terraform")
	case r.Project == "" && r.Skip == "":
		return fmt.Errorf("a route needs a project, or a skip with its reason")
	case r.Project != "" && r.Skip != "":
		return fmt.Errorf("a route has a project or a skip, not both")
	case r.OnConflict != "" && !slices.Contains([]OnConflict{Fail, Skip, Replace}, r.OnConflict):
		return fmt.Errorf("on_conflict %q is none of fail, skip, replace", r.OnConflict)
	}
	return r.Match.check()
}

func (r Rule) mayTake(f artifact.Format) bool { return matches(r.Match.Format, string(f)) }

// mayBring tells whether packages may go to the rule's project as f.
func (r Rule) mayBring(f artifact.Format) bool {
	return r.mayTake(f) || f == artifact.Generic && slices.ContainsFunc(artifact.ForeignFormats(), func(other artifact.Format) bool {
		return slices.Contains(r.Match.Format, string(other))
	})
}

// covers tells whether no package reaches other behind r.
func (r Rule) covers(other Rule) bool {
	foreign := func(glob string) bool {
		return slices.Contains(artifact.ForeignFormats(), artifact.Format(glob)) && !slices.Contains(r.Match.Format, glob)
	}
	if r.Project != "" && slices.ContainsFunc(other.Match.Format, foreign) {
		return false
	}
	return r.Match.covers(other.Match)
}

// misses tells why the rule does not take p; empty when it does. What GitLab has no place for goes where a rule by name
// sends it, and nowhere by a rule for everything.
func (r Rule) misses(p artifact.Package, now time.Time) string {
	if r.Project != "" && p.Format.Foreign() && !slices.Contains(r.Match.Format, string(p.Format)) {
		return fmt.Sprintf("format %q, which GitLab has no place for: a route must name it", p.Format)
	}
	return r.Match.misses(p, now)
}

// Route decides about p. Every package gets exactly one decision.
func (r *Router) Route(p artifact.Package) Decision {
	for i, rule := range r.rules {
		if rule.misses(p, r.now) == "" {
			return r.decide(i, p)
		}
	}
	if p.Format.Foreign() {
		return Decision{Skip: artifact.FormatUnsupported, Detail: fmt.Sprintf("no route names the format %s", p.Format), Rule: -1}
	}
	return Decision{Skip: artifact.NoRoute, Detail: "no route matches", Rule: -1}
}

func (r *Router) decide(i int, p artifact.Package) Decision {
	rule := r.rules[i]
	if rule.Skip != "" {
		return Decision{Skip: artifact.Excluded, Detail: rule.Skip, Rule: i}
	}
	dst := artifact.Destination{
		Project: path.Join(r.group, rule.Project), Format: p.Format, Name: p.Name, Version: p.Version,
		Repack: rule.Repack && p.Format == artifact.Terraform,
	}
	if p.Format.Foreign() {
		dst.Format = artifact.Generic
	}
	if p.Format == artifact.Helm {
		dst.Channel = rule.Channel
	}
	if rule.Rename != nil {
		dst.Name = rule.Rename.From.ReplaceAllString(p.Name, rule.Rename.To)
	}
	if module, ok := artifact.TerraformModule(dst.Name); ok && p.Format == artifact.Terraform {
		dst.Name = module // GitLab's root group takes the place of the namespace
	}
	return Decision{Destination: dst, OnConflict: rule.OnConflict, Rule: i}
}

// Projects are the full paths of the projects that packages of the given formats may go to, each with the formats that
// may, in the order of artifact.Formats.
func (r *Router) Projects(formats ...artifact.Format) map[string][]artifact.Format {
	projects := map[string][]artifact.Format{}
	for _, f := range artifact.Formats() {
		if !slices.Contains(formats, f) {
			continue
		}
		for _, rule := range r.rules {
			to := path.Join(r.group, rule.Project)
			if rule.Project != "" && rule.mayBring(f) && !slices.Contains(projects[to], f) {
				projects[to] = append(projects[to], f)
			}
		}
	}
	return projects
}

// MaxFileSize is the size in bytes that files on their way to dst must stay below, by the rules that lead there with its format;
// 0 when none of them has a limit.
func (r *Router) MaxFileSize(dst artifact.Destination) int64 {
	var least int64
	for _, rule := range r.rules {
		leads := rule.Project != "" && path.Join(r.group, rule.Project) == dst.Project && rule.mayBring(dst.Format)
		if leads && rule.MaxFileSize > 0 && (least == 0 || rule.MaxFileSize < least) {
			least = rule.MaxFileSize
		}
	}
	return least
}

// String is the rules as one text, which differs when a decision could.
func (r *Router) String() string {
	var text strings.Builder
	for _, rule := range r.rules {
		fmt.Fprintf(&text, "%s to %q skip %q on conflict %q", rule.Match, path.Join(r.group, rule.Project), rule.Skip, rule.OnConflict)
		if rule.Channel != "" || rule.Repack {
			fmt.Fprintf(&text, " channel %q repack %t", rule.Channel, rule.Repack)
		}
		if rule.Rename != nil {
			fmt.Fprintf(&text, " rename %q to %q", rule.Rename.From, rule.Rename.To)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// Explain tells in one line per rule, up to the one that decides, why it did or did not match p.
func (r *Router) Explain(p artifact.Package) []string {
	var lines []string
	for i, rule := range r.rules {
		missed := rule.misses(p, r.now)
		if missed != "" {
			lines = append(lines, fmt.Sprintf("route %d (%s) does not match: %s", i+1, rule.Position, missed))
			continue
		}
		decision := r.decide(i, p)
		if decision.Skip != "" {
			return append(lines, fmt.Sprintf("route %d (%s) matches: skipped, %s", i+1, rule.Position, decision.Detail))
		}
		return append(lines, fmt.Sprintf("route %d (%s) matches: to %s as %s",
			i+1, rule.Position, decision.Destination.Project, decision.Destination.PURL()))
	}
	return append(lines, "no route matches: skipped, "+string(r.Route(p).Skip))
}
