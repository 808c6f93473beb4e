package artifact

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The documentation is generated from the table: run with PKGFERRY_WRITE_DOCS=1 to write it anew.
func TestReasonsAreDocumented(t *testing.T) {
	const path = "../../docs/reasons.md"
	var page strings.Builder
	page.WriteString("# Reason codes\n\nEvery package that is skipped, failed or in conflict carries one of these codes. They are stable: scripts may match on them.\n\n")
	page.WriteString("| code | what it means, and what to do next |\n|---|---|\n")
	for _, r := range Reasons() {
		fmt.Fprintf(&page, "| `%s` | %s |\n", r, r.Next())
	}
	if os.Getenv("PKGFERRY_WRITE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != page.String() {
		t.Errorf("%s is not what the table of reasons says (%v): run make docs", path, err)
	}
}
