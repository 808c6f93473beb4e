package gitlab

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPackument(t *testing.T) {
	p, err := readPackument(strings.NewReader(`{"name":"ui","versions":{
		"1.0.0":{"dist":{"shasum":"aa","tarball":"x"},"deprecated":"old","engines":[]},
		"2.0.0":{"dist":{"shasum":"bb"},"deprecated":false}},"dist-tags":{"latest":"2.0.0"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"1.0.0": "aa", "2.0.0": "bb"}, p.shasums); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"1.0.0": "old"}, p.deprecated); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "<html>", `{"versions":[]}`, `{"versions":{"1.0.0":{"dist":{"shasum":"aa"}}`} {
		if _, err := readPackument(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzReadPackument(f *testing.F) {
	f.Add(`{"versions":{"1.0.0":{"dist":{"shasum":"aa"},"deprecated":"old"}}}`)
	f.Add(`{"versions":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := readPackument(strings.NewReader(text)); err == nil && len(p.deprecated) > len(p.shasums) {
			t.Error("more deprecations than versions")
		}
	})
}

func TestMemo(t *testing.T) {
	m := memo[string, int]{limit: 2}
	var asked atomic.Int64
	find := func(context.Context) (int, error) { return int(asked.Add(1)), nil }
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := m.get(t.Context(), "a", find); got != 1 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	all.Wait()
	failed := errors.New("failed")
	if _, err := m.get(t.Context(), "b", func(context.Context) (int, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	for i, key := range []string{"b", "c", "b", "a"} { // an error is not remembered; c drives a out
		if got, err := m.get(t.Context(), key, find); err != nil || got != []int{2, 3, 2, 4}[i] {
			t.Errorf("%s: got %d, %v", key, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	release := make(chan struct{})
	all.Go(func() {
		_, _ = m.get(t.Context(), "slow", func(context.Context) (int, error) {
			close(begun)
			<-release
			return 0, nil
		})
	})
	<-begun
	cancel()
	if _, err := m.get(ctx, "slow", find); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(release)
	all.Wait()
}
