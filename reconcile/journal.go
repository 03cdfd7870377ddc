package reconcile

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// settleAfter is how long a call's effect may stay unseen before the call counts
// as never carried out. EC2's reads lag; within this time a read that contradicts
// what was just done makes the resource wait rather than act. A call that EC2
// accepted is given much longer than one whose answer was lost.
const (
	settleAfter         = 30 * time.Second
	settleAcceptedAfter = 5 * time.Minute
)

// journal writes the history and keeps the ledger in step with it. Without a
// store it only reads the ledger.
type journal struct {
	mu     sync.Mutex
	store  history.Store
	ledger *history.Ledger
	now    func() time.Time
	ages   ages
}

var _ apply.Journal = (*journal)(nil)

// append makes records durable, then known: what the ledger says must never be more than
// what a restart would find. The lock is held over both, since the ledger takes records
// in the order of the log.
func (j *journal) append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.store == nil || len(records) == 0 {
		return nil, nil
	}
	for i := range records {
		records[i].Time = j.now().UTC()
	}
	written, err := j.store.Append(ctx, records...)
	for _, r := range written {
		j.ledger.Add(r)
		j.ages.note(r)
	}
	return written, err
}

// base is the commit that the next one must descend from.
func (j *journal) base(source string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ledger.BaseIn(source)
}

// Intent makes a call's record durable.
func (j *journal) Intent(ctx context.Context, s apply.Step) (uint64, error) {
	r := stepRecord(history.KindIntent, s)
	r.SpecName, r.SpecFile, r.SpecLine = s.Spec.Name, s.Spec.File, s.Spec.Line
	r.Decision, r.Verdicts = "allow", verdicts(s.Verdicts)
	written, err := j.append(ctx, fit(r))
	if err != nil {
		return 0, err
	}
	return written[0].Seq, nil
}

// Outcome adds what EC2 answered.
func (j *journal) Outcome(ctx context.Context, intent uint64, s apply.Step) error {
	r := stepRecord(history.KindOutcome, s)
	r.Intent, r.Outcome, r.Code, r.RequestID, r.Message = intent, outcomeOf(s.Outcome), s.Code, s.RequestID, s.Message
	_, err := j.append(ctx, r)
	return err
}

// probes records what a dry-run was answered.
func (j *journal) probes(ctx context.Context, p plan.Plan, probes []apply.Probe) error {
	var records []history.Record
	for _, pr := range probes {
		if pr.Authorised == apply.NotProbed {
			continue
		}
		r := stepRecord(history.KindProbe, apply.Step{
			Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash,
			Target: pr.Target, Kind: pr.Kind, ID: pr.ID, Action: pr.Action,
		})
		r.SpecName, r.SpecFile, r.SpecLine = pr.Spec.Name, pr.Spec.File, pr.Spec.Line
		r.Outcome, r.Code, r.RequestID, r.Message = pr.Authorised, pr.Code, pr.RequestID, pr.Message
		records = append(records, r)
	}
	_, err := j.append(ctx, records...)
	return err
}

// outcomeOf is the record's word: it only tells what may have had an effect from
// what had none. EC2's code says the rest.
func outcomeOf(o apply.Outcome) string {
	switch o {
	case apply.Accepted:
		return history.OutcomeAccepted
	case apply.Outcome(inventory.ClassBusy):
		return history.OutcomeBusy
	case apply.Outcome(inventory.ClassThrottled):
		return history.OutcomeThrottled
	case apply.Outcome(inventory.ClassLost):
		return history.OutcomeLost
	case apply.Outcome(inventory.ClassNotSent):
		return history.OutcomeNotSent
	}
	return history.OutcomeRefused
}

func stepRecord(kind history.Kind, s apply.Step) history.Record {
	return history.Record{
		Kind: kind, Commit: s.Commit, PolicyDigest: s.PolicyDigest, PlanHash: s.PlanHash,
		Target: s.Target, ResourceKind: string(s.Kind), ResourceID: s.ID,
		Verb: string(s.Action.Verb), Addresses: s.Action.Addresses, Prefixes: s.Action.Prefixes,
		MaxDrainSeconds: s.Action.MaxDrainSeconds, From: s.Action.From,
	}
}

func verdicts(list []plan.Verdict) []history.Verdict {
	var out []history.Verdict
	for _, v := range list {
		out = append(out, history.Verdict{Rule: v.Rule, Decision: v.Decision, Msg: v.Msg})
	}
	return out
}

// commit records a commit when it is first seen.
func (j *journal) commit(ctx context.Context, d *Desired) error {
	known := j.ledger.Authors(d.Commit.ID)
	authors := withKnown(d.authors().texts, known)
	unlisted := d.unlisted() || j.ledger.Unlisted(d.Commit.ID)
	news := len(authors) > len(known) || unlisted != j.ledger.Unlisted(d.Commit.ID)
	from := j.ledger.SourceOf(d.Commit.ID)
	if j.ledger.SeenCommit(d.Commit.ID) && !news && (from == "" || from == d.source) {
		return nil
	}
	r := history.Record{
		Kind: history.KindCommit, Commit: d.Commit.ID, Message: d.Commit.Message,
		Author: formatPerson(d.Commit.Author), Committer: formatPerson(d.Commit.Committer), Source: d.source,
	}
	if news {
		r.Authors, r.Unlisted = authors, unlisted
	}
	if t := d.Commit.Time; !t.IsZero() {
		r.CommitTime = t.UTC()
	}
	_, err := j.append(ctx, r)
	return err
}

func formatPerson(p gitsource.Person) string {
	switch {
	case p.Email == "":
		return p.Name
	case p.Name == "":
		return p.Email
	}
	return p.Name + " <" + p.Email + ">"
}

// intents returns the calls whose effect must show before the resource is
// touched again: those not yet settled, and those so young that a lagging read
// may contradict them. Of calls about one address only the last one counts: what an
// earlier one did a later one may have undone, and would be waited for in vain.
func (j *journal) intents(now time.Time) []plan.Intent {
	type subject struct {
		target, id string
		cidr       netip.Prefix
	}
	seen := map[subject]bool{}
	var list []plan.Intent
	add := func(in plan.Intent) {
		newest := true
		for _, cidr := range cidrs(in.Addresses, in.Prefixes) {
			key := subject{in.Target, in.ID, cidr}
			newest = newest && !seen[key]
			seen[key] = true
		}
		if newest {
			list = append(list, in)
		}
	}
	young := func(r history.Record) bool { return j.ages.of(r, now) < settleAfter }
	for _, r := range slices.Backward(j.ledger.Open(young)) {
		in := intentOf(r)
		add(in)
		if r.From != "" { // a move takes the address from there
			in.ID, in.Verb = r.From, inventory.VerbUnassign
			add(in)
		}
	}
	slices.Reverse(list)
	return list
}

func intentOf(r history.Record) plan.Intent {
	return plan.Intent{
		Target: r.Target, Kind: inventory.Kind(r.ResourceKind), ID: r.ResourceID,
		Verb: inventory.Verb(r.Verb), Addresses: r.Addresses, Prefixes: r.Prefixes, At: r.Time,
	}
}

func cidrs(addresses []netip.Addr, prefixes []netip.Prefix) []netip.Prefix {
	list := slices.Clone(prefixes)
	for _, a := range addresses {
		list = append(list, netip.PrefixFrom(a, 32))
	}
	return list
}

// settle closes undecided intents by what is observed: done when the effect
// shows, not done when it did not show for long enough. A resource that was not
// observed decides nothing.
func (j *journal) settle(ctx context.Context, seen sightings, now time.Time) error {
	var records []history.Record
	for _, r := range j.ledger.Unsettled() {
		held, ok := seen[sighted{r.Target, r.ResourceID}]
		if !ok {
			continue
		}
		in := intentOf(r)
		outcome, patience := "", settleAfter
		if r.Outcome == history.OutcomeAccepted && !partlyVisible(in, held.addresses, held.prefixes) {
			patience = settleAcceptedAfter
		}
		switch {
		case plan.Visible(in, held.addresses, held.prefixes):
			outcome = history.OutcomeDone
		case j.ages.atLeast(r, now) > patience:
			outcome = history.OutcomeNotDone
		default:
			continue
		}
		records = append(records, history.Record{
			Kind: history.KindSettled, Commit: r.Commit, PlanHash: r.PlanHash, Target: r.Target, ResourceKind: r.ResourceKind,
			ResourceID: r.ResourceID, Verb: r.Verb, Addresses: r.Addresses, Prefixes: r.Prefixes, From: r.From,
			Intent: r.Seq, Outcome: outcome,
		})
	}
	_, err := j.append(ctx, records...)
	return err
}

// partlyVisible reports whether a part of a call's effect shows: then EC2 has
// carried it out, and the rest is not late but missing.
func partlyVisible(in plan.Intent, addresses []inventory.Address, prefixes []netip.Prefix) bool {
	one := in
	for _, ip := range in.Addresses {
		one.Addresses, one.Prefixes = []netip.Addr{ip}, nil
		if plan.Visible(one, addresses, prefixes) {
			return true
		}
	}
	for _, p := range in.Prefixes {
		one.Addresses, one.Prefixes = nil, []netip.Prefix{p}
		if plan.Visible(one, addresses, prefixes) {
			return true
		}
	}
	return false
}
