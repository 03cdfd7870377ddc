// Package worker evaluates a user's rules in a child process, which a rule that
// eats memory or never ends can take down without harm. Rules cannot reach files
// or the network anyway (see package policy), so the process is there for what no
// deadline inside it can bound: memory, built-in functions that overrun, and the
// compiler itself, which a short file can keep busy for ever.
//
// [Start] has the child compile the sources, which also says what [Engine.Rules] and
// [Engine.Digest] are; this process compiles them only for [Engine.Explain], once the
// child could do so within its limits. Where no rule is the user's own everything is
// evaluated here, and without sources there is no child at all. Inputs go to the child
// many at once; when it ends, each of them is asked about alone, so that who ended it
// is never in doubt. A child that ended gives an error for that one input; the next one
// starts a new child.
//
// What bounds the child's memory, and what else it may not, is package child's. Its
// time: the engine's own limit of an evaluation, and where that does not reach, this
// process ends the child [Limits].Grace later. Its environment holds what decides how
// rules compute with time zones.
package worker
