package reconcile

import "context"

// Successor makes the loop that is to take over from l under another configuration.
// It goes on with l's record, whatever cfg says of History and Ledger; all else is as
// after a restart. It may be prepared while l serves, and must not serve itself
// before l.Serve has returned.
func (l *Loop) Successor(cfg Config) (*Loop, error) {
	cfg.History, cfg.Ledger = l.cfg.History, l.cfg.Ledger
	next, err := New(cfg)
	if err != nil {
		return nil, err
	}
	next.journal = l.journal // with its lock
	next.looker.base = l.journal.base
	return next, nil
}

// Prepare reads specs and policies before the loop serves, which it then does
// without waiting for Git. The error says why nothing could be planned from them.
func (l *Loop) Prepare(ctx context.Context) error {
	d, err := l.looker.look(ctx, nil, true)
	if err != nil {
		return err
	}
	l.latest.Store(d)
	return d.Err
}

// Resume shows where a loop before this one stood, until a turn of its own ends.
func (l *Loop) Resume(s Status) {
	l.status.mu.Lock()
	defer l.status.mu.Unlock()
	l.status.s = s
}
