// Package lease spreads targets over replicas: each target has one lease, and at most
// one replica holds it. It knows nothing of sluice; the [Table] in which the leases
// stand is an interface, of which all it needs is a write that has a condition.
//
// # The protocol
//
// A lease is an [Item] whose Version changes with every write, and every write names
// the version that it replaces: of two replicas that write at once, one is refused. A
// holder renews in a third of the lease's duration. It counts what is left of the lease
// from before the last renewal that succeeded was sent. A challenger counts from after
// it first read a version, and takes the lease when it has seen no other for the whole
// duration: so its count ends later, whatever the network did to either of them. Each
// counts on its own monotonic clock. No time of a machine's clock is ever stored, sent
// or compared; that the clocks run equally fast is assumed.
//
// A new holder has the next Epoch. When the one before it did not give the lease back, or
// gave it back soon after a call without an answer ([Item].Clean), a call of that one may
// still be on its way: so the new one waits for a whole lease and the longest call more
// ([Held.ActFrom]).
//
// # What it cannot promise
//
// A process may stop between looking at its lease and sending a packet, and a machine's
// sleep is not counted by its monotonic clock. So whoever holds a lease also bounds each
// call by [Held.Deadline], and writes what it is about to do into a log that refuses the
// older epoch.
package lease
