package feed

import (
	"context"
	"net/netip"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// What one request reads of the record at most.
const (
	maxLook  = 20_000 // for a list
	maxLast  = 2_000  // for a resource's own page, which asks again and again
	maxStory = 50_000 // for a story
)

// Records is the whole record from a number on, as it is stored.
func (f *Feed) Records(ctx context.Context, from uint64) history.Records {
	return f.cfg.Record.Records(ctx, from)
}

// Checkpoint returns what stands before the first record; nil: nothing was cut off.
func (f *Feed) Checkpoint(ctx context.Context) (*history.Checkpoint, error) {
	return f.cfg.Record.Checkpoint(ctx)
}

// History returns a part of the record, the newest first: up to limit that fit, of
// those before a number (0: all).
func (f *Feed) History(ctx context.Context, filter history.Filter, before uint64, limit int) (view.Records, error) {
	return view.Pick(f.cfg.Record.Before(ctx, before), filter, limit, maxLook)
}

// Recent returns the newest records about a resource, as far as they are near the end.
func (f *Feed) Recent(ctx context.Context, id string, limit int) (view.Records, error) {
	return view.Pick(f.cfg.Record.Before(ctx, 0), history.Filter{Resource: id}, limit, maxLast)
}

// Story is an address's story, and where the part of the record begins that it was
// told from: what is older was not looked at.
type Story struct {
	history.Story
	From uint64 `json:"from"`
}

// Explain tells an address's story.
func (f *Feed) Explain(ctx context.Context, addr netip.Addr) (Story, error) {
	select {
	case f.stories <- struct{}{}:
	case <-ctx.Done():
		return Story{}, ctx.Err()
	}
	defer func() { <-f.stories }()
	head, err := f.cfg.Record.Head(ctx)
	if err != nil {
		return Story{}, err
	}
	from := uint64(1)
	if head.Seq > maxStory {
		from = head.Seq - maxStory + 1
	}
	cut, err := f.cfg.Record.Checkpoint(ctx)
	if err != nil {
		return Story{}, err
	}
	if cut != nil {
		from = max(from, cut.Seq+1)
	}
	story, err := history.ExplainEach(f.cfg.Record.Records(ctx, from), addr)
	if story.Events == nil {
		story.Events = []history.Event{}
	}
	return Story{story, from}, err
}
