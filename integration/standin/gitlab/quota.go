package gitlab

// Storage quotas of a root namespace. Verified in the source of GitLab 18.9 EE: a root whose storage is above its limit is
// read-only (ee/app/models/ee/namespace.rb, ee/app/models/namespaces/storage/root_size.rb), nobody may then create packages
// in its projects (ee/app/policies/ee/{project_policy,readonly_abilities}.rb), and every format answers that as any missing
// permission: 403 Forbidden, before the body is read (lib/api/helpers/packages_helpers.rb authorize_upload!). What counts is
// what is stored already: the upload that crosses the limit succeeds. The source also says that this is in use nowhere yet
// (ee/app/models/namespaces/storage/namespace_limit/enforcement.rb).
//
// GraphQL shows a root group's limit to its members, and how much is stored there to its owners (ee/app/graphql/ee/types/
// namespace_type.rb, app/graphql/types/namespace_type.rb).
//
// Not verified: doc/user/read_only_namespaces.md speaks of a 404, which the source does not show. Not imitated: GitLab
// remembers the size for up to ten minutes.

// full tells whether nothing may be added to p, since its root is above the quota. The caller holds the lock.
func (s *Server) full(p *project) bool {
	if s.modes.get("storage") == "full" {
		return true
	}
	limit := s.modes.number("quota")
	if limit == 0 {
		return false
	}
	root := p.group
	for root.parent != nil {
		root = root.parent
	}
	return s.stored(root) > limit
}

// stored is how many bytes of packages are stored below a group. The caller holds the lock.
func (s *Server) stored(g *group) (bytes int64) {
	for _, p := range s.inGroup(g) {
		for _, one := range p.packages {
			for _, f := range one.files {
				bytes += f.body.size
			}
		}
	}
	return bytes
}
