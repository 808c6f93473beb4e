package artifactory

// GET /api/storageinfo and POST /api/storageinfo/calculate (JFrog: "Get Storage Summary Info"), for administrators. The
// figures are cached: they are those of the latest calculation.

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/dustin/go-humanize"
)

// summary is the result of one calculation.
type summary struct {
	rows  []summaryRow
	total summaryRow
	// binaries are counted once however often they are stored.
	binaries, binariesSize int64
}

type summaryRow struct {
	key, class, packageType string
	folders, files, bytes   int64
}

func (s *Server) storageInfo(w http.ResponseWriter, r *http.Request, rest string) {
	switch {
	case accountOf(r).anonymous():
		challenge(w, unauthorized)
	case !accountOf(r).admin, s.modes.storageInfo == "off":
		refuse(w, http.StatusForbidden, "")
	case r.Method == http.MethodPost && rest == "calculate":
		s.calculate()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(pretty(object{{"info", "Calculating storage summary scheduled successfully."}}))
	case r.Method != http.MethodGet || rest != "":
		refuse(w, http.StatusNotFound, "")
	default:
		s.mu.RLock()
		known := s.summary
		s.mu.RUnlock()
		if known == nil || s.modes.storageInfo != "cached" {
			known = s.calculate()
		}
		answer(w, "application/json", s.showSummary(known))
	}
}

// calculate counts everything anew.
func (s *Server) calculate() *summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := &summary{}
	seen := map[string]bool{}
	for _, one := range s.content.stores() {
		row := summaryRow{key: one.held.Key, class: one.class, packageType: one.packageType}
		switch one.class {
		case remote:
			row.class = "CACHE"
		case system:
			row.class = "NA"
		}
		row.files, row.folders, row.bytes = one.held.Untouched()
		sum.binaries, sum.binariesSize = sum.binaries+row.files, sum.binariesSize+row.bytes
		for item := range one.held.Stored() {
			if item.Folder {
				row.folders++
				continue
			}
			row.files++
			row.bytes += item.Size()
			if sha1 := item.Digests().SHA1; !seen[sha1] {
				seen[sha1] = true
				sum.binaries++
				sum.binariesSize += item.Size()
			}
		}
		if s.modes.storageInfo == "wrong" {
			row.files = row.files*9/10 + 3
		}
		sum.rows = append(sum.rows, row)
		sum.total.files, sum.total.folders, sum.total.bytes = sum.total.files+row.files, sum.total.folders+row.folders, sum.total.bytes+row.bytes
	}
	s.summary = sum
	return sum
}

func bytesText(n int64) string {
	return strings.Replace(humanize.IBytes(uint64(n)), "iB", "B", 1)
}

// showSummary writes a summary as JSON. Releases before 7 have no exact sizes, and repeat all of it under storageSummary.
func (s *Server) showSummary(sum *summary) object {
	rows := list{}
	row := func(one summaryRow, more ...field) object {
		all := object{{"repoKey", one.key}, {"repoType", one.class}, {"foldersCount", one.folders}, {"filesCount", one.files}, {"usedSpace", bytesText(one.bytes)}}
		if s.modes.major >= 7 {
			all = append(all, field{"usedSpaceInBytes", one.bytes})
		}
		return append(append(all, field{"itemsCount", one.folders + one.files}), more...)
	}
	for _, one := range sum.rows {
		share := fmt.Sprintf("%.2f%%", 100*float64(one.bytes)/float64(max(1, sum.total.bytes)))
		rows = append(rows, row(one, field{"packageType", s.typeName(one.packageType)}, field{"projectKey", "default"}, field{"percentage", share}))
	}
	total := sum.total
	total.key, total.class = "TOTAL", "NA"
	rows = append(rows, row(total))
	count := func(n int64) string { return humanize.Comma(n) }
	all := object{
		{"binariesSummary", object{
			{"binariesCount", count(sum.binaries)}, {"binariesSize", bytesText(sum.binariesSize)}, {"artifactsSize", bytesText(total.bytes)},
			{"optimization", fmt.Sprintf("%.2f%%", 100*float64(sum.binariesSize)/float64(max(1, total.bytes)))},
			{"itemsCount", count(total.files + total.folders)}, {"artifactsCount", count(total.files)},
		}},
		{"fileStoreSummary", object{{"storageType", "file-system"}, {"storageDirectory", "/var/opt/jfrog/artifactory/data/artifactory/filestore"}}},
		{"repositoriesSummaryList", rows},
	}
	if s.modes.major < 7 {
		all = append(all, field{"storageSummary", append(object{}, all...)})
	}
	return all
}
