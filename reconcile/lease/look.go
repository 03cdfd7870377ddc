package lease

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// forgetAfter is after how many leases without a beat a replica is removed from the
// table. One that lives after all puts itself in again.
const forgetAfter = 10

// call makes one call to the table, with a time of its own.
func (k *Keeper) call(ctx context.Context, what string, f func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, k.cfg.Duration/tries)
	defer cancel()
	err := f(limited)
	if ctx.Err() == nil { // else it is we who ended it
		k.troubles.note(what, err)
	}
	return err
}

func (k *Keeper) readLeases(ctx context.Context) (items []Item, err error) {
	err = k.call(ctx, reading, func(ctx context.Context) (err error) {
		items, err = k.cfg.Table.Leases(ctx)
		return err
	})
	return items, err
}

func (k *Keeper) writeLease(ctx context.Context, item Item, expect uint64) error {
	return k.call(ctx, writing, func(ctx context.Context) error { return k.cfg.Table.Write(ctx, item, expect) })
}

// look says that this replica is here, and reads who else is and how the leases stand.
// It is false when something could not be read.
func (k *Keeper) look(ctx context.Context) bool {
	k.mu.Lock()
	targets := k.targets
	k.mu.Unlock()
	k.beats++
	_ = k.call(ctx, writing, func(ctx context.Context) error {
		return k.cfg.Table.Beat(ctx, Replica{k.cfg.ID, k.cfg.URL, k.beats, targets})
	})
	var replicas []Replica
	err := k.call(ctx, reading, func(ctx context.Context) (err error) {
		replicas, err = k.cfg.Table.Replicas(ctx)
		return err
	})
	if err != nil {
		return false
	}
	items, err := k.readLeases(ctx)
	if err != nil {
		return false
	}
	now := time.Now()
	k.lookAt(items, now)
	for _, id := range k.meet(replicas, now) {
		k.leave(ctx, id)
	}
	return true
}

// leave removes a replica. That it fails harms nobody: the next look tries again.
func (k *Keeper) leave(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.cfg.Duration/tries)
	defer cancel()
	if err := k.cfg.Table.Leave(ctx, id); err != nil {
		k.cfg.Log.Debug("a replica that is gone stays in the leases' table", "replica", id, "error", err)
	}
}

// lookAt takes in all leases as they were read.
func (k *Keeper) lookAt(items []Item, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	there := map[string]Item{}
	for _, item := range items {
		there[item.Target] = item
	}
	for t := range maps.Keys(k.sights) {
		if _, ok := there[t]; !ok {
			k.sights[t] = k.sights[t].look(Item{Target: t}, false, now)
		}
	}
	for _, t := range k.targets {
		if _, ok := k.sights[t]; !ok {
			k.sights[t] = sight{item: Item{Target: t}, from: now}
		}
	}
	for t, item := range there {
		if item.Damaged != "" && item.Damaged != k.sights[t].item.Damaged {
			k.cfg.Log.Error("a lease is damaged: nobody can take it", "target", t, "error", item.Damaged, "remedy", Remedy)
		}
		k.sights[t] = k.sights[t].look(item, true, now)
	}
}

// meet takes in all replicas as they were read, and returns those that are long gone.
func (k *Keeper) meet(replicas []Replica, now time.Time) (gone []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	peers := map[string]peer{}
	for _, r := range replicas {
		p, known := k.peers[r.ID]
		if !known || p.Version != r.Version {
			p = peer{r, now}
		}
		if r.ID != k.cfg.ID {
			peers[r.ID] = p
		}
		if now.Sub(p.from) > forgetAfter*k.cfg.Duration {
			gone = append(gone, r.ID)
		}
	}
	k.peers = peers
	return gone
}

// saw takes in a lease that was just written.
func (k *Keeper) saw(item Item) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sights[item.Target] = k.sights[item.Target].look(item, true, time.Now())
}

// rebalance tells the holds of targets that should be another replica's to end.
func (k *Keeper) rebalance() {
	k.mu.Lock()
	defer k.mu.Unlock()
	live := k.live(time.Now())
	spread, key := Spread(live), live.key()
	for target, o := range k.holding {
		if !k.has(target) || spread[target] != k.cfg.ID && k.vain[target] != key {
			o.move()
		}
	}
}

// take takes the leases that are free or come free before next, when this replica's turn
// has come, and yields each. It ends early when the table cannot be written.
func (k *Keeper) take(ctx context.Context, next time.Time) func(yield func(*Held) bool) {
	return func(yield func(*Held) bool) {
		for _, c := range k.chances(next) {
			if pause(ctx, time.Until(c.due)); ctx.Err() != nil {
				return
			}
			h, err := k.takeOne(ctx, c)
			if err != nil && !errors.Is(err, ErrConflict) || h != nil && !yield(h) {
				return
			}
		}
	}
}

// chance is a lease that this replica may take.
type chance struct {
	sight
	due  time.Time
	vain string // the members that were live when its own one did not take it; "": it is ours
}

// chances returns what may be taken before next, the soonest first.
func (k *Keeper) chances(next time.Time) []chance {
	k.mu.Lock()
	defer k.mu.Unlock()
	live := k.live(time.Now())
	spread, key := Spread(live), live.key()
	var list []chance
	for _, t := range k.targets {
		s, looked := k.sights[t]
		if !looked { // it became one of our targets after the look
			continue
		}
		ours := spread[t] == k.cfg.ID
		c := chance{sight: s, due: s.due(k.cfg.ID, k.cfg.Duration, ours)}
		if rest := k.resting[t]; rest.After(c.due) {
			c.due = rest
		}
		if !ours {
			c.vain = key
		}
		if k.holding[t] == nil && s.item.Damaged == "" && c.due.Before(next) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b chance) int { return a.due.Compare(b.due) })
	return list
}

// takeOne writes this replica into a lease. After an error it has none, and the next
// look shows what the table has.
func (k *Keeper) takeOne(ctx context.Context, c chance) (*Held, error) {
	before := c.item
	item := Item{
		Target: before.Target, Holder: k.cfg.ID, URL: k.cfg.URL, Epoch: before.Epoch + 1, Version: before.Version + 1,
		Duration: k.cfg.Duration, HeadSeq: before.HeadSeq, HeadHash: before.HeadHash,
	}
	sent := time.Now()
	k.mu.Lock()
	switch {
	case c.idle():
		k.acts[item.Target] = sent
	case before.Holder == k.cfg.ID && !c.gone: // ours, and not confirmed or let go: what was before it counts, and what it did
	default:
		k.acts[item.Target] = sent.Add(max(before.Duration, k.cfg.Duration) + k.cfg.LongestCall)
	}
	actFrom := k.acts[item.Target]
	k.mu.Unlock()
	if err := k.writeLease(ctx, item, c.expect()); err != nil {
		return nil, err
	}
	k.saw(item)
	k.mu.Lock()
	delete(k.vain, item.Target)
	if c.vain != "" {
		k.vain[item.Target] = c.vain
	}
	k.mu.Unlock()
	k.cfg.Log.Info("a lease was taken", "target", item.Target, "epoch", item.Epoch, "from", before.Holder, "wait", max(0, time.Until(actFrom)).Round(time.Millisecond))
	return &Held{
		target: item.Target, replica: k.cfg.ID, epoch: item.Epoch, before: before, actFrom: actFrom, duration: k.cfg.Duration,
		item: item, sent: sent, clean: actFrom, doubt: map[uint64]time.Time{}, last: item.Version, seq: item.HeadSeq, hash: item.HeadHash,
	}, nil
}
