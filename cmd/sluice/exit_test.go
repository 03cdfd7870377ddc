package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestTheGravestStatusWins(t *testing.T) {
	order := []int{exitFailed, exitDenied, exitPending, exitDone} // the gravest first
	for i, a := range order {
		for j, b := range order {
			if got, want := gravest(a, b), order[min(i, j)]; got != want {
				t.Errorf("gravest(%d, %d) is %d, want %d", a, b, got, want)
			}
		}
	}
	if gravest() != exitDone {
		t.Error("nothing at all is done")
	}
}

func TestThePlansStatus(t *testing.T) {
	for _, c := range []struct {
		name string
		s    plan.Summary
		want int
	}{
		{"nothing", plan.Summary{}, exitDone},
		{"in sync", plan.Summary{InSync: 3}, exitDone},
		{"pending", plan.Summary{InSync: 3, Pending: 1}, exitPending},
		{"converging", plan.Summary{Converging: 1}, exitPending},
		{"denied beside pending", plan.Summary{Pending: 1, Denied: 1}, exitDenied},
		{"held beside converging", plan.Summary{Converging: 1, Held: 1}, exitDenied},
		{"an error beside all others", plan.Summary{InSync: 1, Pending: 1, Converging: 1, Held: 1, Denied: 1, Error: 1}, exitFailed},
		{"blocked beside denied", plan.Summary{Denied: 1, Blocked: 1}, exitFailed},
	} {
		if got := planStatus(plan.Plan{Summary: c.s}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestTheStatusOfCallsAndProbes(t *testing.T) {
	for outcome, want := range map[apply.Outcome]int{
		apply.Accepted: exitPending, apply.Preempted: exitPending, apply.Changed: exitPending,
		apply.Outcome(inventory.ClassBusy): exitPending, apply.Outcome(inventory.ClassThrottled): exitPending, apply.Outcome(inventory.ClassLost): exitPending,
		apply.Closed: exitDenied, apply.Unread: exitFailed, apply.Guarded: exitFailed, apply.NoRecord: exitFailed,
		apply.Outcome(inventory.ClassUnauthorized): exitFailed, apply.Outcome(inventory.ClassRefused): exitFailed, apply.Outcome(inventory.ClassCredentials): exitFailed,
	} {
		steps := []apply.Step{{Outcome: apply.Accepted}, {Outcome: outcome}}
		slices.Reverse(steps) // the order does not matter
		if got := stepStatus(steps); got != want {
			t.Errorf("%s: %d, want %d", outcome, got, want)
		}
	}
	if stepStatus(nil) != exitDone || probeStatus(nil) != exitDone {
		t.Error("no call at all is no change")
	}
	for answer, want := range map[string]int{"yes": exitDone, "not probed": exitDone, "no": exitFailed, "unknown": exitFailed} {
		if got := probeStatus([]apply.Probe{{Authorised: "yes"}, {Authorised: answer}}); got != want {
			t.Errorf("authorised %s: %d, want %d", answer, got, want)
		}
	}
}

func TestARefIsABranchATagOrACommit(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for text, want := range map[string]gitsource.Ref{
		"":                  {},
		"main":              {Name: "main"},
		"refs/heads/v1":     {Branch: "v1"},
		"refs/tags/v1":      {Tag: "v1"},
		commit:              {Commit: commit},
		commit[:39]:         {Name: commit[:39]},
		commit[:39] + "g":   {Name: commit[:39] + "g"},
		"feature/addresses": {Name: "feature/addresses"},
		"semver:~1.2":       {Semver: "~1.2"},
	} {
		if got := parseRef(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestErrorsCannotSteerTheTerminal(t *testing.T) {
	if got, want := printable("a\x1b[2Jb\tc\nd\u009be\x7fé\u202ef\u200b"), `a\x1b[2Jb\tc`+"\n"+`d\u009be\x7fé\u202ef\u200b`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhoWaitedAlreadyIsNotToldToWait(t *testing.T) {
	open := plan.Summary{Converging: 1}
	if said := whatNext(open, nil, false); !strings.Contains(said, "with --wait to see it through") {
		t.Errorf("without --wait: %q", said)
	}
	if said := whatNext(open, nil, true); strings.Contains(said, "--wait") || !strings.Contains(said, "run the same command again") {
		t.Errorf("with --wait: %q", said)
	}
}
