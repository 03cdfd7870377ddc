package judge

import "github.com/seed-6ca89210/sluice/reconcile/plan"

// CommitRule is the id under which the hold of a whole commit stands among the
// verdicts: where it comes from, or who signed it, is not as it must be.
const CommitRule = "guard.commit"

// holdCommit holds every change that a commit asks for which is itself held. What is
// in transition goes on. It comes after the budget, so that whoever approves the plan
// has seen what else holds it.
func (j *judgement) holdCommit() {
	if j.c.CommitHold == "" {
		return
	}
	j.p.Hold = j.c.CommitHold
	for i := range j.p.Resources {
		if r := &j.p.Resources[i]; len(r.Waves) > 0 {
			const msg = "the commit is held" // why stands once, in the plan
			r.Verdicts = appendOnce(r.Verdicts, plan.Verdict{Rule: CommitRule, Decision: "hold", Msg: msg})
			stop(r, "hold", CommitRule, msg)
		}
	}
}
