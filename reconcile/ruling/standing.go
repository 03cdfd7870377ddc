package ruling

import "time"

// Standing says whether a ruling counts at an instant.
type Standing string

// The standings.
const (
	InForce  Standing = "in-force"
	EndsSoon Standing = "ends-soon" // of a waiver: in force, but within [Notice] no more
	Expired  Standing = "expired"   // it does not count
)

// Notice is how long before its end a ruling is marked: time enough to mend what it
// excuses, or to ask for another.
const Notice = 14 * 24 * time.Hour

func standing(expires, now time.Time) Standing {
	switch {
	case !now.Before(expires):
		return Expired
	case expires.Sub(now) <= Notice:
		return EndsSoon
	}
	return InForce
}

// Standing returns how the waiver stands.
func (w Waiver) Standing(now time.Time) Standing { return standing(w.Expires, now) }

// Standing returns how the approval stands. That it ends soon is as it should be.
func (a Approval) Standing(now time.Time) Standing {
	if standing(a.Expires, now) == Expired {
		return Expired
	}
	return InForce
}

// Expired reports whether the waiver no longer counts.
func (w Waiver) Expired(now time.Time) bool { return w.Standing(now) == Expired }

// Expired reports whether the approval no longer counts.
func (a Approval) Expired(now time.Time) bool { return a.Standing(now) == Expired }
