// Package worker evaluates a user's rules in a child process, which a rule that
// eats memory or never ends can take down without harm. Rules cannot reach files
// or the network anyway (see package policy), so the process is there for what no
// deadline inside it can bound: memory, built-in functions that overrun, and the
// compiler itself, which a short file can keep busy for ever.
//
// [Start] has the child compile the sources first; only what it could compile
// within its limits is compiled here too, for [Engine.Rules] and [Engine.Digest].
// A scope in which only shipped rules are in force is evaluated here, and without
// sources there is no child at all. One input is evaluated at a time, so that who
// ended the child is never in doubt. A child that ended gives an error for that
// one input; the next one starts a new child.
//
// # What bounds the child
//
// Its memory: on Linux the kernel refuses it more private memory than
// [Limits].Memory beyond what it had when it began (RLIMIT_DATA; RLIMIT_AS counts
// the 1.2 GB of addresses that the Go runtime reserves and never uses), Go's
// collector works harder from three quarters of that on, and the kernel's
// out-of-memory killer takes it before anybody else. Elsewhere there is only the
// collector's limit, which is not a hard one: the child keeps the harm out of this
// process, but not out of the machine.
//
// Its time: the engine's own limit of an evaluation, and where that does not
// reach, this process ends the child [Limits].Grace later.
//
// The rest: no environment, no descriptors but its three, no core file, a process
// group of its own, so that a terminal's Ctrl-C reaches only the parent; it ends
// with its parent. It is a container for resources and no wall against attackers:
// it runs under the same user.
package worker
