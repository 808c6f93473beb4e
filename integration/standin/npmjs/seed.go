package npmjs

// The packages that a registry starts with. Those of the seed "small" can be installed; those of quirks=yes are what npm's
// documentation and registry issues tell of the past (npm Docs "npm Unpublish Policy", github.com/npm/security-holder).

import (
	"fmt"
	"time"
)

func (s *Server) seedSmall() {
	core := s.put("@acme/core")
	core.add(s.build(core.name, "1.0.0", nil), "latest")
	core.add(s.build(core.name, "1.1.0", nil), "latest")
	core.add(s.build(core.name, "2.0.0-beta.1", nil), "next")

	ui := s.put("@acme/ui")
	needs := object{"dependencies": object{"@acme/core": "^1.0.0"}, "scripts": object{"test": "node index.js", "postinstall": "node -e 0"}}
	ui.add(s.build(ui.name, "1.0.0", needs), "legacy")
	ui.add(s.build(ui.name, "1.2.0-rc.1", needs), "")
	ui.add(s.build(ui.name, "1.2.0", needs), "latest")
	ui.add(s.build(ui.name, "1.10.0", needs), "latest")
	ui.deprecated["1.0.0"] = "Use 1.2.0 or newer: it is faster."

	cli := s.put("@acme/cli")
	cli.add(s.build(cli.name, "0.3.0+build.7", object{"bin": object{"acme": "cli.js"}, "engines": object{"node": ">=14"}}), "latest")

	cli.releases[0].attested = true

	lines := s.put("tidy-lines")
	lines.add(s.build(lines.name, "0.9.0", nil), "")
	lines.add(s.build(lines.name, "1.0.0", object{"bin": "cli.js", "scripts": object{"prepare": "node index.js"}}), "latest")
}

// seedLarge makes @acme/large, whose document has so many megabytes, most of them in fields that nobody needs.
func (s *Server) seedLarge(megabytes int) {
	const readme = 100_000
	large := s.put("@acme/large")
	large.readme = readme
	for i := range megabytes * 1_000_000 / readme {
		large.add(s.build(large.name, fmt.Sprintf("1.%d.0", i), nil), "latest")
	}
}

// seedQuirks makes packages with the oddities that twenty years have left in registries.
func (s *Server) seedQuirks() {
	tombstone := s.put("@acme/tombstone") // unpublished as a whole: npm Docs "npm Unpublish Policy"
	tombstone.entombed = true
	tombstone.revision = 3
	tombstone.withdrawn["1.0.0"], tombstone.withdrawn["1.0.1"] = born, born.Add(time.Hour)

	partly := s.put("@acme/partly") // one version unpublished: it stays in time
	partly.withdrawn["1.0.0"] = born
	partly.add(s.build(partly.name, "1.0.1", nil), "latest")

	malware := s.put("@acme/malware") // github.com/npm/security-holder
	malware.add(s.build(malware.name, "0.0.1-security", object{"description": "security holding package"}), "latest")

	old := s.put("@acme/old") // before integrity, and with a number that no int64 holds
	old.add(s.build(old.name, "0.1.0", object{"license": []string{"MIT"}, "repository": "somewhere", "engines": []string{"node"}}), "")
	old.add(s.build(old.name, "1000000000000000000000.0.0", object{"big": 1e300}), "latest")
	for _, r := range old.releases {
		r.sha1Only = true
	}

	lost := s.put("@acme/lost") // metadata saved, file lost
	lost.add(s.build(lost.name, "1.0.0", nil), "")
	lost.add(s.build(lost.name, "1.0.1", nil), "latest")
	lost.releases[0].body = nil

	flags := s.put("@acme/flags") // deprecations that are no messages
	flags.add(s.build(flags.name, "1.0.0", nil), "")
	flags.add(s.build(flags.name, "1.0.1", nil), "latest")
	flags.deprecated["1.0.0"], flags.deprecated["1.0.1"] = true, ""

	ancient := s.put("@acme/ancient") // from before there were times
	ancient.add(s.build(ancient.name, "0.0.1", nil), "latest")
	ancient.timeless = true

	again := s.put("@acme/again") // unpublished and published again, with what odd registries leave of it
	again.add(s.build(again.name, "2.0.0", nil), "")
	again.unpublished = true

	for _, name := range []string{"@acme/Shout", "@acme/hey!", "@acme/~wave", "@jane/notes"} {
		p := s.put(name)
		p.add(s.build(name, "1.0.0", nil), "latest")
	}
}
