package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() { os.Exit(run()) }

// run is main with a status, so that tests can call it.
func run() int {
	if live := asWorker(os.Args); live != nil {
		return runWorker(live)
	}
	a := &app{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now}
	return a.run()
}

// run lives the process's life, with this process's arguments and signals.
func (a *app) run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a.collectGarbage(400)
	return a.execute(ctx, os.Args[1:])
}

// collectGarbage says by how many percent memory may grow before it is collected;
// GOGC in the environment has the last word. A command ends soon, and collecting
// was half of an audit's time; what runs on goes back to Go's own 100.
func (a *app) collectGarbage(percent int) {
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
