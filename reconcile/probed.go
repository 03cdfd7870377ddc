package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// probed remembers a dry-run's answers to one question. Each turn would else ask AWS the
// same, and take tokens for it:
//
//	yes         is not asked again
//	unknown     is asked again at the next turn
//	no          is asked again after a pause that doubles: somebody may mend IAM
//	not probed  is not asked, but where an unknown before it ended the round
type probed struct {
	question string
	answers  []apply.Probe
	again    time.Time // when those that were refused are asked again; zero: none was
	pause    time.Duration
}

// probeQuestion names what a dry-run asks: the plan, and which of it may go ahead.
func probeQuestion(p plan.Plan) string {
	question := p.PlanHash
	for _, r := range p.Resources {
		question += " " + string(r.State)
	}
	return question
}

// probe asks what is to be asked at this turn, and records what is news.
func (l *Loop) probe(ctx context.Context, t *Turn, runner *apply.Runner) error {
	question, now := probeQuestion(t.Plan()), l.cfg.Now()
	if l.probed.question != question {
		l.probed = probed{question: question}
	}
	before, due := l.probed.answers, !l.probed.again.IsZero() && !now.Before(l.probed.again)
	if t.Probes = before; before != nil && !due && !unanswered(before) {
		return nil
	}
	runner.Answered = slices.DeleteFunc(slices.Clone(before), func(pr apply.Probe) bool {
		return pr.Authorised != "yes" && (pr.Authorised != "no" || due)
	})
	t.Probes = runner.Probe(ctx, t.Approved)
	for _, pr := range t.Probes {
		if pr.Authorised == apply.Ignored {
			l.untrusted[pr.Target] = true
			l.cfg.Log.Error("the endpoint carried out a dry-run", "target", pr.Target, "resource", pr.ID, "action", pr.Action.String(), "message", pr.Message)
		}
	}
	if l.probed.learn(t.Probes, due, now, l.cfg.Interval); ctx.Err() != nil || l.preempted() {
		l.probed.question = "" // the round was broken off
	}
	return l.journal.probes(ctx, t.Plan(), news(t.Probes, before))
}

// learn takes answers over, and says when to ask again.
func (p *probed) learn(answers []apply.Probe, asked bool, now time.Time, interval time.Duration) {
	p.answers = answers
	switch {
	case !slices.ContainsFunc(answers, func(pr apply.Probe) bool { return pr.Authorised == "no" }):
		p.again, p.pause = time.Time{}, 0
	case p.again.IsZero():
		p.pause = interval
		p.again = now.Add(p.pause)
	case asked:
		p.pause = min(2*p.pause, max(interval, lastBackOff))
		p.again = now.Add(p.pause)
	}
}

// news are the answers that say something else than those before.
func news(answers, before []apply.Probe) []apply.Probe {
	return slices.DeleteFunc(slices.Clone(answers), func(pr apply.Probe) bool {
		return slices.ContainsFunc(before, func(old apply.Probe) bool {
			return old.Same(pr) && old.Authorised == pr.Authorised && old.Code == pr.Code
		})
	})
}

// unanswered reports whether AWS left something open.
func unanswered(probes []apply.Probe) bool {
	return slices.ContainsFunc(probes, func(p apply.Probe) bool { return p.Authorised == "unknown" })
}
