package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// sharedLog is a target's log on a store that both replicas reach. It refuses as the
// one on DynamoDB does: what is appended takes the place after what its writer knows as
// the end, and is refused when something stands there.
type sharedLog struct {
	w      *world
	target string
	file   *history.File

	mu    sync.Mutex // never held while time passes
	epoch uint64     // of the last record
}

var (
	errFenced  = errors.New("another replica goes on with this target's record")
	errUnknown = errors.New("the effect of a failed write is unknown until the target is taken anew")
)

// logView is a log as one replica reads it.
type logView struct {
	*history.File
	log *sharedLog
	p   *process
}

// Records implements [history.Log].
func (v logView) Records(ctx context.Context, from uint64) history.Records {
	w := v.p.w
	if err := v.p.wait(ctx, w.between(2*time.Millisecond, 80*time.Millisecond, "read", v.log.target, w.nth("read", v.log.target))); err != nil {
		return func(yield func(history.Record, error) bool) { yield(history.Record{}, err) }
	}
	return v.File.Records(ctx, from)
}

// writer takes the log over for a lease.
func (l *sharedLog) writer(ctx context.Context, p *process, held *lease.Held) (history.Store, error) {
	head, err := l.file.Head(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	if held.Epoch() <= epoch {
		return nil, fmt.Errorf("%w: it is in epoch %d", errFenced, epoch)
	}
	lw := &logWriter{logView: logView{l.file, l, p}, held: held, head: head}
	if _, err := lw.Append(ctx, history.Record{Kind: history.KindTaken, Time: l.w.now().UTC(), Target: l.target, Replica: held.Replica()}); err != nil {
		return nil, err
	}
	return lw, nil
}

// logWriter is a log as the holder of the lease writes it.
type logWriter struct {
	logView
	held *lease.Held

	head   history.Head
	broken error // no further append
}

// Close implements [history.Store]: the lease ends what a writer may do.
func (*logWriter) Close() error { return nil }

// Head implements [history.Store].
func (l *logWriter) Head(ctx context.Context) (history.Head, error) { return l.head, ctx.Err() }

// Append implements [history.Store]. No time passes in here, as none does in the file of
// one replica: the loop's journal is locked, and who waits for a lock stops the clock of a
// bubble. What a pause would stretch is decided at once: the append's answer is lost.
func (l *logWriter) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	w, kind := l.p.w, records[0].Kind
	about := []any{"append", l.log.target, kind, w.nth("append", l.log.target, kind)}
	dies := 0.002
	if kind == history.KindIntent || kind == history.KindOutcome || kind == history.KindSettled {
		dies = 0.02
	}
	switch {
	case l.p.killed(killBeforeSync, dies, about...):
		return nil, errCut
	case l.p.asleep() || w.strikes(appendPaused, dies, about...):
		w.fired(appendPaused)
		l.p.pauseFor(w.between(5*time.Second, 3*leaseLasts, append(about, "paused")...))
		return nil, l.unanswered(records, about)
	case w.strikes(appendLost, dies, about...):
		w.fired(appendLost)
		return nil, l.unanswered(records, about)
	}
	written, err := l.log.put(l, l.head, records)
	if err != nil {
		return nil, err
	}
	if l.p.killed(killAfterSync, dies, about...) {
		return nil, errCut
	}
	if kind == history.KindIntent && w.strikes(pausedBefore, 0.05, about...) {
		l.p.pauseBeforeCall(leaseLasts + w.between(time.Second, 2*time.Minute, append(about, "paused")...))
	}
	return written, nil
}

// unanswered ends what this writer may do, with an append of which nobody knows whether
// it is there, never was, or comes late.
func (l *logWriter) unanswered(records []history.Record, about []any) error {
	w, fate, head := l.p.w, l.p.w.below(3, append(about, "fate")...), l.head
	w.add("process %d: no answer to an append of %s: fate %d", l.p.number, records[0].Kind, fate)
	l.broken = errUnknown
	switch fate {
	case 0:
		_, _ = l.log.put(l, head, records)
	case 1:
		w.twins.flights.Go(func() {
			time.Sleep(w.between(time.Second, 2*leaseLasts, append(about, "late")...))
			_, _ = l.log.put(l, head, records)
		})
	}
	return errUnknown
}

// put is what happens in the store: records come after the one that their writer knows as
// the last, or not at all.
func (l *sharedLog) put(from *logWriter, after history.Head, records []history.Record) ([]history.Record, error) {
	w, kind := l.w, records[0].Kind
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.full.Load() {
		w.fired(diskFull)
		w.add("the store is full: no %s record", kind)
		return nil, errFull
	}
	head, err := l.file.Head(context.Background())
	if err != nil {
		return nil, err
	}
	if head != after {
		w.fired(appendFenced)
		w.add("process %d: an append of %s in epoch %d is fenced", from.p.number, kind, from.held.Epoch())
		from.broken = errFenced
		return nil, errFenced
	}
	for i := range records {
		records[i].Epoch = from.held.Epoch()
	}
	written, err := l.file.Append(context.Background(), records...)
	if err != nil {
		return nil, err
	}
	for _, r := range written {
		w.add("record %d of %s, epoch %d: %s %s", r.Seq, l.target, r.Epoch, r.Kind, r.ResourceID)
	}
	last := written[len(written)-1]
	from.head, l.epoch = history.Head{Seq: last.Seq, Hash: last.Hash}, last.Epoch
	from.held.Head(last.Seq, last.Hash)
	w.office.reads(l.target, written)
	return written, nil
}
