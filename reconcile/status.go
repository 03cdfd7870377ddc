package reconcile

import (
	"slices"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Status is where the loop stands, for pages, probes and metrics. What it points to
// is as one turn left it and does not change any more; nobody else may change it.
type Status struct {
	Mode        Mode
	Commit      gitsource.Commit      // of the last turn that ended well, as is all down to BudgetLeft
	Plan        plan.Plan             // judged
	Inventories []inventory.Inventory // before the turn's calls
	Documents   []spec.Document       // of the commit, bad ones too
	Transitions []Transition          // what EC2 was at work on at the last turn
	Rules       []policy.Rule         // in force
	Rulings     ruling.Set
	BudgetLeft  map[string]int // see judge.Approved

	Turns     int       // that ended well, of this process; 0: what stands above is empty
	LastTurn  time.Time // when a turn last ended well
	LastLook  time.Time // when Git was last read
	LastBeat  time.Time // when the loop last did anything
	LastPoll  time.Time // when an attempt to read Git last ended, well or not
	GitError  string    // of the last look; empty when it went well
	TurnError string    // of the last turn; empty when it ended well

	Interval     time.Duration
	Calendar     calendar.Calendar
	GatewayLimit map[string]int // by target: addresses that one NAT gateway can hold

	// Leases are those of all targets, where several replicas share them; nil: this
	// process works for all. Then what stands above is of the targets that it holds.
	Leases []Lease

	// Config and ExportError are whoever runs the loop's to fill in: the loop has a
	// configuration, and knows no file that it came from; it writes records, and sends
	// none away.
	Config      ConfigStatus
	ExportError string // why old records were not all exported and deleted; empty: nothing is amiss
}

// Lease says who works for a target.
type Lease struct {
	Target string
	Holder string // the replica's name; empty: nobody, or nobody knows
	URL    string // of the replica's page; may be empty
	Epoch  uint64
	Here   bool // it is this process
	Lost   int  // leases of the target that this process lost, rather than gave back

	// What follows is known where Here.

	ActFrom  time.Time // until then nothing is changed, since a call of an earlier holder may be on its way
	PlanHash string    // of the last plan: what an approval names
	Error    string    // why nothing is done; also where the target was given back because of it
}

// ConfigStatus is which configuration is in force.
type ConfigStatus struct {
	Loaded time.Time // when the one in force was read
	Error  string    // why the last one was refused since; empty when it was not
}

// status guards a Status.
type status struct {
	mu sync.Mutex
	s  Status
}

// Status returns a copy of where the loop stands.
func (l *Loop) Status() Status {
	l.status.mu.Lock()
	defer l.status.mu.Unlock()
	s := l.status.s
	s.Mode, s.Interval, s.Calendar, s.GatewayLimit = l.cfg.Mode, l.cfg.Interval, l.cfg.Calendar, l.gatewayLimits()
	return s
}

// Healthy reports whether the daemon's two goroutines both got somewhere lately:
// the one that asks Git ended an attempt, and the one that turns ended a turn,
// made a call within a long one, or had nothing to do. Failures that repeat are
// not ill health, since a restart mends nothing; readiness and metrics tell of
// them. A process that has only begun is not healthy yet: give it time to end its first
// look at Git.
func (s Status) Healthy(now time.Time) bool {
	limit := max(10*time.Minute, 3*s.Interval)
	return now.Sub(s.LastBeat) < limit && now.Sub(s.LastPoll) < limit
}

// DriftKey names what [Status.Drifted] counts.
type DriftKey struct {
	Target string
	Change plan.Change
}

// Drifted counts the addresses and prefixes that differ though no commit asked for
// it. Every target that was observed has an entry for each change, often 0.
func (s Status) Drifted() map[DriftKey]int {
	count := map[DriftKey]int{}
	for _, inv := range s.Inventories {
		for _, c := range []plan.Change{plan.Added, plan.Removed, plan.Changing} {
			count[DriftKey{inv.Target, c}] = 0
		}
	}
	for _, r := range s.Plan.Resources {
		if r.Drift != nil {
			for _, a := range r.Drift.Addresses {
				count[DriftKey{r.Target, a.Change}]++
			}
		}
	}
	return count
}

// Ready reports whether Git was read and a turn ended, so that the status says
// something.
//
// A replica that holds no target is ready too: it stands by.
func (s Status) Ready() bool {
	return s.Turns > 0 || len(s.Leases) > 0 && !slices.ContainsFunc(s.Leases, func(l Lease) bool { return l.Here })
}

func (st *status) turned(t *Turn, until deadline, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.s.Commit, st.s.Plan, st.s.Inventories = t.Desired.Commit, t.Plan(), t.Inventories
	st.s.Documents, st.s.Rules, st.s.Rulings = t.Desired.Specs.Documents, t.Desired.Engine.Rules(), t.Desired.Rulings
	st.s.Transitions = transitions(st.s.Transitions, t.Inventories, until, now)
	st.s.BudgetLeft = t.Approved.BudgetLeft()
	st.s.Turns++
	st.s.LastTurn, st.s.LastBeat, st.s.TurnError = now, now, ""
}

// drifted shows who made a drift, until the next turn does.
func (st *status) drifted(r plan.Resource) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.s.Plan.Resources = slices.Clone(st.s.Plan.Resources)
	for i, have := range st.s.Plan.Resources {
		if have.Target == r.Target && have.ID == r.ID && have.Drift != nil {
			drift := *have.Drift
			drift.Addresses, drift.Note = r.Drift.Addresses, r.Drift.Note
			st.s.Plan.Resources[i].Drift = &drift
		}
	}
}

func (st *status) failed(err error, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.s.TurnError, st.s.LastBeat = err.Error(), now
}

func (st *status) looked(err error, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.s.LastPoll = now
	if err != nil {
		st.s.GitError = err.Error()
		return
	}
	st.s.GitError, st.s.LastLook = "", now
}

func (st *status) beat(now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.s.LastBeat = now
}
