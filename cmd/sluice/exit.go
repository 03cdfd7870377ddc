package main

import (
	"fmt"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// The exit statuses, the same for every command.
const (
	exitDone    = 0 // done, nothing pending
	exitFailed  = 1 // could not do its work
	exitPending = 2 // changes are pending, or still converging
	exitDenied  = 3 // policy denied or held something
)

// statusError ends a command with a status and nothing more to say: what there
// was to say has been printed.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// status returns nil for 0.
func status(code int) error {
	if code == exitDone {
		return nil
	}
	return statusError(code)
}

// gravest returns the gravest of several statuses: 1, then 3, then 2, then 0.
func gravest(codes ...int) int {
	for _, worst := range []int{exitFailed, exitDenied, exitPending} {
		for _, c := range codes {
			if c == worst {
				return c
			}
		}
	}
	return exitDone
}

// planStatus is the status of a plan that was only looked at.
func planStatus(p plan.Plan) int {
	s, code := p.Summary, exitDone
	if s.Pending+s.Converging > 0 {
		code = exitPending
	}
	if s.Denied+s.Held > 0 || p.Hold != "" {
		code = gravest(code, exitDenied)
	}
	if s.Error+s.Blocked > 0 {
		code = gravest(code, exitFailed)
	}
	return code
}

// stepStatus is the status that the calls of a turn add: a call that EC2 refused
// is work that could not be done; one that was put off is pending, one that a window
// closed on is held.
func stepStatus(steps []apply.Step) int {
	code := exitDone
	for _, s := range steps {
		switch s.Outcome {
		case apply.Accepted, apply.Preempted, apply.Changed,
			apply.Outcome(inventory.ClassBusy), apply.Outcome(inventory.ClassThrottled), apply.Outcome(inventory.ClassLost):
			code = gravest(code, exitPending)
		case apply.Closed:
			code = gravest(code, exitDenied)
		default:
			code = exitFailed
		}
	}
	return code
}

// probeStatus is the status that a dry-run's answers add: what AWS would not
// authorise, or did not answer, needs a person.
func probeStatus(probes []apply.Probe) int {
	for _, p := range probes {
		if p.Authorised == "no" || p.Authorised == "unknown" || p.Authorised == apply.Ignored {
			return exitFailed
		}
	}
	return exitDone
}
