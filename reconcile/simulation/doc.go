// Package simulation runs the production loop in a world made of one number.
//
// All of its code is in tests. The loop, gitsource, policy, plan, judge, apply,
// history on a real file, schedule and calendar are the code that ships; what is
// simulated is what lies around the process: EC2 (reconcile/ec2sim through its
// transport without sockets, below the real client), the contents of the
// repositories, the disk's fullness, the clock, and people. Everything that chance
// decides is a hash of the seed, of what it is about and of how often that has come
// up, so that one decision more or less leaves all others as they were. Under
// testing/synctest time is fake, and every answer takes a time of its own: whoever
// wakes up is alone, which makes a run the same each time.
//
// A run has three parts. First faults of every class strike, as far as the seed arms
// them. Then they cease, and the world must come to rest as the last commit says.
// Last, one of a few things is sick, and the others must not wait for it. After each
// request to EC2, each record and each end of a turn the checker looks at the outside:
// the simulator's true state and its log of calls, the file of the history by a reader
// of its own, the answers of policy, logs, metrics and pages. It never asks the loop.
//
// In one seed of four two replicas run instead of one: fleet and lease, which ship, on a
// table of leases in memory and on logs that fence as those on DynamoDB do. They are
// paused, killed and cut off from the table, each for itself, and have calls and appends on
// their way meanwhile; each machine has a clock of its own. The same invariants hold over
// both, and the table's own view of the leases says who may call when. They are given no
// other configuration while they run, no other mode and no rewritten branch: those are the
// other seeds' to show. No time passes while a lock is held, or a bubble would stand still:
// a pause begins where production code waits for an answer, or looks at its clock.
//
//	make simulate SEED=17     replays one seed and tells what happens
//	make simulate HOURS=2     goes on with fresh seeds
//	make planted              plants bugs, and shows which invariant finds each
package simulation
