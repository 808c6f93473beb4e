package integration

import (
	"strings"
	"testing"
	"time"
)

// The daily budget of a source holds over all runs, leaves what it holds back unsettled, and the rest comes with the next day.
func TestDailyBudget(t *testing.T) {
	const budget = 40
	nexus, gitlab := startStandin(t, "nexus", "--seed", few), startStandin(t, "gitlab")
	m := newMigration(t, gitlab, nexus)
	m.edit(t, "    type: nexus\n", "    type: nexus\n    limits: {requests_per_day: 40}\n")
	days := map[string]bool{}
	asked := func() int {
		days[time.Now().UTC().Format(time.DateOnly)] = true
		return total(nexus.stats(t), func(string) bool { return true })
	}
	asked()
	if plan := m.must(t, 0, "plan"); !strings.Contains(plan.stdout, "The limit that binds is the requests per day of source nexus: ") {
		t.Errorf("the plan knows nothing of the budget: %v", plan)
	}
	for _, command := range [][]string{{"run"}, {"run"}, {"sync"}, {"verify"}} {
		e := m.must(t, 4, command...)
		if command[0] == "run" && !strings.Contains(e.stdout, "a budget was reached") {
			t.Errorf("%v: %v", command, e)
		}
		if n := asked(); n > budget*len(days) || n < budget {
			t.Errorf("after %v the server got %d requests of %d", command, n, budget)
		}
	}
	m.edit(t, "requests_per_day: 40", "requests_per_day: 4000")
	m.must(t, 0, "run")
}
