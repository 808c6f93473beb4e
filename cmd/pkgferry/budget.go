package main

// The daily budgets of sources (limits: requests_per_day). The checkpoint remembers what is used of a day, so that
// yesterday's process and the next one share it.

import (
	"context"
	"fmt"
	"os"

	"pkgferry/checkpoint"
	"pkgferry/internal/httpx"
)

// budgetFact is the fact that says how many requests a source got on a day: "2026-05-03 4200".
func budgetFact(source string) string { return "requests of " + source }

// budget is a source's, less what the checkpoint knows to be used.
func (a *app) budget(ctx context.Context, source string, limit int) *httpx.Daily {
	daily := httpx.NewDaily(limit)
	store, err := checkpoint.View(a.checkpoint)
	if err != nil {
		return daily // nothing is known yet, or it will be said when the checkpoint is opened
	}
	defer func() { _ = store.Close() }()
	var day string
	var used int
	if text, err := store.Fact(ctx, budgetFact(source)); err == nil {
		if _, err := fmt.Sscan(text, &day, &used); err == nil {
			daily.Resume(day, used)
		}
	}
	return daily
}

// count notes from now on what is used of the budgets: in store, or, when that vanishes, in the checkpoint, where there is
// one. settle notes the exact numbers at the end.
func (a *app) count(m *migration, store *checkpoint.Store, scratch bool) (settle func()) {
	if m.counted {
		return func() {}
	}
	m.counted = true
	for source, daily := range m.budgets {
		daily.Keep(func(ctx context.Context, day string, used int) error {
			text := fmt.Sprintf("%s %d", day, used)
			if !scratch {
				return store.Remember(ctx, budgetFact(source), text)
			}
			return a.rememberBeside(ctx, budgetFact(source), text)
		})
	}
	return func() {
		for _, daily := range m.budgets {
			_ = daily.Settle(context.Background()) // else a little more of the day counts as used than was
		}
	}
}

// rememberBeside notes a fact in the checkpoint of a command that works on another store.
func (a *app) rememberBeside(ctx context.Context, fact, text string) error {
	if _, err := os.Stat(a.checkpoint); os.IsNotExist(err) {
		return nil
	}
	store, err := checkpoint.Open(a.checkpoint)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return store.Remember(ctx, fact, text)
}
