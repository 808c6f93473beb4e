package artifactory

// The REST API of repositories (JFrog: "Get Repositories", "Repository Configuration", "Get All Repository
// Configurations"): the list for everybody, of those whose root the account may read; configurations with a licence only.

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// repositories serves /api/repositories, /api/repositories/KEY and /api/repositories/configurations.
func (s *Server) repositories(w http.ResponseWriter, r *http.Request, rest string) {
	who := accountOf(r)
	switch {
	case who.anonymous() && !s.modes.anonymous:
		challenge(w, unauthorized)
	case rest == "":
		s.listRepositories(w, r)
	case !s.modes.pro():
		refuse(w, http.StatusBadRequest, proOnly)
	case who.anonymous():
		challenge(w, unauthorized)
	case rest == "configurations" && (s.modes.since(7, 62) || strings.HasPrefix(s.modes.version, "7.61.") && s.modes.version >= "7.61.3"):
		s.listConfigurations(w, r)
	default:
		s.oneRepository(w, r, rest)
	}
}

// listed are the repositories that the list shows to an account.
func (s *Server) listed(who account) []*repository {
	var all []*repository
	for _, key := range s.content.keys() {
		if one := s.content.repositories[key]; one.class != system && s.reads(who, one.stored(), "") {
			all = append(all, one)
		}
	}
	order := []string{local, remote, virtual, federated}
	slices.SortStableFunc(all, func(a, b *repository) int {
		return cmp.Compare(slices.Index(order, a.class), slices.Index(order, b.class))
	})
	return all
}

// stored is the key that the items of a repository name, and permissions are given for.
func (r *repository) stored() string {
	if r.held == nil {
		return r.key
	}
	return r.held.Key
}

func (s *Server) listRepositories(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	class, packageType, project := query.Get("type"), query.Get("packageType"), query.Get("project")
	all := list{}
	for _, one := range s.listed(accountOf(r)) {
		switch {
		case class != "" && !strings.EqualFold(class, one.class):
		case packageType != "" && !strings.EqualFold(packageType, one.packageType):
		case project != "" && project != "default":
		default:
			url := s.base(r) + "/" + one.key
			if one.class == remote {
				url = one.upstream
			}
			all = append(all, object{
				{"key", one.key}, {"description", orNil(one.description)}, {"type", one.class}, {"url", url},
				{"packageType", s.typeName(one.packageType)},
			})
		}
	}
	answer(w, "application/json", all)
}

// typeNames are the spellings of package types in lists; others begin with a capital.
var typeNames = map[string]string{
	"nuget": "NuGet", "rpm": "YUM", "npm": "npm", "gitlfs": "GitLfs", "cocoapods": "CocoaPods", "cran": "CRAN", "sbt": "SBT",
	"helmoci": "HelmOCI", "terraformbackend": "TerraformBackend", "huggingfaceml": "HuggingFaceML", "buildinfo": "BuildInfo",
}

// typeName spells a package type as lists do: mode casing.
func (s *Server) typeName(packageType string) string {
	switch s.modes.casing {
	case "lower":
		return packageType
	case "upper":
		return strings.ToUpper(packageType)
	}
	if known := typeNames[packageType]; known != "" {
		return known
	}
	return strings.ToUpper(packageType[:1]) + packageType[1:]
}

// base is the address of this server as it gives it out. It is a wrong one when somebody configured it so.
func (s *Server) base(r *http.Request) string {
	if s.modes.wrongBase {
		return "https://artifacts.example.test:8443/artifactory"
	}
	return "http://" + r.Host + s.context
}

func (s *Server) oneRepository(w http.ResponseWriter, r *http.Request, key string) {
	one := s.content.repositories[key]
	switch {
	case one == nil:
		refuse(w, http.StatusBadRequest, "")
	case !s.reads(accountOf(r), one.stored(), ""):
		s.forbid(w, accountOf(r), key, "")
	default:
		media := map[string]string{local: "Local", federated: "Federated", remote: "Remote", virtual: "Virtual", system: "Local"}[one.class]
		answer(w, "application/vnd.org.jfrog.artifactory.repositories."+media+"RepositoryConfiguration+json", s.configuration(one, accountOf(r).admin))
	}
}

// configuration is what a repository is set to; others than administrators see a part of it.
func (s *Server) configuration(one *repository, admin bool) object {
	class := strings.ToLower(one.class)
	if one.class == system {
		class = "local"
	}
	all := object{
		{"key", one.key}, {"packageType", one.packageType}, {"description", one.description}, {"rclass", class},
	}
	if one.class == remote {
		all = append(all, field{"url", one.upstream})
	}
	if !admin {
		return all
	}
	all = append(all, object{
		{"notes", ""}, {"includesPattern", "**/*"}, {"excludesPattern", one.excludes}, {"repoLayoutRef", "simple-default"},
		{"projectKey", ""}, {"environments", list{}}, {"blackedOut", one.blackedOut}, {"xrayIndex", false},
		{"downloadRedirect", s.store != nil}, {"cdnRedirect", false},
	}...)
	if one.class == virtual {
		members := list{}
		for _, member := range one.members {
			members = append(members, member)
		}
		all = append(all, field{"repositories", members})
	}
	return append(all, one.settings...)
}

// listConfigurations serves all configurations to administrators, by class.
func (s *Server) listConfigurations(w http.ResponseWriter, r *http.Request) {
	if !accountOf(r).admin {
		refuse(w, http.StatusForbidden, "")
		return
	}
	query := r.URL.Query()
	var all object
	for _, class := range []string{local, remote, virtual, federated} {
		some := list{}
		for _, one := range s.listed(accountOf(r)) {
			wanted := query.Get("repoType") == "" || strings.EqualFold(query.Get("repoType"), class)
			if one.class == class && wanted && (query.Get("packageType") == "" || strings.EqualFold(query.Get("packageType"), one.packageType)) {
				some = append(some, s.configuration(one, true))
			}
		}
		if len(some) > 0 {
			all = append(all, field{class, some})
		}
	}
	answer(w, "application/json", all)
}
