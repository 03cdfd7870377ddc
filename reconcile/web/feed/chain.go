package feed

import (
	"context"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// chainInterval is how often the chain's new records are walked.
const chainInterval = 10 * time.Second

// Chain is how far this process walked the record's chain since it started.
type Chain struct {
	Records uint64    `json:"records"` // that hang together, from the first on
	Head    string    `json:"head"`    // the hash of the last of them
	Checked time.Time `json:"checked,omitzero"`
	Broken  string    `json:"broken,omitempty"` // what is wrong with the next one

	// Apart says that each target has a log of its own, whose chain is walked by
	// whichever replica takes the target: the rest is empty.
	Apart bool `json:"apart,omitempty"`
}

// Chain returns how far the chain was walked.
func (f *Feed) Chain() Chain {
	f.mu.Lock()
	defer f.mu.Unlock()
	chain := f.chain
	chain.Apart = f.shared()
	return chain
}

// Run walks the chain until ctx ends, or until it is found broken.
func (f *Feed) Run(ctx context.Context) {
	if f.shared() {
		return
	}
	for f.walk(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(chainInterval):
		}
	}
}

// walk goes on from where the last walk ended.
func (f *Feed) walk(ctx context.Context) (whole bool) {
	seen := f.Chain()
	last := history.Head{Seq: seen.Records, Hash: seen.Head}
	cut, err := f.cfg.Record.Checkpoint(ctx)
	if cut != nil && cut.Seq > last.Seq {
		last = cut.Head // what was before it was verified when it was cut off
	}
	head := last
	if err == nil {
		head, err = history.VerifyAfter(last, f.cfg.Record.Records(ctx, last.Seq+1))
	}
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		if now, e := f.cfg.Record.Checkpoint(ctx); e == nil && now != nil && (cut == nil || now.Seq > cut.Seq) {
			return true // it was cut while it was read: the next walk begins behind that
		}
	}
	now := Chain{Records: head.Seq, Head: head.Hash, Checked: f.cfg.Now()}
	if err != nil {
		now.Broken = err.Error()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chain = now
	return err == nil
}
