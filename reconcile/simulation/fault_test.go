package simulation

// fault is a class of what can go wrong.
type fault string

const (
	readLag        fault = "reads lag"
	flapping       fault = "reads flap"
	slowAssign     fault = "assigns are slow"
	longDrain      fault = "drains are long"
	throttled      fault = "throttled by AWS's buckets"
	lostBefore     fault = "answer lost before the effect"
	lostAfter      fault = "answer lost after the effect"
	slowAnswer     fault = "answer later than the deadline"
	partial        fault = "partial success"
	expired        fault = "credentials expired"
	denied         fault = "access denied on one call"
	serverError    fault = "EC2 fails"
	rival          fault = "a rival assigns and unassigns by hand"
	deleted        fault = "a gateway is deleted"
	replaced       fault = "a gateway is replaced"
	killBeforeCall fault = "kill before a call"
	killAfterCall  fault = "kill after a call's effect"
	killBeforeSync fault = "kill before a record is durable"
	killAfterSync  fault = "kill after a record is durable"
	killInGit      fault = "kill while Git is read"
	killInPolicy   fault = "kill while policy is asked"
	killIdle       fault = "kill at rest"
	stopped        fault = "orderly stop"
	diskFull       fault = "the disk is full"
	clockAhead     fault = "the clock jumps ahead"
	clockBack      fault = "the clock jumps back"
	gitDown        fault = "Git does not answer"
	forcePush      fault = "force-push"
	badYAML        fault = "commit: a file does not parse"
	badEmpty       fault = "commit: no file at all"
	badClaims      fault = "commit: two specs claim one address"
	badPrimary     fault = "commit: a primary address is named"
	badGone        fault = "commit: all specs are gone"
	policyHangs    fault = "policy hangs"
	policyBroken   fault = "policy does not compile"
	policyDenies   fault = "policy denies"
	policyFails    fault = "policy fails on a document"
	approved       fault = "a plan is approved"
	frozen         fault = "a freeze closes"
	windowed       fault = "a window closes"
	suspended      fault = "a spec is suspended"
	modeChanged    fault = "another mode"
	reloaded       fault = "configuration read again"
	acknowledged   fault = "a held commit is acknowledged"

	// Of two replicas.
	paused         fault = "a replica is paused"
	pausedBefore   fault = "a replica is paused for longer than its lease before a call"
	pausedAfter    fault = "a replica is paused, its call on the way"
	killedAfter    fault = "a replica is killed, its call on the way"
	tableCut       fault = "a replica is cut off from the leases' table"
	leaseLost      fault = "answer of a lease's write lost"
	leaseLate      fault = "a lease's write comes late"
	appendLost     fault = "answer of a log's append lost"
	appendPaused   fault = "a replica is paused, an append on the way"
	appendFenced   fault = "a log's append is fenced"
	leaseTakenOver fault = "a lease runs out and is taken over"
	leaseMoved     fault = "a lease moves between two live replicas"
)

// faults is every class, in the order of the table.
var faults = []fault{
	readLag, flapping, slowAssign, longDrain, throttled, lostBefore, lostAfter, slowAnswer, partial, expired, denied, serverError,
	rival, deleted, replaced,
	killBeforeCall, killAfterCall, killBeforeSync, killAfterSync, killInGit, killInPolicy, killIdle, stopped,
	diskFull, clockAhead, clockBack, gitDown, forcePush, badYAML, badEmpty, badClaims, badPrimary, badGone,
	policyHangs, policyBroken, policyDenies, policyFails, approved, frozen, windowed, suspended, modeChanged, reloaded, acknowledged,
	paused, pausedBefore, pausedAfter, killedAfter, tableCut, leaseLost, leaseLate, appendLost, appendPaused, appendFenced, leaseTakenOver, leaseMoved,
}

// strikes decides whether a fault hits the n-th occasion of its kind. Each seed leaves
// some classes out and makes some of the others frequent: a world in which all goes
// wrong at once gets nowhere, and so finds little.
func (w *world) strikes(f fault, p float64, about ...any) bool {
	if w.calm.Load() {
		return false
	}
	return w.chance(min(p*w.intensity(f), 1), append([]any{"strikes", f}, about...)...)
}

func (w *world) intensity(f fault) float64 {
	switch w.below(6, "intensity", f) {
	case 0, 1:
		return 0
	case 2:
		return 4
	}
	return 1
}

// fired counts a fault that really changed something.
func (w *world) fired(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[f]++
}

// nth counts the occasions of a kind.
func (w *world) nth(kind ...any) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := keyOf(kind...)
	w.occasions[key]++
	return w.occasions[key]
}
