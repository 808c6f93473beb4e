package integration

// Servers that fail while they are listed: a run that calls itself complete has everything, whatever went wrong on the
// way; any other says what it could not list.

import (
	"encoding/json"
	"strings"
	"testing"
)

// troubles are what goes wrong at a source, by its kind: faults, and modes of a server that makes it hard. The rates are
// those of faults that may outlast every retry.
var troubles = map[string][]string{
	"artifactory": {
		"500@list=0.2", "503@list=4", "404@list=1", "403@list=1", "401@list=3", "429@list=3", "408@list=2", "cut@list=0.2", "short@list=0.1",
		"reset@list=0.2", "trim@list=0.3", "404@read=3", "403@read=2", "500@read=0.2", "short@read=0.2", "flip@read=0.2", "cut@read=0.2",
		"token-expires=30", "token-expires=100", "aql-limit=3", "aql-parallel=1", "aql-unsorted=shuffled", "shift=delete:5", "shift=insert",
		"redirect=1", "storageinfo=wrong", "storageinfo=off", "edition=oss", "no-sha256=libs-release-local/**",
	},
	"nexus": {
		"500@list=0.3", "503@list=4", "404@list=1", "403@list=1", "401@list=3", "429@list=3", "cut@list=0.3", "short@list=0.2",
		"reset@list=0.3", "404@read=3", "403@read=2", "500@read=0.3", "short@read=0.3", "flip@read=0.3", "cut@read=0.3",
	},
	"npmjs": {
		"500@list=0.3", "503@list=4", "404@list=0.2", "403@list=0.2", "401@list=3", "429@list=3", "cut@list=0.3", "short@list=0.2",
		"reset@list=0.3", "404@read=3", "403@read=2", "500@read=0.3", "short@read=0.3", "flip@read=0.3", "cut@read=0.3",
	},
	"dockerhub": {
		"500@list=0.3", "503@list=4", "404@list=1", "403@list=1", "401@list=3", "cut@list=0.3", "short@list=0.2", "reset@list=0.3",
		"401@token=1", "503@token=4", "cut@token=0.3", "500@manifest=0.3", "404@manifest=3", "401@manifest=2", "reset@manifest=0.2",
		"short@manifest=0.2", "flip@manifest=0.2", "404@blob=3", "403@blob=2", "500@blob=0.3", "short@read=0.3", "flip@read=0.3", "cut@read=0.3",
	},
}

// verdict is what a run says of itself.
type verdict struct {
	Failed, Conflict, Unlisted int
	Complete                   bool
}

func TestCompleteMeansComplete(t *testing.T) {
	for _, c := range chains {
		for _, trouble := range troubles[c.kind] {
			t.Run(c.kind+" "+trouble, func(t *testing.T) {
				t.Parallel()
				kind := "--mode"
				if strings.Contains(trouble, "@") {
					kind = "--fault"
				}
				arg := append([]string{kind, trouble, "--random", "5"}, c.arg...)
				source, gitlab := startStandin(t, c.kind, arg...), startStandin(t, "gitlab")
				m := newMigration(t, gitlab, source)
				m.edit(t, c.edit[0], c.edit[1])
				e := m.ferry(t, "run", "--json")
				if e.code == 3 {
					if !strings.Contains(e.stderr, "pkgferry: ") {
						t.Errorf("it stopped without a word: %v", e)
					}
					return
				}
				var said verdict
				if err := json.Unmarshal([]byte(e.stdout), &said); err != nil {
					t.Fatalf("%v: %v", err, e)
				}
				switch {
				case said.Complete != (e.code == 0):
					t.Errorf("complete is %v: %v", said.Complete, e)
				case said.Unlisted > 0:
					return // what is missing is there to be found, and the next run looks for it
				}
				account(t, source.dump(t), gitlab.dump(t), m.rows(t), c.makes)
			})
		}
	}
}
