package reconcile

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
)

// Serve runs until ctx ends. One goroutine asks Git, every interval and when there
// was a hint; this one turns: when Git says something new, while something is in transition, when
// a schedule has a run, and when what the calendar held may go on. It returns nil when ctx ended it, which it does
// between two calls to EC2. Nothing else ends it: an error of a look or a turn is told
// ([Status], [EventFailed], the log), and both are tried again.
func (l *Loop) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.journal.ages.serve()
	news := make(chan struct{}, 1)
	if l.latest.Load() != nil { // Prepare has looked
		news <- struct{}{}
	}
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		l.poll(ctx, news)
	}()
	var asking sync.WaitGroup
	l.who = newAttribution(l)
	asking.Go(func() { l.who.run(ctx) })
	err := l.serve(ctx, news)
	cancel()
	asking.Wait()
	<-polled
	return err
}

// largestGitJitter bounds how much longer than the interval is waited between two
// looks at Git.
const largestGitJitter = 30 * time.Second

// poll keeps latest up to date. A look that fails leaves it: an error is not an
// empty repository. latest is stored before anybody is woken: a turn under way stops
// before its next call, and the one that news begins finds what is new.
func (l *Loop) poll(ctx context.Context, news chan<- struct{}) {
	pause, soonest := time.Duration(0), time.Time{}
	for {
		hinted, alive := l.rest(ctx, pause, soonest)
		if !alive {
			return
		}
		soonest = time.Now().Add(l.cfg.HintInterval)
		last := l.latest.Load()
		since := uint64(0)
		if hinted {
			since = l.looker.out.next()
		}
		d, err := l.look(ctx, since)
		pause = l.looker.out.pause(ctx)
		pause += schedule.Jitter(l.cfg.spreadKey(), min(pause/10, largestGitJitter))
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if l.Status().GitError != err.Error() {
				l.cfg.Log.Error("git was not read; going on with what was read last", "error", err)
			}
			l.status.looked(err, l.cfg.Now())
			l.tell(Event{Kind: EventFailed, Err: err})
			continue
		}
		l.status.looked(nil, l.cfg.Now())
		l.tell(Event{Kind: EventLooked})
		if d != last {
			l.latest.Store(d)
			l.bell.ring()
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}
}

// serve is the daemon's loop. It does one thing at a time, so that what it remembers
// between turns (aside, runs, right) needs no locks. What wakes it:
//
//	news        Git said something new            a turn at once, without a run's spread
//	next        the pause after a turn is over    a turn
//	stirred     EC2 may hold something else       a turn, once EC2HintInterval is over
//	wake        a run or a window may have come   a turn, where the wall clock says so too
//	answers     who made a drift                  a record
//	beat        the interval of Git               a sign of life, for Status.Healthy
func (l *Loop) serve(ctx context.Context, news <-chan struct{}) error {
	paces := paces{moving: newPacer(l.cfg.Pace), stuck: newPacer(Pace{l.cfg.Interval, max(l.cfg.Interval, lastBackOff)})}
	next := time.NewTimer(time.Hour) // the next look at something in transition
	next.Stop()
	wake := newWaker(l)
	defer wake.timer.Stop()
	if len(news) > 0 {
		wake.timer.Stop() // the turn for the news is the first run: one is enough
	}
	stirred := newStir(l)
	beat := time.NewTicker(l.cfg.Interval)
	defer beat.Stop()
	for {
		asked := true
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			l.status.beat(l.cfg.Now())
			asked = false
		case <-wake.timer.C:
			asked = false
		case a := <-l.who.answers:
			err := l.attributed(ctx, a)
			if a.written <- err; err != nil && ctx.Err() == nil {
				l.fail(err)
			}
			asked = false
		case <-l.stirred:
			stirred.hinted()
			asked = false
		case <-stirred.timer.C:
		case <-news:
			wake.hurry()
		case <-next.C:
		}
		due, d := wake.due(), l.latest.Load()
		if d == nil || !due && !asked {
			continue
		}
		next.Stop()
		if d.Err != nil {
			l.report(ctx, d, nil, d.Err)
			l.fail(d.Err) // stands until Git says something new
			continue
		}
		stirred.turning()
		if pause := l.serveTurn(ctx, d, paces, wake); pause > 0 {
			next.Reset(pause)
		}
	}
}

// paces say how long the daemon waits after a turn.
type paces struct{ moving, stuck *pacer }

// serveTurn turns once, and returns when to turn again; 0: when something asks.
func (l *Loop) serveTurn(ctx context.Context, d *Desired, paces paces, wake *waker) time.Duration {
	t, err := l.turn(ctx, d, nil)
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		l.fail(err)
		return paces.moving.next("failed")
	case l.preempted():
		return time.Millisecond // Git said something newer meanwhile
	}
	wake.turned(t.Plan())
	return l.sooner(l.pause(t, paces))
}

// fail makes a failed turn known. The same failure is logged once.
func (l *Loop) fail(err error) {
	if l.Status().TurnError != err.Error() {
		l.cfg.Log.Error("nothing was done", "error", err)
	}
	l.status.failed(err, l.cfg.Now())
	l.tell(Event{Kind: EventFailed, Err: err})
}

// pause says when to look again at a turn's resources; 0: when something asks.
func (l *Loop) pause(t *Turn, paces paces) time.Duration {
	p := t.Plan()
	switch {
	case p.Summary.Converging > 0, p.Summary.Pending > 0 && len(t.Steps) > 0:
		wait := paces.moving.next(p.PlanHash)
		l.tell(Event{Kind: EventWaiting, Turn: t, Pause: wait})
		return wait
	case unread(t.Inventories):
		return l.cfg.Interval
	case p.Summary.Blocked+p.Summary.Error+p.Summary.Held+p.Summary.Denied > 0 || unanswered(t.Probes):
		return paces.stuck.next(p.PlanHash) // what stands in the way may end without a commit: a freeze, for one
	}
	return 0
}

// sooner shortens a pause (0: none) to when a dry-run is to ask again what was refused.
func (l *Loop) sooner(pause time.Duration) time.Duration {
	if l.probed.again.IsZero() {
		return pause
	}
	left := max(l.probed.again.Sub(l.cfg.Now()), time.Second)
	if pause == 0 {
		return left
	}
	return min(pause, left)
}

// Draining lists what is not finished, for a process that ends: what is in
// transition, and what a call was made for that no look has seen the effect of.
func (l *Loop) Draining() []plan.Resource {
	var list []plan.Resource
	for _, r := range l.Status().Plan.Resources {
		if r.State == plan.Converging || r.State == plan.Pending && l.cfg.Mode == Apply {
			list = append(list, r)
		}
	}
	return list
}
