package fleet

import (
	"context"
	"errors"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Visit calls work with the log of each target that is held and worked for, one after
// another; the error of one keeps it from none. A lease that is to be given back ends the
// context of its work, and is waited for by it.
func (f *Fleet) Visit(ctx context.Context, work func(ctx context.Context, target string, log history.Cutter) error) error {
	var errs []error
	for _, s := range f.all() {
		if ctx.Err() == nil && s.begin() {
			errs = append(errs, s.visit(ctx, work))
		}
	}
	return errors.Join(errs...)
}

func (s *seat) visit(ctx context.Context, work func(ctx context.Context, target string, log history.Cutter) error) error {
	defer s.working.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	err := work(ctx, s.target, s.store)
	if ctx.Err() != nil {
		return nil // whoever has the target next goes on
	}
	return err
}
