package history

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Kind says what a record is about.
type Kind string

// The kinds of a [Record].
const (
	KindCommit       Kind = "commit"       // a commit was seen for the first time
	KindDecision     Kind = "decision"     // a plan was judged
	KindIntent       Kind = "intent"       // a mutating call is about to be made
	KindOutcome      Kind = "outcome"      // what EC2 answered to an intent's call
	KindSettled      Kind = "settled"      // what was observed of an intent afterwards
	KindProbe        Kind = "probe"        // what EC2 answered to a dry-run
	KindReached      Kind = "reached"      // resources became as their specs say
	KindConverged    Kind = "converged"    // nothing is left to do or to wait for under a commit
	KindDrift        Kind = "drift"        // something changed that no commit asked for
	KindContested    Kind = "contested"    // a correction does not last; sluice leaves it alone
	KindAttributed   Kind = "attributed"   // who made a drift, as far as it could be found out
	KindRestored     Kind = "restored"     // a resource that had drifted is as its spec says again
	KindHeld         Kind = "held"         // a commit is not acted on: where it comes from, or who signed it
	KindAcknowledged Kind = "acknowledged" // an operator takes a commit as it is; Author is who, as user@host
	KindCut          Kind = "cut"          // the log's beginning was exported and cut off
	KindTaken        Kind = "taken"        // another of several replicas goes on with the log, by itself from here on
)

// The values of Record.Outcome.
const (
	OutcomeAccepted  = "accepted"  // EC2 took the call
	OutcomeRefused   = "refused"   // EC2 said no; nothing changed
	OutcomeBusy      = "busy"      // another change is in progress; nothing changed
	OutcomeThrottled = "throttled" // too many calls; nothing changed
	OutcomeLost      = "lost"      // no answer: the effect is unknown until it is observed
	OutcomeNotSent   = "not-sent"  // nothing left this process

	OutcomeDone    = "done"     // of a settled record: it was observed
	OutcomeNotDone = "not-done" // of a settled record: it never happened
)

// Verdict is what one policy rule said.
type Verdict struct {
	Rule     string `json:"rule"`
	Decision string `json:"decision"` // allow, warn, cap, hold, deny
	Msg      string `json:"msg,omitempty"`
}

// Record is one entry of the log. Seq, Prev and Hash are given by the store;
// which of the other fields are set depends on Kind.
type Record struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"` // UTC
	Kind Kind      `json:"kind"`

	Commit     string    `json:"commit,omitempty"`
	Author     string    `json:"author,omitempty"`
	Committer  string    `json:"committer,omitempty"`
	Source     string    `json:"source,omitempty"`   // the repository of a commit: its host and path
	Authors    []string  `json:"authors,omitempty"`  // all who had a part in what the commit brings, as mail addresses
	Unlisted   bool      `json:"unlisted,omitempty"` // others than Authors may have had a part: they could not be looked at
	CommitTime time.Time `json:"commitTime,omitzero"`
	Message    string    `json:"message,omitempty"` // the commit's message, or words for people

	PolicyDigest string    `json:"policyDigest,omitempty"`
	PlanHash     string    `json:"planHash,omitempty"`
	Decision     string    `json:"decision,omitempty"` // allow, hold, deny, …; converged: empty when nothing was stopped
	Verdicts     []Verdict `json:"verdicts,omitempty"`

	// Plan is the plan of a decision that an approval let past a hold: what is left
	// of it later needs no approval of its own.
	Plan json.RawMessage `json:"plan,omitempty"`

	// Basis is what a decision rests on, for whoever judges it again by other rules:
	// an object of the caller's.
	Basis json.RawMessage `json:"basis,omitempty"`

	Target       string `json:"target,omitempty"`
	ResourceKind string `json:"resourceKind,omitempty"` // NatGateway, NetworkInterface
	ResourceID   string `json:"resourceId,omitempty"`
	SpecName     string `json:"specName,omitempty"`
	SpecFile     string `json:"specFile,omitempty"`
	SpecLine     int    `json:"specLine,omitempty"`

	Verb            string         `json:"verb,omitempty"` // assign, unassign, move
	Addresses       []netip.Addr   `json:"addresses,omitempty"`
	Prefixes        []netip.Prefix `json:"prefixes,omitempty"`
	MaxDrainSeconds int            `json:"maxDrainSeconds,omitempty"`
	From            string         `json:"from,omitempty"` // move: the interface that held the address

	Intent    uint64 `json:"intent,omitempty"` // outcome, settled: the intent they belong to
	Outcome   string `json:"outcome,omitempty"`
	Code      string `json:"code,omitempty"` // EC2's error code
	RequestID string `json:"requestId,omitempty"`

	// Drift is, of a drift or attributed record, all that differed; Rounds, of a
	// contested one, the corrections that did not last; Of, of an attributed one, the
	// number of the drift record that it is about.
	Drift  []Stray `json:"drift,omitempty"`
	Rounds []Round `json:"rounds,omitempty"`
	Of     uint64  `json:"of,omitempty"`

	// Reached is, by resource, a digest of the spec that the resource now is as it
	// says: what differs later without another spec is drift.
	Reached map[string]string `json:"reached,omitempty"`

	Cut *Cut `json:"cut,omitempty"` // of kind cut

	// Epoch is, where several replicas share a target, which holding of its lease wrote
	// the record: it never goes back. Replica is, of kind taken, who has it.
	Epoch   uint64 `json:"epoch,omitempty"`
	Replica string `json:"replica,omitempty"`

	Prev string `json:"prev,omitempty"`
	Hash string `json:"hash,omitempty"`
}

// ActionKey names what a record's call does, whatever its order: the verb, then
// the sorted addresses and prefixes. Two intents with one key on one resource do
// the same.
func (r Record) ActionKey() string {
	names := r.cidrTexts()
	slices.Sort(names)
	return r.Verb + " " + strings.Join(names, ",")
}

func (r Record) cidrTexts() []string {
	var names []string
	for _, a := range r.Addresses {
		names = append(names, a.String())
	}
	for _, p := range r.Prefixes {
		names = append(names, p.String())
	}
	return names
}

// Names reports whether the record is about this address, by itself or as part
// of a prefix.
func (r Record) Names(addr netip.Addr) bool {
	return slices.ContainsFunc(r.Addresses, func(a netip.Addr) bool { return a.Unmap() == addr }) ||
		slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
