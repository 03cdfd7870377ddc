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
// What bounds the child's memory, and what else it may not, is package child's. Its
// time: the engine's own limit of an evaluation, and where that does not reach, this
// process ends the child [Limits].Grace later. Its environment holds what decides how
// rules compute with time zones.
package worker
