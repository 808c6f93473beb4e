package artifact

import (
	"strings"
	"testing"
)

func TestPyPIName(t *testing.T) {
	for name, want := range map[string]string{
		"Zope.Interface": "zope-interface", "a__b-_.c": "a-b-c", "requests": "requests", "A-1": "a-1",
	} {
		if got := PyPIName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// The left column is what the library packaging makes one of (packaging.utils.canonicalize_version).
func TestPyPIVersion(t *testing.T) {
	for want, spellings := range map[string]string{
		"1":                      "1 1.0 1.0.0 v1 V1.00 01 0!1 \t1.0\n",
		"0":                      "0 0.0 00.00.0",
		"10":                     "10 10.0",
		"1.0.1":                  "1.0.1 1.00.01.0",
		"2!1":                    "2!1 02!1.0 v2!1.0",
		"1a1":                    "1a1 1.0a1 1.0.a.1 1.0-alpha-1 1ALPHA01 1_a_1 1.0Alpha.1",
		"1b0":                    "1b 1.0b0 1-beta 1.BETA",
		"1rc2":                   "1rc2 1c2 1pre2 1.0-preview_2 1.RC.2",
		"1.post3":                "1.post3 1-3 1.0post3 1-r3 1.rev.3 1.0-03",
		"1.post0":                "1.post 1.0r 1-rev",
		"1.dev4":                 "1.dev4 1dev4 1.0-DEV-4 1_dev_04",
		"1.dev0":                 "1.dev 1.0dev0",
		"1a1.post2.dev3":         "1a1.post2.dev3 1.0-a1-2-dev3 1.0.0A1R2DEV3",
		"1.2+abc.5.x":            "1.2+abc.5.x 1.2.0+ABC-05_x",
		"1+0":                    "1+0 1.0+00",
		"1+0.0":                  "1+0.0 1+0-0",
		"20240101":               "20240101",
		"12345678901234567890.1": "12345678901234567890.1.0",
	} {
		for spelling := range strings.SplitSeq(spellings, " ") {
			if got, ok := PyPIVersion(spelling); !ok || got != want {
				t.Errorf("%q is %q %v, want %q", spelling, got, ok, want)
			}
		}
	}
	for _, version := range []string{
		"", "v", "1.", ".1", "1..2", "2004d", "1.0-unstable", "1!", "!1", "1+", "1+a+b", "1+a..b", "1+a.", "1a1b1", "1.dev1.post1",
		"1.0 beta", "a", "latest", "1-", "1--1", "1.0+\u212a", "1.po\u017ft1", "1,0", "v v1",
	} {
		if got, ok := PyPIVersion(version); ok {
			t.Errorf("%q is taken for %q", version, got)
		}
	}
}

func TestParsePyPIFile(t *testing.T) {
	for file, want := range map[string][2]string{
		"requests-2.31.0-py3-none-any.whl":                 {"requests", "2.31.0"},
		"numpy-1.26.4-cp312-cp312-manylinux_2_17_i686.whl": {"numpy", "1.26.4"},
		"Acme_Lib-1.0-1-py2.py3-none-any.whl":              {"Acme_Lib", "1.0"},
		"acme-1!1.0+local.1-2b-py3-none-any.WHL":           {"acme", "1!1.0+local.1"},
		"acme-1.0-x-py3-none-any.whl":                      {},
		"acme-1.0-py3-none.whl":                            {},
		"-1.0-py3-none-any.whl":                            {},
		"requests-2.0.0.tar.gz":                            {"requests", "2.0.0"},
		"zope.interface-4.0.5.zip":                         {"zope.interface", "4.0.5"},
		"ruamel.yaml-0.17.tar.bz2":                         {"ruamel.yaml", "0.17"},
		"python-dateutil-2.8.2.tgz":                        {"python-dateutil", "2.8.2"},
		"foo-bar-1.0-beta-2.tar.gz":                        {"foo-bar", "1.0-beta-2"},
		"foo-1.0-1.tar.gz":                                 {"foo", "1.0-1"},
		"foo-2-1.tar.gz":                                   {"foo-2", "1"},
		"foo-2-1.0.tar.gz":                                 {"foo-2", "1.0"},
		"pytz-2004d.tar.gz":                                {"pytz", "2004d"},
		"foo-1.0-unstable-x.zip":                           {"foo", "1.0-unstable-x"},
		"lib-1.0.win-amd64-py2.7.exe":                      {"lib", "1.0"},
		"lib-1.0.win32.exe":                                {"lib", "1.0"},
		"lib-1.0.win32-py3.4.msi":                          {"lib", "1.0"},
		"lib-1.0.linux-x86_64.tar.gz":                      {"lib", "1.0"},
		"setuptools-0.6c11-py2.7.egg":                      {"setuptools", "0.6c11"},
		"Acme_Lib-1.0_1-py3.11-linux-x86_64.egg":           {"Acme_Lib", "1.0_1"},
		"acme.egg":                                         {},
		"acme.tar.gz":                                      {},
		"acme-.tar.gz":                                     {},
		"-1.0.tar.gz":                                      {},
		"acme-1.0.tar.gz.asc":                              {},
		"acme-1.0.rpm":                                     {},
		".whl":                                             {},
		"":                                                 {},
	} {
		name, version, ok := ParsePyPIFile(file)
		if got := [2]string{name, version}; got != want || ok != (want[0] != "") {
			t.Errorf("%s is %q %v, want %q", file, got, ok, want)
		}
	}
}

func FuzzPyPIVersion(f *testing.F) {
	for _, seed := range []string{"1.0", "v02!1.0-a.1-2.dev+ab_01", "1-1", "0.0", "1rc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, version string) {
		normal, ok := PyPIVersion(version)
		if again, still := PyPIVersion(normal); ok && (!still || again != normal) {
			t.Errorf("%q is %q, which is %q %v", version, normal, again, still)
		}
	})
}

func FuzzParsePyPIFile(f *testing.F) {
	for _, seed := range []string{"a-1-py3-none-any.whl", "a-b-1.0-1.tar.gz", "a-1.win32-py2.7.exe", "a-1-py3.egg"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		name, version, ok := ParsePyPIFile(file)
		if ok != (name != "" && version != "") || ok && !strings.HasPrefix(file, name+"-"+version) {
			t.Errorf("%q is %q %q %v", file, name, version, ok)
		}
	})
}
