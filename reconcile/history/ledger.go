package history

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// The bounds of a [Ledger].
const (
	keepFor   = 24 * time.Hour // of decided intents, before the resource's newest
	keepLeast = 4              // decided intents of a resource, however old
	keepNames = 4096           // commits, begun plans and open authors, each
	// MostAuthors is how many a commit's record lists. A full list may lack somebody.
	MostAuthors = 500
	// roundsWithin is how soon a correction must be undone to count as contested:
	// what somebody changes once a week is mended each time.
	roundsWithin = 48 * time.Hour
	sweepAt      = 1024 // records between two looks for drains that are long over
)

// Ledger is what the loop has to know of the log, folded from its records in
// order. It is pure: the same records make the same ledger. It is not safe for
// concurrent use.
//
// Its size does not grow with the age of the log. It keeps, for each resource
// that was ever changed, the undecided intents and those of the resource's last
// active day (at least 4); the rounds of the current commit; drains until a day
// after their end; up to 4,096 authors of what is not done yet; and the last 4,096
// commits and plans that were begun. Of a
// commit or plan older than that it says that it never saw it, which costs a
// second "first seen" record or a second approval, never a call.
type Ledger struct {
	intents   map[uint64]*intent
	resources map[resource][]*intent // oldest first
	rounds    map[round]tally        // of the current commit
	drains    map[drain]time.Time

	current      string // the commit that the loop works on
	commits      names
	authors      map[string][]string // by commit, as are the next
	sources      map[string]string
	open         []string        // sorted, see OpenAuthors
	unlisted     map[string]bool // by commit, see Unlisted
	openUnlisted bool            // see OpenUnlisted
	plans        names
	converged    Record
	decision     [2]string         // plan hash and decision of the last one
	reached      map[string]string // see Record.Reached
	approved     []json.RawMessage // the approved plans of the current commit
	acted        bool              // an intent came after the last converged record
	base         string            // see Base
	bases        map[string]string // by source, see BaseIn
	taken        string            // the commit that was acknowledged last
	held         [2]string         // commit and reason of the last held record
	drifts       drifts
	requests     names // of EC2, that were answered
	added        int
}

type resource struct{ target, kind, id string }

type round struct {
	resource
	key string
}

type drain struct {
	target, id string
	addr       netip.Addr
}

// intent is an intent with what became of it.
type intent struct {
	Record
	outcome string    // "" until EC2 answered
	ended   time.Time // when it did
	settled string    // "" until it was observed
	request string    // EC2's id of it
}

// tally counts corrections that follow closely upon each other.
type tally struct {
	times int
	last  time.Time
}

// undecided reports whether the call may have an effect that has not been seen.
// An outcome that is not known counts as one that may.
func (i *intent) undecided() bool { return i.settled == "" && !i.ineffective() }

// ineffective reports whether the call certainly changed nothing.
func (i *intent) ineffective() bool {
	switch i.outcome {
	case OutcomeRefused, OutcomeBusy, OutcomeThrottled, OutcomeNotSent:
		return true
	}
	return false
}

// NewLedger returns the ledger of an empty log.
func NewLedger() *Ledger {
	return &Ledger{
		intents:   map[uint64]*intent{},
		resources: map[resource][]*intent{},
		rounds:    map[round]tally{},
		reached:   map[string]string{},
		authors:   map[string][]string{},
		unlisted:  map[string]bool{},
		sources:   map[string]string{},
		bases:     map[string]string{},
		drains:    map[drain]time.Time{},
		drifts:    newDrifts(),
	}
}

// keepOrigin remembers where a commit is from and who had a part in it, for as many
// commits as names.
func (l *Ledger) keepOrigin(r Record) {
	if len(l.sources) >= keepNames { // thousands of commits ago
		clear(l.sources)
		clear(l.authors)
		clear(l.unlisted)
	}
	l.sources[r.Commit] = r.Source
	if r.Commit == l.base {
		l.goOnFrom(r.Commit) // in this repository too
	}
	if len(r.Authors) > 0 {
		l.authors[r.Commit] = r.Authors
	}
	if r.Unlisted || len(r.Authors) >= MostAuthors {
		l.unlisted[r.Commit], l.openUnlisted = true, true
	}
	for _, a := range r.Authors {
		i, known := slices.BinarySearch(l.open, a)
		switch {
		case known:
		case len(l.open) >= keepNames:
			l.openUnlisted = true
		default:
			l.open = slices.Insert(l.open, i, a)
		}
	}
}

// Add folds in the next record.
func (l *Ledger) Add(r Record) {
	switch r.Kind {
	case KindCut, KindTaken: // tell of the log itself, of which the ledger must not depend
		return
	case KindCommit:
		l.work(r.Commit)
		l.commits.add(r.Commit)
		l.keepOrigin(r)
	case KindDecision:
		l.work(r.Commit)
		l.decision = [2]string{r.PlanHash, r.Decision}
		if len(r.Plan) > 0 {
			l.approved = append(l.approved, r.Plan)
		}
	case KindReached:
		maps.Copy(l.reached, r.Reached)
		l.drifts.reached(r)
	case KindDrift, KindAttributed, KindRestored:
		l.drifts.add(r)
	case KindHeld:
		l.held = [2]string{r.Commit, r.Message}
	case KindAcknowledged:
		l.taken = r.Commit
		l.goOnFrom(r.Commit)
	case KindConverged:
		l.work(r.Commit)
		if r.Decision == "" {
			l.open, l.openUnlisted = nil, false
			l.goOnFrom(r.Commit)
		}
		l.converged, l.acted = r, false
		l.plans, l.approved = names{}, nil // what was begun is done
	case KindIntent:
		l.work(r.Commit)
		l.acted = true
		l.goOnFrom(r.Commit)
		l.plans.add(r.PlanHash)
		l.addIntent(r)
	case KindOutcome:
		l.requests.add(r.RequestID)
		if i := l.intents[r.Intent]; i != nil && i.outcome == "" {
			i.outcome, i.ended, i.request = r.Outcome, r.Time, r.RequestID
			if r.Outcome == OutcomeAccepted {
				l.startDrain(i)
			}
		}
	case KindSettled:
		l.settle(r)
	}
	if l.added++; l.added%sweepAt == 0 {
		l.sweep(r.Time)
	}
}

// goOnFrom makes a commit the one that the next must descend from.
func (l *Ledger) goOnFrom(commit string) {
	l.base = commit
	if source := l.sources[commit]; source != "" {
		if len(l.bases) >= keepNames {
			clear(l.bases)
		}
		l.bases[source] = commit
	}
}

// work makes a commit the current one. What was counted for another is over; so
// a commit that comes back starts afresh.
func (l *Ledger) work(commit string) {
	if commit != "" && commit != l.current {
		l.current = commit
		clear(l.rounds)
		clear(l.drifts.rounds)
		l.approved = nil
	}
}

func (l *Ledger) addIntent(r Record) {
	i := &intent{Record: r}
	key := resource{r.Target, r.ResourceKind, r.ResourceID}
	list := append(l.resources[key], i)
	l.intents[r.Seq] = i

	// Drop what is decided and old, but not the last few: a clock that once ran
	// ahead must not empty the list.
	kept := list[:0]
	for n, old := range list {
		if old.undecided() || len(list)-n <= keepLeast || r.Time.Sub(old.Time) <= keepFor {
			kept = append(kept, old)
		} else {
			delete(l.intents, old.Seq)
		}
	}
	clear(list[len(kept):])
	l.resources[key] = kept
}

func (l *Ledger) settle(r Record) {
	i := l.intents[r.Intent]
	if i == nil || i.settled != "" {
		return
	}
	i.settled = r.Outcome
	// A lost call that was then observed counts like one that was answered; an
	// accepted one that nobody ever saw was undone before anybody looked.
	if i.ineffective() || r.Outcome != OutcomeDone && i.outcome != OutcomeAccepted {
		return
	}
	if i.outcome != OutcomeAccepted {
		l.startDrain(i)
	}
	if i.Commit == l.current {
		key := round{resource{i.Target, i.ResourceKind, i.ResourceID}, i.ActionKey()}
		t := l.rounds[key]
		if i.Time.Sub(t.last) > roundsWithin {
			t.times = 0
		}
		l.rounds[key] = tally{t.times + 1, i.Time}
		l.drifts.corrected(i.Record)
	}
}

func (l *Ledger) startDrain(i *intent) {
	if i.Verb != "unassign" || i.MaxDrainSeconds <= 0 {
		return
	}
	until := i.Time.Add(time.Duration(i.MaxDrainSeconds) * time.Second)
	for _, addr := range i.Addresses {
		l.drains[drain{i.Target, i.ResourceID, addr}] = until
	}
}

func (l *Ledger) sweep(now time.Time) {
	for key, until := range l.drains {
		if now.Sub(until) > keepFor {
			delete(l.drains, key)
		}
	}
}

// names is a set of the last names that were added.
type names struct {
	set  map[string]bool
	ring []string
	next int
}

func (n *names) add(name string) {
	if name == "" || n.set[name] {
		return
	}
	if n.set == nil {
		n.set = map[string]bool{}
	}
	if len(n.ring) < keepNames {
		n.ring = append(n.ring, name)
	} else {
		delete(n.set, n.ring[n.next])
		n.ring[n.next] = name
		n.next = (n.next + 1) % keepNames
	}
	n.set[name] = true
}
