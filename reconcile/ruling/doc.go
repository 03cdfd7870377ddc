// Package ruling reads what people decide beside rules: the Waiver and Approval
// documents of a policy source.
//
// A waiver says that one rule does not bind some resources until a date. An
// approval lets one plan, and no other, go past its holds. Both expire, and both
// stand in the trusted policy source, never in the change that they are about.
// What they do to a plan is reconcile/judge's.
package ruling
