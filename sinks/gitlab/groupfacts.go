package gitlab

// What Check finds out about groups: whether their projects take a file again, and how much room there is. GitLab shows both to an
// Owner alone.

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"pkgferry/internal/artifact"
)

// again says what it means for a format whether duplicates are allowed.
var again = []struct {
	format           artifact.Format
	title            string
	allowed, refused string
}{
	{artifact.Maven, "Maven", ", which snapshots need", "second builds of snapshots will fail until they are allowed, as provision does"},
	{artifact.NuGet, "NuGet", "", "what arrives damaged can not be sent again"},
	{artifact.Terraform, "Terraform", "", "a module fails whose name another project of the root group has already"},
	{artifact.Generic, "generic", "", "what arrives damaged can not be sent again"},
}

// tellDuplicates tells of each group whose projects may get packages of these formats whether it lets a file come again.
func (s *Sink) tellDuplicates(ctx context.Context, projects map[string][]artifact.Format) {
	groups := map[string][]artifact.Format{}
	for path, formats := range projects {
		groups[parentOf(path)] = append(groups[parentOf(path)], formats...)
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, one := range again {
			if !slices.Contains(groups[group], one.format) {
				continue
			}
			switch allowed, err := s.api.comesAgain(ctx, group, one.format); {
			case err != nil:
				s.tell("group "+group, "%s duplicates: only an Owner sees the setting; where they are off, %s", one.title, one.refused)
			case allowed:
				s.tell("group "+group, "%s duplicates are allowed%s", one.title, one.allowed)
			default:
				s.tell("group "+group, "%s duplicates are refused: %s", one.title, one.refused)
			}
		}
	}
}

// comesAgain tells whether duplicates are allowed. A Terraform module may have the name of another when any group above says so
// (app/services/packages/terraform_module/create_package_service.rb).
func (a *api) comesAgain(ctx context.Context, group string, f artifact.Format) (allowed bool, err error) {
	for at := group; at != ""; at = parentOf(at) {
		if allowed, err = a.duplicatesAllowed(ctx, at, f); f != artifact.Terraform || allowed || err != nil {
			break
		}
	}
	return allowed, err
}

// readStorage asks for what an Enterprise Edition knows of a root group (GitLab: ee/app/graphql/ee/types/namespace_type.rb,
// app/graphql/types/root_storage_statistics_type.rb). The Community Edition has no quota, and does not know the fields.
const readStorage = `query($path: ID!) {
  group(fullPath: $path) { storageSizeLimit additionalPurchasedStorageSize rootStorageStatistics { storageSize } }
}`

// tellStorage tells of each root group how much is stored there, and how much may be.
func (s *Sink) tellStorage(ctx context.Context, projects map[string][]artifact.Format) {
	roots := map[string]bool{}
	for path := range projects {
		root, _, _ := strings.Cut(path, "/")
		roots[root] = true
	}
	for _, root := range slices.Sorted(maps.Keys(roots)) {
		s.toldStorage(ctx, root)
	}
}

func (s *Sink) toldStorage(ctx context.Context, root string) {
	var answer struct {
		Group *struct {
			StorageSizeLimit, AdditionalPurchasedStorageSize float64
			RootStorageStatistics                            *struct{ StorageSize float64 }
		}
	}
	err := s.api.ask(ctx, readStorage, root, &answer)
	about := "storage of " + root
	if err != nil || answer.Group == nil || answer.Group.RootStorageStatistics == nil {
		s.tell(about, "GitLab shows it to an Owner of an Enterprise Edition's group alone: see that there is room for what is listed")
		return
	}
	used := answer.Group.RootStorageStatistics.StorageSize
	limit := answer.Group.StorageSizeLimit + answer.Group.AdditionalPurchasedStorageSize
	if limit <= 0 {
		s.tell(about, "%s in use, and no limit", humanize.IBytes(uint64(used)))
		return
	}
	s.told(artifact.Fact{
		About: about, Text: fmt.Sprintf("%s of %s in use", humanize.IBytes(uint64(used)), humanize.IBytes(uint64(limit))),
		Quota: &artifact.Quota{What: artifact.StoredBytes, Limit: int64(limit), Left: int64(max(limit-used, 0))},
	})
}
