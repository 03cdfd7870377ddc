// Package judge puts a plan before policy and returns what may be carried out.
//
// It turns specs, plans and inventories into the inputs that rules see, reads
// their decisions back into the plan (caps shorten drains; a deny or a hold stops
// the resource; an evaluation that fails stops it as an error), and adds the
// checks that no policy can switch off: the guard of primary addresses, the
// budget of removals, and the calendar of windows and freezes.
//
// Its result is an [Approved] plan. No other package can make one, and
// reconcile/apply accepts nothing else: what was not judged cannot be applied.
package judge
