package artifact

import (
	"slices"
	"testing"
	"time"
)

func TestLosses(t *testing.T) {
	of := func(f Format, p Package, to Destination) (what []string) {
		for _, loss := range slices.Concat(Losses(""), Losses(f)) {
			if loss.What == "" || loss.Instead == "" {
				t.Errorf("%s: a loss without words: %+v", f, loss)
			}
			if loss.Holds(p, to) && !loss.Possible {
				what = append(what, loss.What)
			}
		}
		return what
	}
	dated := []File{{Path: "a-1.0.tgz.prov", Modified: time.Unix(1, 0), Downloaded: time.Unix(2, 0)}}
	for name, one := range map[string]struct {
		format Format
		p      Package
		to     Destination
		want   []string
	}{
		"nothing":          {Generic, Package{Name: "a", Version: "1"}, Destination{Name: "a"}, nil},
		"renamed":          {Generic, Package{Name: "a", Version: "1"}, Destination{Name: "b"}, []string{"Names"}},
		"left out":         {Generic, Package{Name: "a", Version: "1"}, Destination{}, nil},
		"repacked":         {Terraform, Package{Name: "a", Version: "1"}, Destination{Name: "a", Repack: true}, []string{"The archive"}},
		"dates, signature": {Helm, Package{Name: "a", Version: "1", Files: dated}, Destination{Name: "a"}, []string{"Upload dates", "Dates of the last download", "Provenance files (.prov)"}},
		"attested": {NPM, Package{Name: "a", Version: "1", Metadata: map[string]string{NPMAttestations: "x"}}, Destination{Name: "a"},
			[]string{"dist.integrity and the registry's signatures", "Provenance attestations"}},
		"npm's index": {NPM, Package{Name: "a"}, Destination{Name: "a"}, nil},
	} {
		if got := of(one.format, one.p, one.to); !slices.Equal(got, one.want) {
			t.Errorf("%s: got %q, want %q", name, got, one.want)
		}
	}
}
