package simulation

import (
	"net/http"
	"time"
)

// terminated ends a replica in order, perhaps, just before it gets a call's answer. It
// returns how much later that comes.
func (x wire) terminated(about []any) time.Duration {
	w := x.p.w
	if !w.strikes(stopped, 0.05, about...) {
		return 0
	}
	w.fired(stopped)
	w.add("process %d is to stop, a call's answer on the way", x.p.number)
	x.p.end()
	x.trouble(about)
	return w.between(time.Second, 8*time.Second, append(about, "stopped")...)
}

// onItsWay lets a call go on alone, perhaps, whose sender is killed or paused just as it
// has left. It comes to EC2 late, but before the next holder may act: that one waits a
// lease and the longest call, from when it took a lease that had run out.
func (x wire) onItsWay(r *http.Request, body []byte, req request, about []any) bool {
	w := x.p.w
	after := w.between(5*time.Second, leaseLasts+longestCall, append(about, "on its way")...)
	switch {
	case w.strikes(killedAfter, 0.04, about...):
		x.p.kill(killedAfter)
	case w.strikes(pausedAfter, 0.06, about...):
		w.fired(pausedAfter)
		x.p.pauseFor(leaseLasts + w.between(5*time.Second, 2*time.Minute, append(about, "paused")...))
	default:
		return false
	}
	w.twins.flights.Go(func() {
		defer w.checker.returns(x.p, x.a, req)
		time.Sleep(after)
		_, call := x.exchange(r, body, req, about)
		w.add("%s %d %s comes late: %s", x.a.target, x.p.number, req, outcome(call))
	})
	return true
}
