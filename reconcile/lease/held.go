package lease

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Held is one lease that this replica holds, or held. It is safe for concurrent use.
type Held struct {
	target   string
	replica  string
	epoch    uint64
	before   Item
	actFrom  time.Time
	duration time.Duration

	mu    sync.Mutex
	item  Item                 // as it was last written with success
	sent  time.Time            // before that write was
	doubt map[uint64]time.Time // by version: writes since then whose effect is unknown, and when they were sent
	last  uint64               // the highest version that any write of ours had
	over  bool
	clean time.Time // from then on no call can be on its way
	seq   uint64
	hash  string
}

// Target returns what the lease is of.
func (h *Held) Target() string { return h.target }

// Replica returns the ID of the replica that holds it: this process.
func (h *Held) Replica() string { return h.replica }

// Epoch returns the number of this holding: higher than that of any before it.
func (h *Held) Epoch() uint64 { return h.epoch }

// Before returns the lease as it stood when it was taken, with the end of the log as
// the last holder knew it. Its Version is 0 when nobody ever held it.
func (h *Held) Before() Item { return h.before }

// ActFrom returns the first instant at which no call of an earlier holder can be on its
// way any more: until then nothing must be changed.
func (h *Held) ActFrom() time.Time { return h.actFrom }

// Remaining returns what is left of the lease, on this process's monotonic clock,
// counted from before the last renewal that succeeded was sent; 0 when it is over.
func (h *Held) Remaining() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.remaining()
}

func (h *Held) remaining() time.Duration {
	if h.over {
		return 0
	}
	return max(0, h.duration-time.Since(h.sent))
}

// Deadline returns the end of a call that begins now and takes longest at most. It is
// [ErrLost] when less than that is left of the lease.
func (h *Held) Deadline(longest time.Duration) (time.Time, error) {
	now := time.Now() // before what is left is measured, so that the call ends no later
	if left := h.Remaining(); left <= 0 || left < longest {
		return time.Time{}, fmt.Errorf("%s of the lease of %s is left, and a call may take %s: %w", left.Round(time.Millisecond), h.target, longest, ErrLost)
	}
	return now.Add(longest), nil
}

// Unanswered tells that a call which takes longest at most ended without an answer. It
// may still be on its way, as one of an earlier holder may: a lease that is given back
// too soon after it is not clean.
func (h *Held) Unanswered(longest time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from := time.Now().Add(h.duration + longest); from.After(h.clean) {
		h.clean = from
	}
}

// actAgainFrom is from when on no call of this holding, nor of one before it, can be on its
// way any more.
func (h *Held) actAgainFrom() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clean
}

// Head tells the end of the target's log, which goes into the next renewal.
func (h *Held) Head(seq uint64, hash string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq, h.hash = seq, hash
}

// end makes the lease end now, as far as this process is concerned.
func (h *Held) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

// next returns the item that the next write puts in the place of the last one, under a
// version that none of ours had before, and remembers that it is sent now.
func (h *Held) next(free bool) (item Item, expect uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	item, expect = h.item, h.item.Version
	h.last++
	item.Version, item.HeadSeq, item.HeadHash = h.last, h.seq, h.hash
	if free {
		h.over = true // before anybody can take it
		item.Holder, item.URL, item.Clean = "", "", !time.Now().Before(h.clean)
	}
	h.doubt[item.Version] = time.Now()
	return item, expect
}

// wrote takes in that a write had its effect: the lease counts from when it was sent.
func (h *Held) wrote(item Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.item, h.sent = item, h.doubt[item.Version]
	clear(h.doubt) // they named a version that is not there any more
}

// found decides, by what stands in the table, which of the writes without an answer had
// its effect. It is false when somebody else's stands there, or nothing: the lease is over.
func (h *Held) found(items []Item) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(items, func(item Item) bool { return item.Target == h.target })
	if i < 0 || items[i].Holder != h.item.Holder || items[i].Epoch != h.epoch {
		return false
	}
	item := items[i]
	if sent, ours := h.doubt[item.Version]; ours {
		h.item, h.sent = item, sent
		clear(h.doubt)
		return true
	}
	return item.Version == h.item.Version
}

// stopAt is when a hold has to end, so that a whole call fits in what is left.
func (h *Held) stopAt(longest time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent.Add(h.duration - longest)
}
