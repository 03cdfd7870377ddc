// Package calendar says when sluice may change a resource, and when it looks for
// drift: what operators wrote into the configuration (schedules, windows, freezes),
// and the suspend of a document.
//
// It is pure data and arithmetic. It reads no clock and starts nothing: every
// question names an instant. Who asks is reconcile/judge, which holds what must
// wait, reconcile, which wakes up when something opens, and `sluice schedule`.
//
// # When a resource may be changed
//
//	its document is suspended                        no, until then
//	a freeze that selects it is in force             no, until it ends
//	a deny window that selects it is open            no, until it closes
//	allow windows select it, and none of them is open  no, until one opens
//	else                                             yes
//
// Every change is meant, whoever asked for it: a commit, a correction of drift, or
// what is left of a change that was begun. Nothing is meant of what EC2 does by
// itself: a drain that has begun goes on.
package calendar
