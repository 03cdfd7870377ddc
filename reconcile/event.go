package reconcile

import (
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// EventKind says what an [Event] tells.
type EventKind string

// The events.
const (
	EventReading EventKind = "reading" // Git, or EC2, is being read: What says which
	EventLooked  EventKind = "looked"  // the daemon has read Git
	EventPlanned EventKind = "planned" // a plan was made and judged
	EventStep    EventKind = "step"    // a call is about to be made (no outcome), or was
	EventTurned  EventKind = "turned"  // a turn ended
	EventWaiting EventKind = "waiting" // another look follows after Pause
	EventFailed  EventKind = "failed"  // a turn, or a look at Git, could not be made
	EventDrift   EventKind = "drift"   // Resource was found to differ, or it was found out who changed it
)

// Event is something that a person who watches wants to know. What it points to is read
// only, and a turn goes on changing until EventTurned tells of it.
type Event struct {
	Kind     EventKind
	Turn     *Turn          // of planned, step, turned and waiting; else nil
	Step     *apply.Step    // of step
	Resource *plan.Resource // of drift: what drifted
	What     string         // of reading: "EC2", or the source of specs
	Pause    time.Duration  // of waiting
	Err      error          // of failed
}

// tell is called by the goroutines of all targets; the listener hears one event
// at a time.
func (l *Loop) tell(e Event) {
	if l.cfg.Events == nil {
		return
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.cfg.Events(e)
}

// DrainUntil returns when an address that sluice is draining is gone at the
// latest. It may be called while the loop runs.
func (l *Loop) DrainUntil(target, id string, addr netip.Addr) (time.Time, bool) {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.journal.ledger.DrainUntil(target, id, addr)
}
