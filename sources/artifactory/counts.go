// What an Artifactory counts in each repository (GET /api/storageinfo, for administrators): figures that it computed at some
// time, so they prove a listing short, and never complete. POST /api/storageinfo/calculate computes them anew, in the background.

package artifactory

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"pkgferry/internal/fault"
)

// maxCounts bounds the answer: some ten thousand repositories.
const maxCounts = 64 << 20

// recounts are the waits for figures that were asked for anew. They are asked for once in recountEvery.
var recounts = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

const recountEvery = 10 * time.Minute

// counts are the numbers of files by repository key; nil when the user is no administrator.
func (s *Source) counts(ctx context.Context) (map[string]int64, error) {
	type rows []struct {
		Key   string `json:"repoKey"`
		Type  string `json:"repoType"`
		Files int64  `json:"filesCount"`
	}
	var summary struct {
		Rows rows `json:"repositoriesSummaryList"`
		Old  struct {
			Rows rows `json:"repositoriesSummaryList"`
		} `json:"storageSummary"` // of releases before 7
	}
	header, err := s.client.GetJSON(ctx, s.client.URL("/api/storageinfo", nil), nil, maxCounts, &summary)
	switch code := status(err); {
	case code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusBadRequest, code == http.StatusUnauthorized && s.options.Login == nil:
		return nil, nil
	case err != nil:
		return nil, errorf(err, "what it holds is not counted")
	}
	s.now.see(header)
	counts := map[string]int64{}
	for _, one := range append(summary.Rows, summary.Old.Rows...) {
		if one.Type != "NA" {
			counts[one.Key] = one.Files
		}
	}
	return counts, nil
}

// short compares what was listed of a repository with what the server counts there. Figures that say more are asked for anew
// once and waited for, since files may have been deleted after they were computed; later repositories find them computed. What
// was stored while the listing went on is no loss.
func (l *listing) short(r repository, listed int64, since time.Time) error {
	if l.expected[r.Key] <= listed {
		return nil
	}
	if err := l.recount(); err != nil {
		return err
	}
	counted, patience := l.expected[r.Key], time.Duration(0)
	for _, wait := range l.recounts {
		patience += wait
	}
	for _, wait := range l.recounts {
		computed := time.Since(l.recounted) > patience
		if !computed {
			if err := sleep(l.ctx, wait); err != nil {
				return err
			}
		}
		var err error
		if counted, err = l.counted(r, listed); err != nil || counted <= listed {
			return err
		}
		if computed {
			break
		}
	}
	late, err := l.came(r, since)
	if err != nil || counted <= listed+late {
		return err
	}
	return fault.At(fault.Source, fmt.Errorf("source %s: repository %s: the server counts %d files, and %d were listed: "+
		"list it again with sync --full; if they still differ, ask its administrator which files are no longer in any folder",
		l.name, r.Key, counted, listed))
}

// counted is the number of files that the server counts in a repository; listed when it does not say.
func (l *listing) counted(r repository, listed int64) (int64, error) {
	counts, err := l.counts(l.ctx)
	if counts != nil {
		l.expected = counts
	}
	if n, ok := counts[r.Key]; ok {
		return n, err
	}
	return listed, err
}

// recount has the figures computed anew, which changes nothing else.
func (l *listing) recount() error {
	if !l.recounted.IsZero() && time.Since(l.recounted) < recountEvery {
		return nil
	}
	l.recounted = time.Now()
	u := l.client.URL("/api/storageinfo/calculate", nil)
	return l.client.Query(l.ctx, u, nil, "", func(*http.Response) error { return nil })
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
