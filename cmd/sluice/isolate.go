package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// These make this program a process that does dangerous work for another one of it.
// They are no commands: people have no use for them.
const (
	rulesArg = "policy-worker" // evaluates a user's rules
	gitArg   = "git-worker"    // talks to a Git server, or reads a repository, once
)

// asWorker returns the whole life of such a process, or nil for a person's command.
// It is asked first of all, before anything else is set up.
func asWorker(args []string) func(stdin io.Reader, stdout io.Writer) error {
	if len(args) != 2 {
		return nil
	}
	switch args[1] {
	case rulesArg:
		return worker.Main
	case gitArg:
		return readGit
	}
	return nil
}

// runWorker lives that life, and returns the exit status.
func runWorker(live func(stdin io.Reader, stdout io.Writer) error) int {
	if err := live(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitDone
}

// isolated compiles policies so that a user's rules are evaluated in a process of
// their own, with limits.
func isolated(cfg config.Config) reconcile.LoadPolicies {
	return func(ctx context.Context, sources []policy.Source) (reconcile.Engine, error) {
		command, err := worker.Self(rulesArg)
		if err != nil {
			return nil, err
		}
		e, err := worker.Start(ctx, command, sources, ruleOptions(cfg), cfg.PolicyLimits.Limits)
		if err != nil {
			return nil, err // and no Engine that holds a nil pointer
		}
		return e, nil
	}
}

const (
	// gitFiles is how many descriptors a process may have that talks to a server or reads
	// a repository. The Git library leaves those of loose objects to the collector.
	gitFiles = 4096
	// maxGitRequest bounds what such a process is told: settings and files of keys.
	maxGitRequest = 32 << 20
)

// runGit is a gitsource.Runner. A process starts in ten milliseconds, so that each
// job has a new one: none can be left in a bad state.
func runGit(ctx context.Context, job gitsource.Job) ([]byte, error) {
	command, err := child.Self(gitArg)
	if err != nil {
		return nil, err
	}
	return child.Run(ctx, command, child.Limits{Memory: job.Memory, Files: gitFiles, CPU: job.CPU}, job.Request, job.Answer)
}

// readGit is the life of the process that runGit starts.
func readGit(stdin io.Reader, stdout io.Writer) error {
	return child.Answer(stdin, stdout, maxGitRequest, gitsource.Answer)
}
