package sources

import (
	"context"
	"iter"

	"github.com/sourcegraph/conc"
)

// Ahead calls do for each of items, up to n at once, and yields the results in the order of items: for listings that wait
// for answers more than they work. At most n results are held. The sequence ends early when ctx does, and leaves no
// goroutine behind however it ends; items is consumed by one goroutine.
func Ahead[In, Out any](ctx context.Context, n int, items iter.Seq[In], do func(context.Context, In) Out) iter.Seq[Out] {
	return func(yield func(Out) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var group conc.WaitGroup
		defer group.Wait()
		defer cancel()
		results := make(chan chan Out, max(n, 1)-1)
		group.Go(func() {
			defer close(results)
			for item := range items {
				result := make(chan Out, 1)
				select {
				case results <- result:
				case <-ctx.Done():
					return
				}
				group.Go(func() {
					defer close(result) // also when do panics, which Wait passes on
					result <- do(ctx, item)
				})
			}
		})
		for result := range results {
			if !yield(<-result) {
				return
			}
		}
	}
}
