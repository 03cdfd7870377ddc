// Package schedule says when something is due next: a cron expression in a time
// zone, and a spread for many targets that share one expression.
//
// It is pure. It reads no clock, starts no goroutine and knows nothing of what
// runs: [Schedule.Next] is a function of its argument. Only the parser and the
// field matching of robfig/cron are used, never its runner: the runner overlaps
// its jobs and loses a job that panics.
//
// # When the clocks change
//
// robfig/cron skips 02:30 in spring and runs 01:30 twice in autumn. Here the
// fields are matched on the wall clock and mapped to instants by one of two
// rules, after the example of Vixie cron:
//
//   - A repeating expression has * or */n in its minute or hour field, or names
//     all 24 hours. It follows absolute time. When the hour repeats, it runs in
//     both passes, so it is never silent for that hour. A time that falls into
//     spring's gap runs when the old clock would have shown it: 02:00 becomes
//     03:00, and of two runs at one instant there is one.
//   - A fixed expression ("30 2 * * *") means once for each time it names. A time
//     in the gap runs at the first instant after it; several in one gap are one
//     run. A time that comes twice runs at the first.
//
// "@every d" runs at whole multiples of d since the year 1 in UTC, whatever the
// zone. A restart of the process does not move it.
package schedule
