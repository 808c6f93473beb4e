// The text of a query in AQL (docs.jfrog.com, "Artifactory Query Language"; grammar: org.artifactory.aql.api of Artifactory
// 6.20). Values stand between double quotes, in which nothing can be escaped. A query has at most 6,000 characters.

package artifactory

import (
	"fmt"
	"strconv"
	"strings"
)

// longest is the most characters that a query of ours has.
const longest = 5_800

// The fields of a row that are asked for. Users who are no administrators must ask for the first three.
var (
	placeFields = []string{"repo", "path", "name"}
	fileFields  = append(placeFields, "type", "size", "modified", "sha256", "actual_sha1", "actual_md5")
)

// query is one question about items.
type query struct {
	where []string // all of them must hold
	// include are fields; "property" among them joins every property of an item, and forbids sort, offset and limit: each
	// property is a row of its own for these.
	include []string
	sort    []string
	offset  int
	limit   int // 0: everything
}

func (q query) String() string {
	var b strings.Builder
	b.WriteString("items.find({" + strings.Join(q.where, "},{") + "}).include(" + quotes(q.include) + ")")
	if len(q.sort) > 0 {
		b.WriteString(`.sort({"$asc":[` + quotes(q.sort) + "]})")
	}
	if q.offset > 0 {
		b.WriteString(".offset(" + strconv.Itoa(q.offset) + ")")
	}
	if q.limit > 0 {
		b.WriteString(".limit(" + strconv.Itoa(q.limit) + ")")
	}
	return b.String()
}

func quotes(words []string) string { return `"` + strings.Join(words, `","`) + `"` }

// is is the criterion that a field has a value. The value is quotable.
func is(field, value string) string { return fmt.Sprintf(`"%s":"%s"`, field, value) }

// compares is the criterion that a field compares with a value; op is "$lt" or the like.
func compares(field, op, value string) string {
	return fmt.Sprintf(`"%s":{"%s":"%s"}`, field, op, value)
}

// anyOf is the criterion that one of several holds.
func anyOf(criteria []string) string { return `"$or":[{` + strings.Join(criteria, "},{") + "}]" }

// allOf is the criterion that several hold.
func allOf(criteria ...string) string { return `"$and":[{` + strings.Join(criteria, "},{") + "}]" }

// quotable tells whether a text can stand in a query as a value. Artifactory stores no names with other characters.
func quotable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || strings.ContainsRune("\"\\*?\ufffd", r) })
}

// folderIs is the criterion for what lies directly in a folder; "" is the root, which Artifactory calls ".".
func folderIs(folder string) string {
	if folder == "" {
		folder = "."
	}
	return is("path", folder)
}
