package gitlab

import (
	"slices"
	"strconv"
)

// What a project offers: GitLab's app/models/{project_feature,container_expiration_policy}.rb, by the names of
// lib/api/entities/project.rb.

// features are those with an access level of their own.
var features = []string{
	"issues", "repository", "merge_requests", "forking", "wiki", "builds", "snippets", "pages", "analytics",
	"container_registry", "security_and_compliance", "releases", "environments", "feature_flags", "infrastructure", "monitor",
	"model_experiments", "model_registry", "package_registry",
}

// shortcuts are older, boolean forms of a level.
var shortcuts = map[string]string{
	"issues_enabled": "issues", "merge_requests_enabled": "merge_requests", "wiki_enabled": "wiki", "jobs_enabled": "builds",
	"snippets_enabled": "snippets", "packages_enabled": "package_registry", "container_registry_enabled": "container_registry",
}

// level is disabled, private, enabled or public.
func (p *project) level(feature string) string {
	switch {
	case feature == "package_registry" && !p.registry:
		return "disabled"
	case feature == "container_registry":
		return p.images.level
	case p.levels[feature] != "":
		return p.levels[feature]
	case feature == "pages" || feature == "security_and_compliance":
		return "private"
	}
	return "enabled"
}

// levels refuses values that are none; false when it has answered.
func (p parameters) levels(e *exchange) bool {
	for _, feature := range features {
		allowed := []string{"disabled", "private", "enabled"}
		if feature == "package_registry" || feature == "pages" {
			allowed = append(allowed, "public")
		}
		if !p.valid(e, feature+"_access_level", allowed...) {
			return false
		}
	}
	for name := range shortcuts {
		if !p.valid(e, name, "true", "false") {
			return false
		}
	}
	return p.valid(e, "visibility", openness...)
}

// changes tells whether the parameters of an update hold anything that can be changed.
func (p parameters) changes() bool {
	known := []string{"name", "description", "visibility", "container_expiration_policy_attributes"}
	for _, feature := range features {
		known = append(known, feature+"_access_level")
	}
	for name := range shortcuts {
		known = append(known, name)
	}
	return slices.ContainsFunc(known, func(name string) bool { _, ok := p[name]; return ok })
}

// set takes over what the parameters say of features, description and cleanup. The caller holds the lock.
func (p *project) set(in parameters) {
	levels := map[string]string{}
	for name, feature := range shortcuts {
		if value := in.text(name); value != "" {
			levels[feature] = map[string]string{"true": "enabled", "false": "disabled"}[value]
		}
	}
	for _, feature := range features {
		if value := in.text(feature + "_access_level"); value != "" {
			levels[feature] = value
		}
	}
	for feature, value := range levels {
		p.levels[feature] = value
		switch feature {
		case "package_registry":
			p.registry = value != "disabled"
		case "container_registry":
			p.images.level = value
		}
	}
	if text, ok := in["description"].(string); ok {
		p.description = text
	}
	p.cleanup.set(in.object("container_expiration_policy_attributes"))
}

// cleanup is the policy that deletes tags of images.
type cleanup struct {
	enabled                  bool
	cadence, older           string
	keep                     int
	nameRegex, nameRegexKeep string // what is deleted, and what is kept of that
}

// newCleanup is what a new project has.
func newCleanup() cleanup {
	return cleanup{cadence: "1d", older: "90d", keep: 10, nameRegex: ".*"}
}

func (c *cleanup) set(in parameters) {
	if _, ok := in["enabled"]; ok {
		c.enabled = in.text("enabled") == "true"
	}
	for name, field := range map[string]*string{
		"cadence": &c.cadence, "older_than": &c.older, "name_regex": &c.nameRegex, "name_regex_delete": &c.nameRegex,
		"name_regex_keep": &c.nameRegexKeep,
	} {
		if _, ok := in[name]; ok {
			*field = in.text(name)
		}
	}
	if n, err := strconv.Atoi(in.text("keep_n")); err == nil {
		c.keep = n
	}
}

func (c cleanup) shown() map[string]any {
	return map[string]any{
		"cadence": c.cadence, "enabled": c.enabled, "keep_n": c.keep, "older_than": c.older, "name_regex": c.nameRegex,
		"name_regex_keep": nullable(c.nameRegexKeep), "next_run_at": epoch.Format(timeFormat),
	}
}

func (f *failures) checkCleanup(in parameters) {
	const policy = "container_expiration_policy."
	cadence, keep := in.text("cadence"), in.text("keep_n")
	if cadence != "" && !slices.Contains([]string{"1d", "7d", "14d", "1month", "3month"}, cadence) {
		f.add(policy+"cadence", "is not included in the list")
	}
	if keep != "" && !slices.Contains([]string{"1", "5", "10", "25", "50", "100"}, keep) {
		f.add(policy+"keep_n", "is not included in the list")
	}
	if value, given := in["name_regex"]; given && (value == nil || value == "") && in.text("enabled") == "true" {
		f.add(policy+"name_regex", "can't be blank")
	}
}
