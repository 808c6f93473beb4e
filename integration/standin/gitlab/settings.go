package gitlab

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// What a group says of the packages in its projects: GitLab's app/models/namespace/package_setting.rb, read and changed by
// GraphQL alone (app/graphql/types/namespace/package_settings_type.rb, app/graphql/mutations/namespace/package_settings/update.rb).
// Whether duplicates are allowed holds for the projects directly in the group; forwarding is inherited.

// setting is one of them. Where a group has not changed it, the mode holds, else the default.
type setting struct {
	mode     string
	fallback any
}

var settings = map[string]setting{
	"mavenDuplicatesAllowed":                 {"maven.duplicates", true},
	"mavenDuplicateExceptionRegex":           {"maven.duplicates.except", ""},
	"genericDuplicatesAllowed":               {"generic.duplicates", true},
	"genericDuplicateExceptionRegex":         {"generic.duplicates.except", ""},
	"nugetDuplicatesAllowed":                 {"nuget.duplicates", true},
	"nugetDuplicateExceptionRegex":           {"nuget.duplicates.except", ""},
	"terraformModuleDuplicatesAllowed":       {"terraform.duplicates", false},
	"terraformModuleDuplicateExceptionRegex": {"terraform.duplicates.except", ""},
	"npmPackageRequestsForwarding":           {"", true},
	"pypiPackageRequestsForwarding":          {"", true},
	"mavenPackageRequestsForwarding":         {"", true},
	"lockNpmPackageRequestsForwarding":       {"", false},
	"lockPypiPackageRequestsForwarding":      {"", false},
	"lockMavenPackageRequestsForwarding":     {"", false},
	"nugetSymbolServerEnabled":               {"", false},
}

// setting is what holds in g. The caller holds the lock.
func (s *Server) setting(g *group, name string) any {
	one := settings[name]
	if strings.HasSuffix(name, "RequestsForwarding") && !strings.HasPrefix(name, "lock") {
		for at := g.parent; g.settings[name] == nil && at != nil; at = at.parent {
			if value, ok := at.settings[name]; ok {
				return value
			}
		}
	}
	if value, ok := g.settings[name]; ok {
		return value
	}
	if _, known := modeDefaults[one.mode]; !known {
		return one.fallback
	}
	if _, boolean := one.fallback.(bool); boolean {
		return s.modes.on(one.mode)
	}
	return s.modes.get(one.mode)
}

// duplicatesAllowed tells whether a version may receive a file name again; format is maven, generic, nuget or
// terraformModule. The caller holds the lock.
func (s *Server) duplicatesAllowed(p *project, format, name, version string) bool {
	allowed := s.setting(p.group, format+"DuplicatesAllowed") == true
	except, _ := s.setting(p.group, format+"DuplicateExceptionRegex").(string)
	if except == "" {
		return allowed
	}
	re := regexp.MustCompile(`\A(?:` + except + `)\z`)
	return allowed != (re.MatchString(name) || re.MatchString(version))
}

func (s *Server) settingsObject(g *group) object {
	fields := map[string]resolver{}
	for name := range settings {
		fields[name] = give(s.setting(g, name))
	}
	return object{"PackageSettings", fields}
}

// noResource is what GitLab says of a thing that is not there, or not for this token.
const noResource = "The resource that you are attempting to access does not exist or you don't have permission to perform this action"

func (s *Server) mutationRoot(who *token) object {
	return object{"Mutation", map[string]resolver{
		"updateNamespacePackageSettings": func(args map[string]any) (any, error) {
			input, _ := args["input"].(map[string]any)
			path := argument(input, "namespacePath")
			at := slices.IndexFunc(s.groups, func(g *group) bool { return strings.EqualFold(g.path, path) })
			if at < 0 || who.roleInGroup(s.groups[at]) < owner || !slices.Contains(who.scopes, "api") {
				return nil, wrongQuery(noResource)
			}
			if err := s.groups[at].change(input); err != nil {
				return nil, err
			}
			return object{"UpdateNamespacePackageSettingsPayload", map[string]resolver{
				"packageSettings": give(s.settingsObject(s.groups[at])), "errors": give([]string{}),
			}}, nil
		},
	}}
}

// change takes over the settings in a mutation's input, all or none.
func (g *group) change(input map[string]any) error {
	changed := map[string]any{}
	for name, value := range input {
		one, known := settings[name]
		switch text, isText := value.(string); {
		case name == "namespacePath", name == "clientMutationId":
			continue
		case !known:
			return wrongQuery("InputObject 'UpdateNamespacePackageSettingsInput' doesn't accept argument '%s'", name)
		case value == nil:
			continue
		case reflect.TypeOf(value) != reflect.TypeOf(one.fallback):
			return wrongQuery("Argument '%s' on InputObject 'UpdateNamespacePackageSettingsInput' has an invalid value (%v).", name, value)
		case isText:
			if _, err := regexp.Compile(text); err != nil {
				return wrongQuery("%s is an invalid regexp: %v", text, err)
			}
		}
		changed[name] = value
	}
	maps.Copy(g.settings, changed)
	return nil
}

// forwards tells whether unknown names of these projects are redirected to the public registry of format, npm or pypi.
// The caller holds the lock.
func (s *Server) forwards(in []*project, format string) bool {
	return s.modes.get("forward") != "off" && (len(in) == 0 || s.setting(in[0].group, format+"PackageRequestsForwarding") == true)
}
