package gitlab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What a group and a project may be called: GitLab's lib/gitlab/{regex,path_regex}.rb, app/models/{namespace,project,group}.rb
// and app/validators/abstract_path_validator.rb, with their words.

var (
	pathFormat  = regexp.MustCompile(`^[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*$`)
	projectName = regexp.MustCompile(`^[\p{L}\p{M}\p{Nd}\x{00A9}-\x{1f9ff}_][\p{L}\p{M}\p{Nd}\p{Pd}+\x{00A9}-\x{1f9ff}_. ]*$`)
	groupName   = regexp.MustCompile(`^[\p{L}\p{M}\p{Nd}\x{00A9}-\x{1f9ff}_][\p{L}\p{M}\p{Nd}\p{Pd}\x{00A9}-\x{1f9ff}_(). ]*$`)
)

const (
	maxName      = 255
	maxAncestors = 20

	taken         = "has already been taken"
	pathMessage   = "can only include non-accented letters, digits, '_', '-' and '.'. It must not start with '-', '_', or '.', nor end with '-', '_', '.', '.git', or '.atom'."
	endingMessage = "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'"
	groupEnding   = "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-' or end in '.', '.git' or '.atom'."
	projectNaming = "can contain only letters, digits, emoji, '_', '.', '+', dashes, or spaces. It must start with a letter, digit, emoji, or '_'."
	groupNaming   = "can contain only letters, digits, emoji, '_', '.', dash, space, parenthesis. It must start with letter, digit, emoji or '_'."
)

// reserved are no paths at the top, and those that are none anywhere below it.
var (
	reservedTop = []string{
		"-", ".well-known", "404.html", "422.html", "500.html", "502.html", "503.html", "admin", "api", "apple-touch-icon.png",
		"assets", "dashboard", "deploy.html", "explore", "favicon.ico", "favicon.png", "groups", "health_check", "help",
		"import", "jwt", "login", "o", "oauth", "profile", "projects", "public", "robots.txt", "s", "search", "sitemap",
		"sitemap.xml", "sitemap.xml.gz", "slash-command-logo.png", "snippets", "unsubscribes", "uploads", "users", "v2",
	}
	reservedBelow = []string{
		"-", "badges", "blame", "blob", "builds", "commits", "create", "create_dir", "edit", "files", "find_file", "new",
		"preview", "raw", "refs", "tree", "update", "wikis",
	}
)

// failures are validation errors by attribute, in the order in which they were found.
type failures struct {
	attributes []string
	messages   map[string][]string
}

func (f *failures) add(attribute, message string) {
	if f.messages == nil {
		f.messages = map[string][]string{}
	}
	if !slices.Contains(f.attributes, attribute) {
		f.attributes = append(f.attributes, attribute)
	}
	f.messages[attribute] = append(f.messages[attribute], message)
}

func (f *failures) any() bool { return len(f.attributes) > 0 }

// ruby is how Ruby before 3.4 shows them.
func (f *failures) ruby() string {
	var all []string
	for _, attribute := range f.attributes {
		var texts []string
		for _, message := range f.messages[attribute] {
			texts = append(texts, fmt.Sprintf("%q", message))
		}
		all = append(all, ":"+attribute+"=>["+strings.Join(texts, ", ")+"]")
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// checkPath judges the last segment of a path.
func (f *failures) checkPath(path, ending string, reserved []string) {
	switch {
	case path == "":
		f.add("path", "can't be blank")
	case len(path) > maxName:
		f.add("path", fmt.Sprintf("is too long (maximum is %d characters)", maxName))
	}
	if path != "" && !pathFormat.MatchString(path) {
		f.add("path", pathMessage)
	}
	switch {
	case strings.HasPrefix(path, "-"), strings.HasSuffix(path, ".git"), strings.HasSuffix(path, ".atom"):
		f.add("path", ending)
	case slices.Contains(reserved, strings.ToLower(path)):
		f.add("path", path+" is a reserved name")
	}
}

func (f *failures) checkName(name string, format *regexp.Regexp, message string) {
	switch {
	case name == "":
		f.add("name", "can't be blank")
	case len([]rune(name)) > maxName:
		f.add("name", fmt.Sprintf("is too long (maximum is %d characters)", maxName))
	case !format.MatchString(name):
		f.add("name", message)
	}
}

// openness orders the visibilities.
var openness = []string{"private", "internal", "public"}

// more tells whether a is more open than b.
func more(a, b string) bool { return slices.Index(openness, a) > slices.Index(openness, b) }

// occupied tells whether a group or a project has this full path.
func (s *state) occupied(path string) bool {
	return s.projectOf(path) != nil || s.groupOf(path) != nil
}

// groupOf finds a group by its full path.
func (s *state) groupOf(path string) *group {
	for _, g := range s.groups {
		if strings.EqualFold(g.path, path) {
			return g
		}
	}
	return nil
}
