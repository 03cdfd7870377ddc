package worker

import "time"

// So many children may end in so long; then no new one is started for a while, so
// that a hostile rule does not keep a machine busy.
const (
	maxDeaths   = 5
	deathWindow = time.Minute
)

// deaths remembers when children ended that should not have.
type deaths struct {
	times []time.Time
}

func (d *deaths) add(now time.Time) {
	d.times = append(d.times, now)
	if len(d.times) > maxDeaths {
		d.times = d.times[1:]
	}
}

// pause is how long no new child may start; 0 when one may.
func (d *deaths) pause(now time.Time) time.Duration {
	if len(d.times) < maxDeaths {
		return 0
	}
	return max(0, deathWindow-now.Sub(d.times[0]))
}
