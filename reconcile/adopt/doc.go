// Package adopt writes specs for what is live: for a first adoption, and to take
// over drift that shall stay.
//
// [Make] turns inventories into documents, one a resource. What it writes is proven
// before it is handed out: every document is read back by reconcile/spec and planned
// by reconcile/plan, and only one whose resource is then in sync is returned, so that
// importing makes no call. What cannot be written that way is left out, with the
// reason in the planner's own words.
//
// [Edit] changes the list or count of a document that is there to what is live, in
// its own text, so that comments and order stay. It too is proven by reading it back.
//
// The package is pure: it reads no file, makes no call and knows no clock.
package adopt
