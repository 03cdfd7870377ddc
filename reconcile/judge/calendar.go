package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// wait holds what the calendar closes now. It comes behind approvals, which do not
// lift it: they answer whether a change may be made, the calendar when. So a plan
// that was approved in office hours still waits for its window.
func (j *judgement) wait() {
	a := j.approved()
	for i := range j.p.Resources {
		r := &j.p.Resources[i]
		j.noteEndedSuspend(r)
		if r.State != plan.Pending && r.State != plan.Held {
			continue
		}
		docs := a.touched(keyOf(r), slices.Concat(r.Waves...))
		holds := closed(a.calendar, docs, j.c.Now)
		if len(holds) == 0 {
			continue
		}
		reason := fmt.Sprintf("%s: %s", holds[0].Rule, holds[0].Msg)
		if opens := a.calendar.Opens(j.c.Now, docs...); !opens.IsZero() {
			r.Opens = &opens
			reason += "; goes on by itself " + calendar.Clock(opens)
		}
		for _, h := range holds {
			r.Verdicts = appendOnce(r.Verdicts, plan.Verdict{Rule: h.Rule, Decision: policy.Hold, Msg: h.Msg})
		}
		if r.State == plan.Pending { // what waits for an approval says so first
			r.Stop(plan.Held, reason)
		}
	}
}

// noteEndedSuspend warns of a suspend that no longer counts, so that somebody takes
// it out.
func (j *judgement) noteEndedSuspend(r *plan.Resource) {
	if doc, ok := j.docs[r.Spec]; ok {
		if v, ended := endedSuspend(doc.Document, j.c.Now); ended {
			r.Verdicts = appendOnce(r.Verdicts, v)
		}
	}
}

func endedSuspend(doc spec.Document, now time.Time) (plan.Verdict, bool) {
	if doc.Suspend == nil || now.Before(doc.Suspend.Until) {
		return plan.Verdict{}, false
	}
	return plan.Verdict{Rule: calendar.SuspendRule, Decision: policy.Warn,
		Msg: fmt.Sprintf("the suspend ended %s and does not count; take it out of the spec", calendar.Clock(doc.Suspend.Until))}, true
}

// Closed returns why the calendar lets an action wait at an instant; nothing when it
// may be carried out. What was approved was so for the instant of the judgement:
// whoever carries it out asks again before each call.
func (a Approved) Closed(target string, kind inventory.Kind, id string, act plan.Action, now time.Time) []calendar.Hold {
	return closed(a.calendar, a.touched(liveKey{target, kind, id}, []plan.Action{act}), now)
}

// touched are the documents whose resources are changed: a move also changes the
// interface that it takes the address from.
func (a Approved) touched(resource liveKey, actions []plan.Action) []spec.Document {
	ids := []string{resource.id}
	for _, act := range actions {
		if act.From != "" && !slices.Contains(ids, act.From) {
			ids = append(ids, act.From)
		}
	}
	var docs []spec.Document
	for _, id := range ids {
		if doc, ok := a.owners[liveKey{resource.target, resource.kind, id}]; ok {
			docs = append(docs, doc)
		}
	}
	return docs
}

func closed(c calendar.Calendar, docs []spec.Document, now time.Time) []calendar.Hold {
	var holds []calendar.Hold
	for _, doc := range docs {
		holds = append(holds, c.Closed(doc, now)...)
	}
	return holds
}

// approved is the plan as it stands, with what is needed to ask the calendar again.
func (j *judgement) approved() Approved {
	a := Approved{plan: j.p, calendar: j.c.Calendar, left: j.left, owners: map[liveKey]spec.Document{}}
	for i := range j.p.Resources {
		r := &j.p.Resources[i]
		if doc, ok := j.docs[r.Spec]; ok && r.ID != "" {
			a.owners[keyOf(r)] = doc.Document
		}
	}
	return a
}
