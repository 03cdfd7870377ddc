package lease

import (
	"time"
)

// sight is a lease as it was last read, and since when it has stood so.
type sight struct {
	item Item
	from time.Time // after this version was first read: not before it was written
	gone bool      // it was there once, and somebody removed it
}

// look takes in what was read of one target at a time after the reading. A lease that
// was there and is not any more is watched like one whose holder is silent: whoever held
// it may not know yet.
func (s sight) look(item Item, there bool, now time.Time) sight {
	switch {
	case there && item.Version == s.item.Version && item.Damaged == s.item.Damaged && !s.gone && !s.from.IsZero():
		return s
	case there:
		return sight{item: item, from: now}
	case s.gone || s.item.Version == 0 && !s.from.IsZero():
		return s
	case s.from.IsZero():
		return sight{item: item, from: now}
	}
	s.from, s.gone, s.item.Damaged = now, true, ""
	return s
}

// idle reports whether nobody has the lease and no call of an earlier holder can be on
// its way.
func (s sight) idle() bool {
	return !s.gone && (s.item.Version == 0 || s.item.Holder == "" && s.item.Clean)
}

// due returns from when on a replica may take the lease. Duration is the replica's own
// one; ours says that the target should be its own. Another gets the first chance
// for a whole lease more.
func (s sight) due(id string, duration time.Duration, ours bool) time.Time {
	wait := time.Duration(0)
	lease := s.item.Duration
	if lease <= 0 {
		lease = duration
	}
	if !s.idle() && (s.item.Holder != id || s.gone) { // what this process had and let go is as good as free
		wait = lease
	}
	if !ours {
		wait += max(lease, duration)
	}
	return s.from.Add(wait)
}

// expect is the version that a write over it replaces.
func (s sight) expect() uint64 {
	if s.gone {
		return 0
	}
	return s.item.Version
}

// peer is another replica, and since when it has stood as it does.
type peer struct {
	Replica
	from time.Time
}
