// Package fleet works for the targets whose leases this process holds, each with a loop,
// a lease and a log of its own, while other processes work for the rest.
//
//	Fleet   the leases and the logs; it outlasts configurations
//	Crew    the loops of one configuration; they look at Git together
//
// A target that is taken over goes through these steps, and none is left out:
//
//	read     its log so far, from its checkpoint on: whole, its chain unbroken, not cut at its end
//	fence    a record of the new epoch: what an older one appends comes second, and is refused
//	wait     until no call of an earlier holder can be on its way ([lease.Held.ActFrom])
//	serve    a [reconcile.Loop]: it looks at EC2, settles what is undecided, and acts
//
// Right before each call the lease must last longer than the longest call takes, and the
// call ends by then. A target whose log cannot be read, or is not as it was written, is
// given back with an error that is shown; the others are not touched by it.
package fleet
