package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Seat is what a command works with in one target, while it holds the lease.
type Seat struct {
	Store  history.Store
	Ledger *history.Ledger
	fence  func(reconcile.EC2) reconcile.EC2
}

// Fence is a target's EC2 as far as the lease reaches.
func (s Seat) Fence(ec2 reconcile.EC2) reconcile.EC2 { return s.fence(ec2) }

// Together takes the leases of all the keeper's targets, of which there are so many, calls
// work once all are held, and gives them back. The context of work ends with ctx, or when one of the leases
// is to be given back. It waits for other replicas as long as ctx does.
func (f *Fleet) Together(ctx context.Context, targets int, work func(ctx context.Context, seats map[string]Seat) error) error {
	holding, end := context.WithCancel(ctx)
	defer end()
	held := make(chan error, 1)
	go func() { held <- f.Run(holding) }()
	err := f.gathered(ctx, targets, work)
	end()
	if e := <-held; e != nil {
		return errors.Join(err, e)
	}
	return err
}

func (f *Fleet) gathered(ctx context.Context, targets int, work func(ctx context.Context, seats map[string]Seat) error) error {
	again := time.NewTicker(time.Second) // a target that was given back rings no bell
	defer again.Stop()
	for {
		seats := f.all()
		if len(seats) == targets {
			if ok, err := f.workOn(ctx, seats, work); ok {
				return err
			}
		}
		if err := f.refused(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.news:
		case <-again.C:
		}
	}
}

// refused is why a target was given back.
func (f *Fleet) refused() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for target, reason := range f.errs {
		return fmt.Errorf("target %s: %s", target, reason)
	}
	return nil
}

// workOn calls work when all seats are open, and reports whether they were.
func (f *Fleet) workOn(ctx context.Context, seats []*seat, work func(ctx context.Context, seats map[string]Seat) error) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	given := map[string]Seat{}
	for _, s := range seats {
		if !s.begin() {
			return false, nil
		}
		defer s.working.Done()
		defer context.AfterFunc(s.ctx, cancel)()
		given[s.target] = Seat{s.store, s.ledger, func(ec2 reconcile.EC2) reconcile.EC2 {
			return fenced{ec2, s.held, f.cfg.LongestCall}
		}}
	}
	return true, work(ctx, given)
}
