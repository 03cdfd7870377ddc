// Package apply carries out an approved plan, one action of each resource at a
// time, and never waits for a drain: the loop looks again and plans the rest.
//
// Around every mutating call stand the same small steps, in this order (step.go):
//
//	preempted   a newer commit, or the end of the process: stop between calls
//	reread      the resource as EC2 reports it now; changed since the plan: drop
//	guard       no primary address, checked against what was just read
//	calendar    a window that closed since the plan: wait for the next one
//	intent      a durable record of exactly this call; no record, no call
//	call        once
//	outcome     what EC2 answered, with its request id
//
// Targets run side by side; within a target there is one call at a time. In a
// dry-run, [Runner.Probe] asks EC2 the same questions with DryRun instead.
package apply
