package lease

import (
	"context"
	"errors"
	"time"
)

// Item is the lease of one target as it stands in the table.
type Item struct {
	Target string
	Holder string // the ID of the replica that has it; "": nobody
	URL    string // where the holder's page is; may be empty

	Epoch   uint64 // one more with each new holder
	Version uint64 // more with every write; 0: there is no item yet

	// Duration is for how long nobody else takes the lease after a write.
	Duration time.Duration

	// Clean says of a lease without a holder that it was given back when no call could be
	// on its way: the next holder need not wait.
	Clean bool

	// HeadSeq and HeadHash are the end of the target's log as far as the last holder
	// knew it: a log that ends before was cut.
	HeadSeq  uint64
	HeadHash string

	// Damaged says where the item is and why it cannot be read: nobody takes the lease. Of
	// the rest only Target and Version count then. It is never written; "": it was read.
	Damaged string
}

// Remedy is what a person does about a damaged item.
const Remedy = "delete that item: the next holder goes on from the epoch in the target's log, and waits as after a lease that was not given back"

// Replica is one process that would hold leases. Its Version changes with each beat.
type Replica struct {
	ID      string
	URL     string
	Version uint64
	Targets []string // that it would hold, in order; none: it does not say
}

// Table is where the leases stand. Every read sees every write that ended before it
// began. After any error but [ErrConflict] a write may have had its effect, or may have
// it later.
type Table interface {
	// Leases returns all items, in whatever order.
	Leases(ctx context.Context) ([]Item, error)
	// Write puts the item in the place of the one whose Version is expect (0: there
	// is none), and is [ErrConflict] when that is not there any more.
	Write(ctx context.Context, item Item, expect uint64) error

	// Replicas returns all that ever beat and did not leave.
	Replicas(ctx context.Context) ([]Replica, error)
	// Beat puts the replica in the place of what it wrote before.
	Beat(ctx context.Context, r Replica) error
	// Leave removes a replica; one that is not there is no error.
	Leave(ctx context.Context, id string) error
}

// ErrConflict is a write that was refused, and never will have an effect: what it was
// to replace is not there any more.
var ErrConflict = errors.New("somebody else wrote first")

// ErrLost means that the lease is over, or too near its end for what was to be done. It
// is the cause of a hold's context that ended because of that.
var ErrLost = errors.New("the lease is lost")
