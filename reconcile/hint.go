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

// rest waits until it is time to look at Git: when pause is over, or sooner because
// of a hint, but not before soonest. It reports whether the look that follows answers
// a hint, and whether ctx is still alive.
func (l *Loop) rest(ctx context.Context, pause time.Duration, soonest time.Time) (hinted, alive bool) {
	due := time.NewTimer(pause)
	defer due.Stop()
	select {
	case <-ctx.Done():
	case <-due.C:
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
