package fleet

import (
	"context"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Visit calls work with the log of each target that is held and worked for, one after
// another. When a lease is to be given back the context of its work ends, and the lease
// waits for the work.
func (f *Fleet) Visit(ctx context.Context, work func(ctx context.Context, target string, log history.Cutter)) {
	for _, s := range f.all() {
		if ctx.Err() == nil && s.begin() {
			s.visit(ctx, work)
		}
	}
}

func (s *seat) visit(ctx context.Context, work func(ctx context.Context, target string, log history.Cutter)) {
	defer s.working.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	work(ctx, s.target, s.store)
}
