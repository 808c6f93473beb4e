package gitlab

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"pkgferry/internal/artifact"
)

// The schema, as far as an inventory needs it: GitLab's app/graphql/types/packages/*.rb and
// app/graphql/resolvers/packages_base_resolver.rb.

func (s *Server) queryRoot(who *token) object {
	return object{"Query", map[string]resolver{
		"project": func(args map[string]any) (any, error) {
			if p := s.projectOf(argument(args, "fullPath")); p != nil && who.sees(p) {
				return s.projectObject(p, who), nil
			}
			return nil, nil
		},
		"group": func(args map[string]any) (any, error) {
			path := argument(args, "fullPath")
			for _, g := range s.groups {
				if strings.EqualFold(g.path, path) && who.seesGroup(g) {
					return s.groupObject(g, who), nil
				}
			}
			return nil, nil
		},
		"package": func(args map[string]any) (any, error) {
			id, err := strconv.Atoi(strings.TrimPrefix(argument(args, "id"), packageGID))
			for _, p := range s.projects {
				if one := p.find(id); err == nil && one != nil && one.displayable() && who.may(read, p) {
					return packageObject(one, true), nil
				}
			}
			return nil, nil
		},
		"currentUser": func(map[string]any) (any, error) {
			if who == nil {
				return nil, nil
			}
			return object{"CurrentUser", map[string]resolver{"username": give(strings.TrimPrefix(who.name, "standin-"))}}, nil
		},
		"metadata": give(object{"Metadata", map[string]resolver{
			"version": give(s.modes.get("version")), "revision": give("0123456789a"),
		}}),
	}}
}

const packageGID = "gid://gitlab/Packages::Package/"

// argument is a string or enum argument; "" when absent.
func argument(args map[string]any, name string) string {
	switch v := args[name].(type) {
	case string:
		return v
	case enum:
		return string(v)
	}
	return ""
}

func (s *Server) projectObject(p *project, who *token) object {
	return object{"Project", map[string]resolver{
		"id": give("gid://gitlab/Project/" + strconv.Itoa(p.id)), "fullPath": give(p.path), "name": give(lastSegment(p.path)),
		"path": give(lastSegment(p.path)), "archived": give(p.archived), "visibility": give(p.visibility),
		"packages": func(args map[string]any) (any, error) {
			if !who.may(read, p) {
				return nil, nil
			}
			return connection(p.packages, args)
		},
	}}
}

func (s *Server) groupObject(g *group, who *token) object {
	fields := map[string]resolver{
		"id": give("gid://gitlab/Group/" + strconv.Itoa(g.id)), "fullPath": give(g.path), "name": give(lastSegment(g.path)),
		"packages": func(args map[string]any) (any, error) {
			var all []*pkg
			for _, p := range s.inGroup(g) {
				if who.may(read, p) {
					all = append(all, p.packages...)
				}
			}
			slices.SortFunc(all, packageOrders["created_at"])
			return connection(all, args)
		},
		"packageSettings": func(map[string]any) (any, error) {
			if who.roleInGroup(g) < owner {
				return nil, nil
			}
			return s.settingsObject(g), nil
		},
		"rootStorageStatistics": func(map[string]any) (any, error) {
			if who.roleInGroup(g) < owner || g.parent != nil {
				return nil, nil
			}
			return object{"RootStorageStatistics", map[string]resolver{"storageSize": give(float64(s.stored(g)))}}, nil
		},
	}
	if strings.HasSuffix(s.modes.get("version"), "-ee") {
		fields["storageSizeLimit"] = give(float64(s.modes.number("quota")))
		fields["additionalPurchasedStorageSize"] = give(0.0)
	}
	return object{"Group", fields}
}

// maxPage is the most that one page of a connection holds.
const maxPage = 100

// connection pages through packages, which are in the order of their ids, by cursor.
func connection(all []*pkg, args map[string]any) (any, error) {
	f := packageFilter{
		format: strings.ToLower(argument(args, "packageType")), name: argument(args, "packageName"),
		version: argument(args, "packageVersion"), status: strings.ToLower(argument(args, "status")),
		versionless: args["includeVersionless"] == true,
	}
	descending := true
	switch sort := argument(args, "sort"); sort {
	case "CREATED_ASC":
		descending = false
	case "CREATED_DESC", "":
	default:
		return nil, wrongQuery("Argument 'sort' on Field 'packages' has an invalid value (%s)", sort)
	}
	after, err := cursorID(argument(args, "after"))
	if err != nil {
		return nil, err
	}
	first := maxPage
	switch n := args["first"].(type) {
	case int:
		first = min(n, maxPage)
	case float64: // from variables
		first = min(int(n), maxPage)
	}
	var found []*pkg
	total := 0
	visit := func(p *pkg) {
		if !f.takes(p) {
			return
		}
		total++
		if past := p.id > after && !descending || p.id < after && descending; (after == 0 || past) && len(found) <= first {
			found = append(found, p)
		}
	}
	for i := range all {
		if descending {
			visit(all[len(all)-1-i])
		} else {
			visit(all[i])
		}
	}
	return pageObject(found, first, total, after), nil
}

func pageObject(found []*pkg, first, total, after int) object {
	more := len(found) > first
	if more {
		found = found[:first]
	}
	nodes, edges := []object{}, []object{}
	start, end := any(nil), any(nil)
	for i, p := range found {
		node := packageObject(p, false)
		nodes = append(nodes, node)
		edges = append(edges, object{"PackageEdge", map[string]resolver{"node": give(node), "cursor": give(cursorOf(p))}})
		if i == 0 {
			start = cursorOf(p)
		}
		end = cursorOf(p)
	}
	info := object{"PageInfo", map[string]resolver{
		"hasNextPage": give(more), "hasPreviousPage": give(after != 0), "startCursor": give(start), "endCursor": give(end),
	}}
	return object{"PackageConnection", map[string]resolver{
		"nodes": give(nodes), "edges": give(edges), "pageInfo": give(info), "count": give(total),
	}}
}

type cursor struct {
	CreatedAt string `json:"created_at"`
	ID        string `json:"id"`
}

func cursorOf(p *pkg) string {
	text, _ := json.Marshal(cursor{p.created.Format(timeFormat), strconv.Itoa(p.id)}) // two strings
	return base64.RawURLEncoding.EncodeToString(text)
}

func cursorID(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	var c cursor
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	id, bad := strconv.Atoi(c.ID)
	if err != nil || bad != nil {
		return 0, wrongQuery("Please provide a valid cursor")
	}
	return id, nil
}

func packageObject(p *pkg, details bool) object {
	fields := map[string]resolver{
		"id": give(packageGID + strconv.Itoa(p.id)), "name": give(p.name), "version": give(nullable(p.version)),
		"packageType": give(strings.ToUpper(packageType(p.format))), "status": give(strings.ToUpper(p.status)),
		"statusMessage": give(nullable(p.message)), "createdAt": give(p.created.Format(timeFormat)),
		"updatedAt": give(p.created.Format(timeFormat)),
	}
	if !details {
		return object{"Package", fields}
	}
	files := []object{}
	for _, f := range p.files {
		if f.status != statusDefault {
			continue
		}
		name := f.name
		if p.format == artifact.Generic {
			name = decoded(name)
		}
		files = append(files, object{"PackageFile", map[string]resolver{
			"id": give("gid://gitlab/Packages::PackageFile/" + strconv.Itoa(f.id)), "fileName": give(name),
			"size": give(strconv.FormatInt(f.body.size, 10)), "createdAt": give(f.created.Format(timeFormat)),
			"fileMd5": giveText(f.md5), "fileSha1": giveText(f.sha1), "fileSha256": giveText(f.sha256),
		}})
	}
	fields["metadata"] = give(metadataOf(p))
	fields["packageFiles"] = give(object{"PackageFileConnection", map[string]resolver{"nodes": give(files)}})
	return object{"PackageDetailsType", fields}
}

// metadataOf is what GitLab read out of a package, or nil. Fields that it does not hold are null.
func metadataOf(p *pkg) any {
	if p.format != artifact.PyPI {
		return nil
	}
	fields := map[string]resolver{"requiredPython": give(p.pypi["requires_python"])}
	for name, key := range map[string]string{
		"metadataVersion": "metadata_version", "authorEmail": "author_email", "summary": "summary", "keywords": "keywords",
		"description": "description", "descriptionContentType": "description_content_type",
	} {
		fields[name] = give(nullable(p.pypi[key]))
	}
	return object{"PypiMetadata", fields}
}

func giveText(s *string) resolver {
	if s == nil {
		return give(nil)
	}
	return give(*s)
}
