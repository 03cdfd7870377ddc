// Package policy judges plain input by Rego rules, with Open Policy Agent inside.
//
// A rule is a Rego package sluice.<scope>.<name>; its decisions are the sets deny,
// hold, warn and cap. [Load] compiles the shipped library and a user's sources
// into an [Engine], and [Engine.Eval] judges one input. The package knows nothing
// of specs, plans or EC2: their shapes are the JSON Schemas of [Schema]. It reads
// no file, opens no connection and keeps no state.
//
// # Nothing passes in silence
//
// Rego answers "undefined" where other languages fail, and an undefined deny looks
// like a pass. So Load refuses whatever could be one by mistake: a package, rule,
// input field, parameter or data document that does not exist, a decision that is
// no set, a source without a rule. At evaluation a built-in function's error, an
// entry of the wrong form, a missing field that every input has, or a limit is an
// error; the caller must take an error as a refusal.
//
// # How rules are evaluated
//
// The decisions of all rules of a scope are moved to one set ([gather]), which has
// one index, and parameters become constants ([inline]). [Engine.EvalAll] evaluates
// that set for each input under a limit of its own.
//
// # Undefined values in messages
//
// The body of a decision rule is divided in two. Assignments that only feed the
// entry (directly or through each other) are the message, the rest is the
// condition. When the condition holds and the message is undefined, the
// evaluation fails and names the rule. This covers the entry's own expressions,
// every assignment that only feeds it, and all functions and rules they call.
//
// What is not covered is a condition. There, undefined is false by the meaning of
// Rego, and so is "not f(x)" for an undefined x. An assignment that just iterates
// (x := input.list[_]) is a condition too. So that no message is built inside a
// condition, sprintf is refused there, in set-shaped and object-shaped helpers,
// and in comprehensions outside a message.
package policy
