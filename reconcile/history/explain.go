package history

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Story is what happened to one address, oldest first.
type Story struct {
	Address netip.Addr `json:"address"`
	Events  []Event    `json:"events"`
}

// Event is one thing that happened to an address: a call that was made, refused
// by policy or tried in dry-run, or a change that nobody asked for.
type Event struct {
	Seq  uint64    `json:"seq"` // of the record that began it
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`           // intent, decision, probe, drift, contested, attributed, restored
	What string    `json:"what"`           // assign, unassign, move; else the kind
	Note string    `json:"note,omitempty"` // the record's own words

	Target       string `json:"target,omitempty"`
	ResourceKind string `json:"resourceKind,omitempty"`
	ResourceID   string `json:"resourceId,omitempty"`
	From         string `json:"from,omitempty"`    // move: the interface that held it
	Replica      string `json:"replica,omitempty"` // which of several it was done by, as is the next
	Epoch        uint64 `json:"epoch,omitempty"`
	SpecName     string `json:"specName,omitempty"`
	SpecFile     string `json:"specFile,omitempty"`
	SpecLine     int    `json:"specLine,omitempty"`

	Commit  string `json:"commit,omitempty"`
	Author  string `json:"author,omitempty"`
	Message string `json:"message,omitempty"` // first line of the commit's message

	PolicyDigest    string    `json:"policyDigest,omitempty"`
	PlanHash        string    `json:"planHash,omitempty"`
	Decision        string    `json:"decision,omitempty"`
	Verdicts        []Verdict `json:"verdicts,omitempty"`
	MaxDrainSeconds int       `json:"maxDrainSeconds,omitempty"`

	Outcome     string    `json:"outcome,omitempty"` // what EC2 answered
	Code        string    `json:"code,omitempty"`
	RequestID   string    `json:"requestId,omitempty"`
	Drift       []Stray   `json:"drift,omitempty"`   // of a drift or attributed record, what it says of this address
	Rounds      []Round   `json:"rounds,omitempty"`  // of a contested one
	Settled     string    `json:"settled,omitempty"` // done, not-done
	SettledTime time.Time `json:"settledTime,omitzero"`
}

// Explain tells the story of one address from all records, in their order.
func Explain(records []Record, addr netip.Addr) Story {
	t := newTeller(addr)
	for _, r := range records {
		t.add(r)
	}
	return t.story
}

// ExplainEach is Explain for records that come one by one: of those that the story
// does not need, nothing is kept.
func ExplainEach(records iter.Seq2[Record, error], addr netip.Addr) (Story, error) {
	t := newTeller(addr)
	for r, err := range records {
		if err != nil {
			return t.story, err
		}
		t.add(r)
	}
	return t.story, nil
}

func newTeller(addr netip.Addr) *teller {
	addr = addr.Unmap()
	t := &teller{
		addr:      addr,
		commits:   map[string]Record{},
		decisions: map[string][]Record{},
		begun:     map[uint64]int{},
		taken:     map[string]Record{},
	}
	t.story.Address = addr
	return t
}

// teller joins an address's records with those that they refer to.
type teller struct {
	addr      netip.Addr
	story     Story
	commits   map[string]Record   // by id: author and message only
	decisions map[string][]Record // by plan hash
	begun     map[uint64]int      // intent -> its event
	taken     map[string]Record   // by target: which replica goes on with it
}

func (t *teller) add(r Record) {
	switch r.Kind {
	case KindTaken:
		t.taken[r.Target] = Record{Replica: r.Replica, Epoch: r.Epoch}
	case KindCommit:
		t.commits[r.Commit] = Record{Author: r.Author, Message: firstLine(r.Message)}
	case KindDecision:
		judged := r
		judged.Plan, judged.Basis = nil, nil // large, and no part of a story
		t.decisions[r.PlanHash] = append(t.decisions[r.PlanHash], judged)
		if r.Names(t.addr) && r.Decision != "allow" { // what is allowed shows as its intent
			t.begin(r)
		}
	case KindIntent, KindProbe, KindDrift, KindContested, KindAttributed, KindRestored:
		if r.Names(t.addr) {
			t.begin(r)
		}
	case KindOutcome, KindSettled:
		if n, ok := t.begun[r.Intent]; ok {
			t.story.Events[n].end(r)
		}
	}
}

// begin makes a record an event and fills in its commit and decision.
func (t *teller) begin(r Record) {
	e := Event{
		Seq: r.Seq, Time: r.Time, Kind: r.Kind, What: r.Verb, Note: r.Message,
		Target: r.Target, ResourceKind: r.ResourceKind, ResourceID: r.ResourceID, From: r.From,
		SpecName: r.SpecName, SpecFile: r.SpecFile, SpecLine: r.SpecLine,
		Commit: r.Commit, Author: r.Author,
		PolicyDigest: r.PolicyDigest, PlanHash: r.PlanHash, Decision: r.Decision, Verdicts: slices.Clone(r.Verdicts),
		MaxDrainSeconds: r.MaxDrainSeconds,
		Outcome:         r.Outcome, Code: r.Code, RequestID: r.RequestID,
		Drift: t.strays(r), Rounds: r.Rounds,
	}
	if e.What == "" {
		e.What = string(r.Kind)
	}
	if by := t.taken[r.Target]; r.Epoch > 0 && by.Epoch == r.Epoch {
		e.Replica, e.Epoch = by.Replica, by.Epoch
	}
	commit := t.commits[r.Commit]
	e.Message = commit.Message
	if e.Author == "" {
		e.Author = commit.Author
	}
	if r.Kind == KindIntent {
		t.judge(&e)
		t.begun[r.Seq] = len(t.story.Events)
	}
	t.story.Events = append(t.story.Events, e)
}

// strays are those of a record's that are the address, or a prefix around it.
func (t *teller) strays(r Record) []Stray {
	var list []Stray
	for _, s := range r.Drift {
		p, err := netip.ParsePrefix(s.Address)
		if s.Address == t.addr.String() || err == nil && p.Contains(t.addr) {
			list = append(list, s)
		}
	}
	return list
}

// judge adds what policy said of the plan, or of this resource in it.
func (t *teller) judge(e *Event) {
	for _, d := range t.decisions[e.PlanHash] {
		if d.ResourceID != "" && (d.Target != e.Target || d.ResourceID != e.ResourceID) {
			continue
		}
		if e.Decision == "" {
			e.Decision = d.Decision
		}
		if e.PolicyDigest == "" {
			e.PolicyDigest = d.PolicyDigest
		}
		for _, v := range d.Verdicts {
			if !slices.Contains(e.Verdicts, v) {
				e.Verdicts = append(e.Verdicts, v)
			}
		}
	}
}

// end adds an outcome or what was observed afterwards.
func (e *Event) end(r Record) {
	if r.Kind == KindSettled {
		e.Settled, e.SettledTime = r.Outcome, r.Time
		return
	}
	e.Outcome, e.Code, e.RequestID = r.Outcome, r.Code, r.RequestID
	if e.Note == "" {
		e.Note = r.Message
	}
}

func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return strings.TrimRight(line, "\r")
}
