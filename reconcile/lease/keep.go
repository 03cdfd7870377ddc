package lease

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errMoved is why a hold's context ends when another replica is to have the target.
var errMoved = errors.New("the lease is given back for another replica")

// holding is a lease from when it was taken until its hold has returned.
type holding struct {
	*Held
	moved chan struct{} // closed when another replica is to have the target
	once  sync.Once
}

func (o *holding) move() { o.once.Do(func() { close(o.moved) }) }

// begin enters a lease that was taken, so that it is not taken again.
func (k *Keeper) begin(h *Held) *holding {
	k.mu.Lock()
	defer k.mu.Unlock()
	o := &holding{Held: h, moved: make(chan struct{})}
	k.holding[h.target] = o
	return o
}

// keep renews one lease while hold works with it, and then gives it back.
func (k *Keeper) keep(ctx context.Context, o *holding, hold func(context.Context, *Held) error) {
	holdCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := k.stopper(o.Held, cancel)
	defer stop.Stop()
	done := make(chan error, 1)
	go func() { done <- hold(holdCtx, o.Held) }()

	ctx = context.WithoutCancel(ctx) // the lease is needed for as long as hold works
	renew := time.NewTimer(k.cfg.Duration / renewals)
	defer renew.Stop()
	lost := false
	for moved := o.moved; ; {
		select {
		case err := <-done:
			k.ended(ctx, o, err, lost, holdCtx.Err() == nil)
			return
		case <-moved:
			moved = nil
			cancel(errMoved)
		case <-renew.C:
			err := k.write(ctx, o.Held, false)
			switch {
			case err == nil:
				if holdCtx.Err() == nil {
					stop.Reset(time.Until(o.stopAt(k.cfg.LongestCall)))
				}
				renew.Reset(k.cfg.Duration / renewals)
			case errors.Is(err, ErrLost):
				lost = true
				o.end()
				cancel(ErrLost)
				k.cfg.Log.Error("a lease was lost: another replica has it, or somebody removed it", "target", o.target, "epoch", o.epoch)
			case o.Remaining() > 0:
				renew.Reset(k.cfg.Duration / breaths)
			}
		}
	}
}

// stopper ends a hold while a whole call fits in what is left of its lease.
func (k *Keeper) stopper(h *Held, cancel context.CancelCauseFunc) (stop *time.Timer) {
	ready := make(chan struct{})
	stop = time.AfterFunc(time.Until(h.stopAt(k.cfg.LongestCall)), func() {
		<-ready
		if left := time.Until(h.stopAt(k.cfg.LongestCall)); left > 0 { // it was renewed just now
			stop.Reset(left)
			return
		}
		if left := h.Remaining(); left > 0 { // else it was lost, and that was said
			k.cfg.Log.Error("nothing more is done for a target: its lease could not be renewed in time", "target", h.target, "epoch", h.epoch, "left", left.Round(time.Millisecond))
		}
		cancel(ErrLost)
	})
	close(ready)
	return stop
}

// write puts a lease's next state into the table. A write that is refused may be refused
// because of an earlier one of ours, whose answer was lost: what stands there decides. It
// is ErrLost when that is not ours; after any other error what was known stays true.
func (k *Keeper) write(ctx context.Context, h *Held, free bool) error {
	for range 2 {
		item, expect := h.next(free)
		err := k.writeLease(ctx, item, expect)
		if err == nil {
			h.wrote(item)
			k.saw(item)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		items, err := k.readLeases(ctx)
		if err != nil {
			return err
		}
		if !h.found(items) {
			return ErrLost
		}
	}
	return ErrLost // twice refused for what stands there: the table does not keep its promise
}

// ended gives a lease back after its hold returned.
func (k *Keeper) ended(ctx context.Context, o *holding, err error, lost, byItself bool) {
	log := k.cfg.Log.With("target", o.target, "epoch", o.epoch)
	if byItself {
		log.Error("the work on a target ended; another replica gets its chance", "error", err)
	}
	o.end()
	if !lost {
		switch err := k.write(ctx, o.Held, true); {
		case err == nil:
			log.Info("a lease was given back")
		case errors.Is(err, ErrLost):
			log.Info("a lease has another holder already")
		default:
			log.Warn("a lease was not given back: it has to run out", "error", err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acts[o.target] = o.actAgainFrom()
	delete(k.holding, o.target)
	delete(k.resting, o.target)
	if byItself {
		k.resting[o.target] = time.Now().Add(rests * k.cfg.Duration)
	}
}
