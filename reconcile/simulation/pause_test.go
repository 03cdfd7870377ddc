package simulation

import "time"

// pause is an event: one of the replicas stops for a while, and there is work for the
// other.
func (w *world) pause(n int) {
	if w.strikes(paused, 0.7, n) {
		w.author.work()
		w.holder(n).pauseFor(w.between(time.Second, 2*time.Minute, "pause", n))
	}
}

// pauseFor stops a process as SIGSTOP does, as near as one program can come to that:
// whatever would leave it (calls of EC2 and the table, looks at Git, records) or come
// back waits, deaf to the end of its context, until the pause is over; then it finds how
// late it is. What this does not show: goroutines inside go on between two such points,
// so that timers fire in time and end contexts, which after SIGCONT would be a moment
// late; and the pause between the last look at a context and the write to the socket
// is shown only by a call that is on its way already.
func (p *process) pauseFor(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone || p.resumed != nil {
		return
	}
	p.resumed, p.noticed = make(chan struct{}), false
	p.pauses++
	p.w.add("process %d is paused for %s", p.number, d.Round(time.Millisecond))
	time.AfterFunc(d, p.resume)
}

// pauseBeforeCall stops a process when it looks at its clock next: that is between the
// record of an intent and the look at the lease, and nothing is locked there.
func (p *process) pauseBeforeCall(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pausesFor = d
}

// clock is the machine's clock, as one process looks at it: each of two replicas has one
// of its own.
func (p *process) clock() time.Time {
	p.mu.Lock()
	d := p.pausesFor
	p.pausesFor = 0
	p.mu.Unlock()
	if d > 0 {
		p.w.fired(pausedBefore)
		p.pauseFor(d)
		p.heldUp(d)
	}
	return p.shown()
}

// resume ends a pause.
func (p *process) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resumed != nil {
		p.w.add("process %d goes on", p.number)
		close(p.resumed)
		p.resumed = nil
	}
}

// paused counts the pauses so far.
func (p *process) paused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pauses
}

// asleep reports whether a process is paused.
func (p *process) asleep() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resumed != nil
}

// awake waits for the end of a pause, and reports whether there was one.
func (p *process) awake() bool {
	p.mu.Lock()
	resumed := p.resumed
	p.mu.Unlock()
	if resumed != nil {
		<-resumed
	}
	return resumed != nil
}

// heldUp waits for the end of a pause, and counts each that something waited for. Those
// that a pause held up go on one after the other, by the odd time that each waited before.
func (p *process) heldUp(odd time.Duration) {
	p.mu.Lock()
	first := p.resumed != nil && !p.noticed
	p.noticed = p.noticed || first
	p.mu.Unlock()
	if first {
		p.w.fired(paused)
	}
	if p.awake() {
		time.Sleep(odd % (20 * time.Millisecond))
	}
}
