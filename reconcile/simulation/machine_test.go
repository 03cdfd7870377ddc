package simulation

import "time"

// shown is what the machine's clock shows.
func (p *process) shown() time.Time {
	if p.w.pair {
		return p.w.shows(time.Duration(p.w.twins.ahead[p.place].Load()))
	}
	return p.w.clock()
}

// jump sets a machine's clock.
func (w *world) jump(n int) {
	switch {
	case w.strikes(clockAhead, 0.5, n):
		w.setClock(w.oneOf(n), w.between(time.Second, 3*time.Hour, "ahead", n))
	case w.strikes(clockBack, 0.5, n):
		w.setClock(w.oneOf(n), -w.between(time.Second, 3*time.Hour, "back", n))
	}
}

// apart is how far the clock of either of two machines is from the world's time at most:
// less than half of what replicas' clocks may be apart.
const apart = 7 * time.Minute

// setClock sets the clock of a process's machine ahead, or back.
func (w *world) setClock(p *process, by time.Duration) {
	clock := &w.ahead
	if w.pair {
		clock = &w.twins.ahead[p.place]
		by = min(max(by%apart, -apart-time.Duration(clock.Load())), apart-time.Duration(clock.Load()))
	}
	switch {
	case by > 0:
		w.fired(clockAhead)
	case by < 0:
		w.fired(clockBack)
	}
	w.add("process %d: the clock is ahead by %s", p.number, time.Duration(clock.Add(int64(by))))
}

// trouble is what comes together with a lost answer: EC2's reads lag, and the clock is set
// when the network is there again.
func (x wire) trouble(about []any) {
	w := x.p.w
	if w.strikes(readLag, 0.5, append(about, "trouble")...) {
		lag := w.between(12*time.Second, 25*time.Second, append(about, "trouble")...)
		x.a.fall(func(i *illnesses) { i.lag = lag })
		w.add("%s: reads lag by %s", x.a.target, lag)
	}
	if w.strikes(clockAhead, 0.3, append(about, "trouble")...) {
		w.setClock(x.p, w.between(time.Minute, 3*time.Hour, append(about, "ahead")...))
	}
}
