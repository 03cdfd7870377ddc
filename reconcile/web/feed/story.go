package feed

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
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
	held, lengths := make([]extent, len(logs)), make([]uint64, len(logs))
	each(len(logs), func(i int) {
		held[i], errs[i] = measure(ctx, logs[i])
		lengths[i] = held[i].last - held[i].cut
	})
	most := shares(uint64(f.most.story), lengths)
	each(len(logs), func(i int) {
		if errs[i] == nil {
			told[i], errs[i] = tell(ctx, logs[i], addr, held[i].last-most[i]+1)
		}
	})
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

// tell tells a story from a log's records, from a number on, or from where the log begins
// by now.
func tell(ctx context.Context, log Log, addr netip.Addr, from uint64) (story Story, err error) {
	err = history.FromBeginning(ctx, log, func(cut *history.Checkpoint) (err error) {
		story.From = from
		if cut != nil {
			story.From = max(from, cut.Seq+1)
		}
		story.Story, err = history.ExplainEach(history.Behind(ctx, log, cut, story.From), addr)
		return err
	})
	return story, err
}

// extent is which records a log has: those after cut, up to last.
type extent struct{ cut, last uint64 }

func measure(ctx context.Context, log Log) (extent, error) {
	head, err := log.Head(ctx)
	if err != nil {
		return extent{}, err
	}
	cut, err := log.Checkpoint(ctx)
	if cut == nil || err != nil {
		return extent{last: head.Seq}, err
	}
	return extent{cut.Seq, max(head.Seq, cut.Seq)}, nil // it may have been cut in between
}

// shares divides most among logs of these lengths: evenly, but what the short ones
// leave is the others'. A log that has records has one at least.
func shares(most uint64, lengths []uint64) []uint64 {
	order := make([]int, len(lengths))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(lengths[a], lengths[b]) })
	out := make([]uint64, len(lengths))
	for n, i := range order {
		out[i] = min(lengths[i], max(1, most/uint64(len(order)-n)))
		most -= min(most, out[i])
	}
	return out
}

// each does something for each of n logs, a few at a time, and waits for all.
func each(n int, do func(i int)) {
	var doing sync.WaitGroup
	free := make(chan struct{}, tellersAtOnce)
	for i := range n {
		doing.Go(func() {
			free <- struct{}{}
			do(i)
			<-free
		})
	}
	doing.Wait()
}
