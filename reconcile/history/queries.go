package history

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Undecided returns the intents of a resource whose effect is not known yet,
// oldest first: without an outcome, or accepted or lost, and not settled. While
// there is one, the resource must not be called.
func (l *Ledger) Undecided(target, kind, id string) []Record {
	return l.pick(target, kind, id, (*intent).undecided)
}

// Recent returns the intents of a resource that are newer than since and may have
// had an effect, oldest first. It reaches back a day at most.
func (l *Ledger) Recent(target, kind, id string, since time.Time) []Record {
	return l.pick(target, kind, id, func(i *intent) bool {
		return i.Time.After(since) && !i.ineffective()
	})
}

func (l *Ledger) pick(target, kind, id string, want func(*intent) bool) []Record {
	var list []Record
	for _, i := range l.resources[resource{target, kind, id}] {
		if want(i) {
			list = append(list, i.Record)
		}
	}
	return list
}

// Rounds returns how often the same action (see [Record.ActionKey]) took effect on
// a resource under a commit: settled as done, or accepted by EC2 and settled as
// never seen, which is what an undoing before the next look leaves. It knows the
// current commit only; for any other it returns 0.
func (l *Ledger) Rounds(commit, target, kind, id, key string) int {
	if commit != l.current {
		return 0
	}
	return l.rounds[round{resource{target, kind, id}, key}].times
}

// DrainUntil returns the latest end of an address's drain: the time of the last
// unassign intent that names it and took effect, plus that call's longest drain.
// It may be past. It is false when no drain is known.
func (l *Ledger) DrainUntil(target, id string, addr netip.Addr) (time.Time, bool) {
	until, ok := l.drains[drain{target, id, addr}]
	return until, ok
}

// Converged returns the commit and policy of the last converged record.
func (l *Ledger) Converged() (commit, policyDigest string) {
	return l.converged.Commit, l.converged.PolicyDigest
}

// Authors returns all who had a part in what a commit brings, as far as that is
// recorded. The caller must not change it.
func (l *Ledger) Authors(commit string) []string { return l.authors[commit] }

// OpenAuthors returns all who had a part in the commits that were seen since
// everything was last as a commit says: of what is still to be done, some may be
// theirs. The caller must not change it, nor keep it beyond the next record.
func (l *Ledger) OpenAuthors() []string { return l.open }

// Unlisted reports whether others than Authors may have had a part in what a commit brings:
// they could not be looked at, or its record has no room for more.
func (l *Ledger) Unlisted(commit string) bool { return l.unlisted[commit] }

// OpenUnlisted is Unlisted of the commits that OpenAuthors is about.
func (l *Ledger) OpenUnlisted() bool { return l.openUnlisted }

// SeenCommit reports whether a commit has a record of its own.
func (l *Ledger) SeenCommit(id string) bool { return l.commits.set[id] }

// BegunPlan reports whether an intent with this plan hash was recorded, and
// nothing has converged since.
func (l *Ledger) BegunPlan(planHash string) bool { return l.plans.set[planHash] }

// LastDecision returns the plan hash of the last decision, and what it was.
func (l *Ledger) LastDecision() (planHash, decision string) { return l.decision[0], l.decision[1] }

// Reached returns the digest of the spec that a resource was last seen to be as it
// says, or "".
func (l *Ledger) Reached(resource string) string { return l.reached[resource] }

// Approved returns the plans of the current commit that an approval let past a
// hold, and that are not done yet.
func (l *Ledger) Approved() []json.RawMessage { return l.approved }

// Acted reports whether a call was begun since the last converged record.
func (l *Ledger) Acted() bool { return l.acted }

// Base returns the commit that the next one must descend from: the last one that a
// call was made for, that everything was as it says under, or that an operator
// acknowledged. It is "" when there is none.
func (l *Ledger) Base() string { return l.base }

// BaseIn is Base for a repository: its own last one, whatever was applied of others
// since. A repository of which nothing was applied yet goes on from the last of all:
// it may be the same one under another name.
func (l *Ledger) BaseIn(source string) string {
	if of := l.sources[l.base]; of == "" || of == source || l.bases[source] == "" {
		return l.base
	}
	return l.bases[source]
}

// SourceOf returns the repository that a commit is from, or "".
func (l *Ledger) SourceOf(commit string) string { return l.sources[commit] }

// Acknowledged returns the commit that an operator acknowledged last, or "".
func (l *Ledger) Acknowledged() string { return l.taken }

// Held returns the commit and the reason of the last held record.
func (l *Ledger) Held() (commit, reason string) { return l.held[0], l.held[1] }
