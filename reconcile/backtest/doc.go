// Package backtest says what other rules would have decided of what there was:
// the documents of past commits, and the plans that the record kept.
//
// It judges each twice, by the rules in force and by the proposed ones, as of the
// time when it was made, and lists every decision that is not the same. Documents
// and plans go the same way as in production (reconcile/judge), so that nothing
// here can differ from it. It changes nothing and makes no call.
package backtest
