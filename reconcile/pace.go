package reconcile

import "time"

// pacer says how long to wait before the next look. It starts anew whenever the
// plan changes, and doubles while it does not: EC2's reads lag behind its
// writes, and a drain takes minutes.
type pacer struct {
	pace Pace
	hash string
	wait time.Duration
}

func newPacer(p Pace) *pacer { return &pacer{pace: p} }

func (p *pacer) next(planHash string) time.Duration {
	if planHash != p.hash {
		p.hash, p.wait = planHash, p.pace.Min
		return p.wait
	}
	p.wait = min(2*p.wait, p.pace.Max)
	return p.wait
}
