package reconcile

import (
	"context"
	"time"
)

// Hint says that Git may have something new, and that looking should not wait for
// the interval. It never blocks and promises nothing: hints that come together are
// answered by one look, which begins after the last of them, and no two looks begin
// within Config.HintInterval of one another because of hints. That look asks all
// sources, those of policies too, whatever their intervals.
func (l *Loop) Hint() {
	select {
	case l.hints <- struct{}{}:
	default: // one waits already
	}
}

// HintEC2 says that somebody may have changed what EC2 holds, and that a turn should
// not wait for the drift schedule. It never blocks and promises nothing: hints that
// come together are answered by one turn, which begins after the last of them, and no
// turn begins because of hints within Config.EC2HintInterval of the one before.
func (l *Loop) HintEC2() {
	select {
	case l.stirred <- struct{}{}:
	default: // one waits already
	}
}

// stir is when a turn begins because of hints about EC2. It belongs to the goroutine that
// turns; only l.stirred is everybody's.
type stir struct {
	loop    *Loop
	timer   *time.Timer
	soonest time.Time
	waiting bool // a hint is not answered yet
}

func newStir(l *Loop) *stir {
	s := &stir{loop: l, timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	return s
}

// hinted sets the timer to when a hint may be answered.
func (s *stir) hinted() {
	s.waiting = true
	s.timer.Reset(time.Until(s.soonest))
}

// turning takes note of a turn that begins: it answers all hints until now. For every
// schedule such a turn is a run, so that drift is corrected where it may be.
func (s *stir) turning() {
	s.timer.Stop()
	select {
	case <-s.loop.stirred:
		s.waiting = true
	default:
	}
	if s.waiting {
		s.loop.runs.all(s.loop.cfg.Now())
	}
	s.waiting = false
	s.soonest = time.Now().Add(s.loop.cfg.EC2HintInterval)
}

// rest waits until it is time to look at Git: when pause is over, or another loop's look
// found something, or sooner because of a hint, but not before soonest. It reports whether the look that follows answers
// a hint, and whether ctx is still alive.
func (l *Loop) rest(ctx context.Context, pause time.Duration, soonest time.Time) (hinted, alive bool) {
	due := time.NewTimer(pause)
	defer due.Stop()
	select {
	case <-ctx.Done():
	case <-due.C:
	case <-l.looker.news:
	case <-l.hints:
		hinted = true
		early := time.NewTimer(time.Until(soonest))
		defer early.Stop()
		select {
		case <-ctx.Done():
		case <-due.C:
		case <-early.C:
		}
	}
	select {
	case <-l.hints: // the look that follows answers this one too
		hinted = true
	default:
	}
	return hinted, ctx.Err() == nil
}
