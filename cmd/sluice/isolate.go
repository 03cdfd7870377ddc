package main

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// workerArg makes this program the process that evaluates a user's rules. It is no
// command: people have no use for it.
const workerArg = "policy-worker"

// isWorker reports whether this process was started by [isolated]. It is asked
// first of all, before anything else is set up.
func isWorker(args []string) bool { return len(args) == 2 && args[1] == workerArg }

// runWorker is the whole life of that process.
func runWorker() int {
	if err := worker.Main(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitDone
}

// isolated compiles policies so that a user's rules are evaluated in a process of
// their own, with limits.
func isolated(cfg config.Config) reconcile.LoadPolicies {
	return func(ctx context.Context, sources []policy.Source) (reconcile.Engine, error) {
		command, err := worker.Self(workerArg)
		if err != nil {
			return nil, err
		}
		e, err := worker.Start(ctx, command, sources, ruleOptions(cfg), worker.Limits{})
		if err != nil {
			return nil, err // and no Engine that holds a nil pointer
		}
		return e, nil
	}
}
