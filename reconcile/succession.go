package reconcile

import (
	"context"
	"maps"
)

// Successor makes the loop that is to take over from l under another configuration.
// It goes on with l's record, whatever cfg says of History and Ledger; all else is as
// after a restart. It may be prepared while l serves, and must not serve itself
// before l.Serve has returned. The error is New's; l is untouched by it.
func (l *Loop) Successor(cfg Config) (*Loop, error) {
	cfg.History, cfg.Ledger = l.cfg.History, l.cfg.Ledger
	next, err := New(cfg)
	if err != nil {
		return nil, err
	}
	next.journal = l.journal // with its lock, and the ages of what this process wrote
	next.looker.base = l.journal.base
	return next, nil
}

// Prepare reads specs and policies before the loop serves, which it then does
// without waiting for Git. The error says why nothing could be planned from them.
func (l *Loop) Prepare(ctx context.Context) error {
	d, err := l.looker.look(ctx, nil, l.looker.out.next())
	if err != nil {
		return err
	}
	l.latest.Store(d)
	return d.Err
}

// TakeOver is called once old has returned from Serve, before l serves. It shows where
// old stood, until a turn of l's own ends, and looks at Git again: since Prepare, old
// may have acted on something newer. Where that look fails, nothing is done until one
// does not. An endpoint that carried out a dry-run is not trusted with another.
func (l *Loop) TakeOver(ctx context.Context, old *Loop) {
	maps.Copy(l.untrusted, old.untrusted)
	l.status.mu.Lock()
	l.status.s = old.Status()
	l.status.mu.Unlock()
	if prepared := l.latest.Load(); prepared != nil {
		d, err := l.looker.look(ctx, prepared, l.looker.out.next())
		if err != nil {
			d = nil
		}
		l.latest.Store(d)
	}
	l.Hint() // whatever hinted at Git while old ended
}
