// Package commitstatus tells a Git host what became of a commit: one status for each
// commit and target, named sluice/TARGET.
//
//	success  EC2 is as the commit says
//	pending  something is still to be done, waits for an approval, or is only asked about
//	failure  a spec does not parse, policy says no, EC2 refused, the commit itself is held, …
//
// [Speaker.Observe] takes what the loop found, makes one line of it and returns;
// [Speaker.Run] sends it through an outbox: the same status once, the newest when
// several wait, again within limits when the host is busy.
//
// The hosts' own Go clients (one small file each) know paths and bodies. What they
// speak through is ours: no redirect is followed, nothing goes to another host than
// the API's, an answer is read to a limit, and errors are made of the status code and
// one cleaned line of the answer, never of what a library says, so that no token is
// shown. The line that is sent holds counts, file:line, rules' ids and problems of
// specs and rules, and nothing that AWS said but its error codes: those who read the
// repository may be more than those who may read the log.
package commitstatus
