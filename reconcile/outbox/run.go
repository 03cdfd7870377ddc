package outbox

import (
	"context"
	"errors"
	"time"
)

// Run sends what is put until ctx ends, and then what still waits, for at most five
// seconds.
func (o *Outbox[K, V]) Run(ctx context.Context) {
	flushed, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(flush, cancel) })()
	ended := ctx.Done()
	for {
		k, due, found := o.first()
		if flushed.Err() != nil || ctx.Err() != nil && !found {
			o.abandon()
			return
		}
		if found && !time.Now().Before(due) {
			o.send(flushed, k)
			continue
		}
		timer := time.NewTimer(time.Hour)
		if found {
			timer.Reset(time.Until(due))
		}
		select {
		case <-timer.C:
		case <-o.news:
		case <-ended:
			ended = nil
		case <-flushed.Done():
		}
		timer.Stop()
	}
}

// send makes one attempt.
func (o *Outbox[K, V]) send(ctx context.Context, k K) {
	o.mu.Lock()
	s := o.subjects[k]
	if s == nil || !s.waiting {
		o.mu.Unlock()
		return
	}
	v := s.next
	s.flying = true
	o.mu.Unlock()

	limited, cancel := context.WithTimeout(ctx, deadline)
	err := o.deliver(limited, k, v)
	cancel()

	o.mu.Lock()
	s.flying = false
	if err != nil && s.err != nil && ctx.Err() != nil {
		err = s.err // what the end tore off says less than the attempt before it
	}
	final := s.settle(v, s.next != v, err, time.Now())
	o.mu.Unlock()
	if final && o.gaveUp != nil {
		o.gaveUp(k, v, err)
	}
}

// settle takes note of how an attempt ended, and reports whether it was the last one
// and in vain. Newer news that came meanwhile waits as long as another attempt would.
func (s *subject[V]) settle(v V, newer bool, err error, now time.Time) bool {
	s.err = err
	if err == nil {
		s.last, s.said = v, true
		s.waiting, s.due = newer, time.Time{}
		return false
	}
	s.attempts++
	wait, again := s.wait(err)
	if newer {
		s.due = now.Add(min(wait, longest))
		return false
	}
	if again {
		s.due = now.Add(wait)
		return false
	}
	s.last, s.said, s.until = v, false, now.Add(max(rest, min(wait, time.Hour)))
	s.waiting = false
	return true
}

// wait says how long to wait before another attempt, and whether to make one.
func (s *subject[V]) wait(err error) (time.Duration, bool) {
	var later *Later
	if !errors.As(err, &later) {
		return 0, false
	}
	wait := pause
	for range s.attempts - 1 {
		wait *= 4
	}
	wait = max(wait, later.After)
	return wait, s.attempts < attempts && wait <= longest
}

// abandon gives up what waits.
func (o *Outbox[K, V]) abandon() {
	for {
		k, _, found := o.first()
		if !found {
			return
		}
		o.mu.Lock()
		s := o.subjects[k]
		if s == nil {
			o.mu.Unlock()
			continue
		}
		s.waiting = false
		v, err := s.next, s.err
		o.mu.Unlock()
		if err == nil {
			err = ErrEnded
		}
		if o.gaveUp != nil {
			o.gaveUp(k, v, err)
		}
	}
}
