package gitlab_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/sinks"
	"pkgferry/sinks/sinktest"
)

// GitLab goes by what is inside, so that nothing is sent that it would publish as something else.
func TestNothingIsSentUnderAnotherName(t *testing.T) {
	const reason = artifact.IdentityMismatch
	for name, c := range map[string]struct {
		one    sinktest.Sample
		reason artifact.Reason
	}{
		"chart, name":        {chartSample(t, "one", "1.0.0", chartYAML("two", "1.0.0"), "x"), reason},
		"chart, version":     {chartSample(t, "one", "1.0.0", chartYAML("one", "v1.0.0"), "x"), reason},
		"no chart":           {chartSample(t, "one", "1.0.0", "name: one\n", "x"), artifact.PackageUnreadable},
		"package, name":      {nugetSample(t, "One", "1.0.0", nuspec("Two", "1.0.0", ""), "", "x"), reason},
		"package, version":   {nugetSample(t, "One", "1.0.0", nuspec("One", "1.0.1", ""), "", "x"), reason},
		"bad version inside": {nugetSample(t, "One", "1.1.0", nuspec("One", "1.01.0", ""), "", "x"), artifact.VersionNotAllowed},
		"no nuspec":          {nugetSample(t, "One", "1.0.0", "<package/>", "", "x"), artifact.PackageUnreadable},
		"no namespace":       {nugetSample(t, "One", "1.0.0", strings.Replace(nuspec("One", "1.0.0", ""), "xmlns", "x", 1), "", "x"), artifact.PackageUnreadable},
		"half described":     {nugetSample(t, "One", "1.0.0", strings.Replace(nuspec("One", "1.0.0", ""), "Acme", "", 1), "", "x"), artifact.TargetRejected},
		"symbols as package": {nugetSample(t, "One", "1.0.0", nuspec("One", "1.0.0", symbolsType), "", "x"), artifact.FileUnsupported},
		"symbols alone":      {nugetSample(t, "One", "1.0.0", "", nuspec("One", "1.0.0", symbolsType), "x"), artifact.TargetRejected},
	} {
		t.Run(name, func(t *testing.T) {
			f := startRows(t)
			a := f.at(f.sink(time.Nanosecond), c.one)
			if err := a.publish(); fault.CodeOf(err) != string(c.reason) || fault.SideOf(err) != fault.Sink {
				t.Errorf("%v", err)
			}
			if sent := f.count("upload"); sent > 0 {
				t.Errorf("%d uploads", sent)
			}
			a.is(sinks.Absent, "")
		})
	}
}

// Symbols go once GitLab shows their package, whatever the order of the files, and are not taken for the package.
func TestSymbolsFollowTheirPackage(t *testing.T) {
	f := startRows(t)
	f.sync = true
	one := nugetSample(t, "Acme.Tools", "1.0", nuspec("Acme.Tools", "1.0", ""), nuspec("Acme.Tools", "1.0", symbolsType), "x")
	slices.Reverse(one.Files)
	a := f.at(f.sink(time.Nanosecond), one)
	if symbols := f.send(a); symbols.Name != symbolsPlaceholder || f.count("upload") != 2 {
		t.Errorf("%d uploads, the last is %+v", f.count("upload"), symbols)
	}
	a.is(sinks.Pending, "")
	f.become(f.last(), "", "", "acme.tools.1.0.snupkg", f.all[0])
	a.is(sinks.Ready, "")

	f = startRows(t)
	f.sync = true
	one = nugetSample(t, "Acme.Tools", "1.0", nuspec("Acme.Tools", "1.0", ""), nuspec("Acme.Tools", "1.0", ""), "x")
	if err := f.at(f.sink(time.Nanosecond), one).publish(); fault.CodeOf(err) != string(artifact.FileUnsupported) || f.count("upload") != 1 {
		t.Errorf("%d uploads, %v", f.count("upload"), err)
	}
}
