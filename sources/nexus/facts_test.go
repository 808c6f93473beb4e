package nexus

import "testing"

func TestDailyCap(t *testing.T) {
	for server, want := range map[string]int64{
		"Nexus/3.77.1-01 (COMMUNITY)": 200_000,
		"Nexus/3.86.9-01 (COMMUNITY)": 200_000,
		"Nexus/3.87.0-03 (COMMUNITY)": 100_000,
		"Nexus/3.100.0-01 (CE)":       100_000,
		"Nexus/4.1.0-01 (COMMUNITY)":  100_000,
		"Nexus (COMMUNITY)":           100_000,
	} {
		if got := dailyCap(server); got != want {
			t.Errorf("%s: %d, want %d", server, got, want)
		}
	}
}
