// Package reconcile is the loop: it looks at Git and at EC2, plans, asks policy,
// carries out the next step, records it, and looks again.
//
//	Desired   what Git says: a snapshot's specs, and the policies in force
//	Observe   what EC2 says now
//	Settle    earlier calls whose effect shows, or never came
//	Plan      the difference, as data (reconcile/plan)
//	Judge     what policy allows of it (reconcile/judge)
//	Act       one step of each resource (reconcile/apply), or probes in a dry-run
//	Record    commit, decision, intent, outcome, settled, converged, drift
//
// [Loop.Once] is one turn; [Loop.Converge] turns until nothing is left to wait for;
// [Loop.Serve] is the daemon. Nothing sleeps through a drain: a turn ends, and the
// next one observes. What is remembered between turns (the history's ledger,
// back-off) only ever makes a turn wait; it is never believed over EC2.
//
// The package knows EC2 only as an interface, and imports neither the AWS SDK nor
// the simulator.
package reconcile
