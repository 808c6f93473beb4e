package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts returns a channel that closes at the first Ctrl-C or SIGTERM; at the second it calls quit.
func interrupts(quit func()) (first <-chan struct{}, stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	closed, over := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-over:
				return
			case <-signals:
			}
			if n > 0 {
				quit()
				return
			}
			close(closed)
		}
	})
	return closed, func() {
		signal.Stop(signals)
		close(over)
		done.Wait()
	}
}
