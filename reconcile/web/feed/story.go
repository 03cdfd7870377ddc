package feed

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Story is an address's story, and where the parts of the record begin that it was told
// from: what is older was not looked at.
type Story struct {
	history.Story
	From uint64 `json:"from"` // of a record that is one log
	// Logs are those of a record that is several.
	Logs []Part `json:"logs,omitempty"`
}

// Part is how far back a log was read for a story.
type Part struct {
	Log    string `json:"log"`
	From   uint64 `json:"from"`
	Unread string `json:"unread,omitempty"` // why not, where it is not as it was written
}

// tellersAtOnce is how many logs are read at a time for one story.
const tellersAtOnce = 8

// Explain tells an address's story.
func (f *Feed) Explain(ctx context.Context, addr netip.Addr) (Story, error) {
	select {
	case f.stories <- struct{}{}:
	case <-ctx.Done():
		return Story{}, ctx.Err()
	}
	defer func() { <-f.stories }()
	ctx, end, err := f.begin(ctx)
	if err != nil {
		return Story{}, err
	}
	defer end()
	logs := f.logs("")
	told, errs := make([]Story, len(logs)), make([]error, len(logs))
	var telling sync.WaitGroup
	free := make(chan struct{}, tellersAtOnce)
	for i, log := range logs {
		telling.Go(func() {
			free <- struct{}{}
			told[i], errs[i] = tell(ctx, log, addr, max(1, f.most.story/len(logs)))
			<-free
		})
	}
	telling.Wait()
	if !f.shared() {
		return complete(told[0]), errs[0]
	}
	all := Story{Story: history.Story{Address: addr.Unmap()}}
	for i, log := range logs {
		part := Part{Log: log.Name, From: told[i].From}
		if corrupt := (*history.CorruptError)(nil); errors.As(errs[i], &corrupt) {
			part.Unread, errs[i] = errs[i].Error(), nil
		}
		if errs[i] != nil {
			return Story{}, why(ctx, errs[i])
		}
		all.Logs = append(all.Logs, part)
		all.Story = history.Together(all.Story, told[i].Story)
	}
	return complete(all), nil
}

// complete gives a story without events an empty list of them.
func complete(s Story) Story {
	if s.Events == nil {
		s.Events = []history.Event{}
	}
	return s
}

// tell tells a story from the last records of one log.
func tell(ctx context.Context, log Log, addr netip.Addr, most int) (Story, error) {
	head, err := log.Head(ctx)
	if err != nil {
		return Story{}, err
	}
	from := uint64(1)
	if head.Seq > uint64(most) {
		from = head.Seq - uint64(most) + 1
	}
	cut, err := log.Checkpoint(ctx)
	if err != nil {
		return Story{}, err
	}
	if cut != nil {
		from = max(from, cut.Seq+1)
	}
	story, err := history.ExplainEach(log.Records(ctx, from), addr)
	return Story{Story: story, From: from}, err
}
