package main

import (
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestInterrupts(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreTopFunction("os/signal.signal_recv"))
	quit := make(chan struct{})
	first, stop := interrupts(func() { close(quit) })
	defer stop()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		seen <-chan struct{}
	}{{"the first drains", first}, {"the second quits", quit}} {
		select {
		case <-step.seen:
			t.Fatalf("%s before its signal", step.name)
		default:
		}
		if err := self.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		select {
		case <-step.seen:
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing happened", step.name)
		}
	}
}
