package backtest

import (
	"context"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Rules is one of the two sides.
type Rules struct {
	Engine  judge.Engine
	Levels  map[string]policy.Level // by rule
	Rulings ruling.Set              // waivers and approvals beside the rules
}

// Commit is one commit and the documents that it holds.
type Commit struct {
	judge.Commit
	At        time.Time       // the time that rules see
	Documents []spec.Document // good and bad
}

// Decision is a recorded decision and what it rested on.
type Decision struct {
	At          time.Time             // when it was recorded: the time that rules see
	Plan        plan.Plan             // before it was judged
	Inventories []inventory.Inventory // what it was made from, as far as rules see of it
}

// Case is what is judged twice.
type Case struct {
	Current, Proposed Rules
	Commits           []Commit // oldest first
	Decisions         []Decision
	Budget            judge.Budget
	Now               time.Time
}

// Flip is one decision that would not be the same.
type Flip struct {
	Commit string    `json:"commit"`
	At     time.Time `json:"at"`
	// Subject is "document" or "plan"; what follows says which.
	Subject string `json:"subject"`
	Name    string `json:"name"` // of the spec
	File    string `json:"file"`
	Line    int    `json:"line"`
	Target  string `json:"target,omitempty"` // of a plan's resource, with the next
	ID      string `json:"id,omitempty"`
	Rule    string `json:"rule"`
	Was     string `json:"was"` // pass, waived, cap, warn, hold, deny, error
	Is      string `json:"is"`
	Msg     string `json:"msg"` // of the proposed rule, or of the one in force when that passes
}

// Report is the result. Equal cases give equal reports.
type Report struct {
	Commits   int    `json:"commits"`
	Documents int    `json:"documents"` // that were judged: one that a commit left as it was counts once
	Plans     int    `json:"plans"`
	Unknown   int    `json:"unknown"` // recorded plans of other commits or documents, which cannot be judged again
	Flips     []Flip `json:"flips"`
}

// Run judges everything twice. Its only error is the context's.
func Run(ctx context.Context, c Case) (Report, error) {
	r := Report{Commits: len(c.Commits), Flips: []Flip{}}
	seen := map[string]map[string]string{} // by document: what flipped at the commit before
	byID := map[string]Commit{}
	commits := slices.Clone(c.Commits)
	if n := len(commits); n > 0 { // and what there is now, as of now
		last := commits[n-1]
		last.At = c.Now
		commits = append(commits, last)
	}
	for _, commit := range commits {
		byID[commit.ID] = commit
		docs := slices.DeleteFunc(slices.Clone(commit.Documents), func(d spec.Document) bool { return len(d.Problems) > 0 })
		for i, flips := range documents(ctx, c, commit, docs) {
			key := docs[i].File + "\x00" + string(docs[i].JSON)
			before, known := seen[key]
			if !known {
				r.Documents++
			}
			now := map[string]string{}
			for _, f := range flips {
				now[f.Rule] = f.Was + " " + f.Is
				if before[f.Rule] != now[f.Rule] { // as time goes by, rules say other things of the same document
					r.Flips = append(r.Flips, f)
				}
			}
			seen[key] = now
		}
	}
	for _, d := range c.Decisions {
		commit, ok := byID[d.Plan.Commit]
		if !ok {
			r.Unknown++
			continue
		}
		if d.Plan, ok = ofCommit(d.Plan, commit); !ok {
			r.Unknown++
			continue
		}
		r.Plans++
		for _, f := range planned(ctx, c, commit, d) {
			same := func(g Flip) bool { g.At = f.At; return g == f }
			if !slices.ContainsFunc(r.Flips, same) { // a change takes several plans
				r.Flips = append(r.Flips, f)
			}
		}
	}
	return r, ctx.Err()
}

// documents compares what the spec rules say of each document of a commit, at the
// commit's time.
func documents(ctx context.Context, c Case, commit Commit, docs []spec.Document) [][]Flip {
	said := func(rules Rules) []verdicts {
		a := judge.Auditor{Engine: rules.Engine, Levels: rules.Levels, Rulings: rules.Rulings, Now: commit.At}
		list := make([]verdicts, len(docs))
		for i, findings := range a.Specs(ctx, docs) {
			list[i] = verdicts{}
			for _, f := range findings.List {
				list[i].add(f.Rule, f.Decision, f.Msg)
			}
			if findings.Err != nil {
				list[i].add(judge.EngineRule, "error", findings.Err.Error())
			}
		}
		return list
	}
	was, is := said(c.Current), said(c.Proposed)
	list := make([][]Flip, len(docs))
	for i, doc := range docs {
		list[i] = flips(was[i], is[i], Flip{
			Commit: commit.ID, At: commit.At, Subject: "document", Name: doc.Name, File: doc.File, Line: doc.Line,
		})
	}
	return list
}

// ofCommit ties a plan's resources to the documents of its commit, by name: the
// same file is called otherwise where the repository was read in another way.
func ofCommit(p plan.Plan, commit Commit) (plan.Plan, bool) {
	named := map[string]spec.Document{}
	for _, d := range commit.Documents {
		if len(d.Problems) == 0 {
			named[d.Name] = d
		}
	}
	p.Resources = slices.Clone(p.Resources)
	for i, r := range p.Resources {
		d, ok := named[r.Spec.Name]
		if !ok {
			return p, false
		}
		p.Resources[i].Spec = plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}
	}
	return p, true
}

// planned compares what the action and plan rules, the guard and the budget say of
// a recorded plan. What spec rules say of the documents behind it is told with them.
func planned(ctx context.Context, c Case, commit Commit, d Decision) []Flip {
	judged := func(rules Rules) []plan.Resource {
		return judge.Judge(ctx, withoutSpec{rules.Engine}, judge.Case{
			Plan: d.Plan, Documents: commit.Documents, Inventories: d.Inventories, Commit: commit.Commit,
			Budget: c.Budget, Levels: rules.Levels, Rulings: rules.Rulings, Now: d.At,
		}).Plan().Resources
	}
	was, is := judged(c.Current), judged(c.Proposed)
	var list []Flip
	for i, r := range was {
		list = append(list, flips(ofResource(r), ofResource(is[i]), Flip{
			Commit: commit.ID, At: d.At, Subject: "plan", Name: r.Spec.Name, File: r.Spec.File, Line: r.Spec.Line, Target: r.Target, ID: r.ID,
		})...)
	}
	return list
}

func ofResource(r plan.Resource) verdicts {
	v := verdicts{}
	for _, said := range r.Verdicts {
		v.add(said.Rule, said.Decision, said.Msg)
	}
	return v
}

// withoutSpec is an engine whose spec rules say nothing.
type withoutSpec struct{ judge.Engine }

func (e withoutSpec) EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer {
	if scope == policy.ScopeSpec {
		return make([]policy.Answer, n)
	}
	return e.Engine.EvalAll(ctx, scope, n, input, now)
}
