package main

import (
	"fmt"
	"log/slog"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// eventLogger logs what the daemon does: a plan when it differs from the last
// one, and every call.
func eventLogger(log *slog.Logger) func(reconcile.Event) {
	last, probed := "", ""
	return func(e reconcile.Event) {
		switch e.Kind {
		case reconcile.EventPlanned:
			p := e.Turn.Plan()
			if now := fmt.Sprint(p.PlanHash, p.Hold, p.Summary); now != last { // a window that opens changes no hash
				last = now
				logPlan(log, p)
			}
		case reconcile.EventDrift:
			logDrift(log, *e.Resource)
		case reconcile.EventTurned:
			if p := e.Turn.Plan(); p.PlanHash != probed {
				probed = p.PlanHash
				logProbes(log, e.Turn.Probes)
			}
		case reconcile.EventStep:
			s := e.Step
			attrs := []any{"resource", s.ID, "action", s.Action.String(), "commit", s.Commit, "planHash", s.PlanHash}
			if s.Outcome == "" {
				log.Info("calling EC2", attrs...)
				return
			}
			log.Info("EC2 answered", append(attrs, "outcome", string(s.Outcome), "code", s.Code, "requestId", s.RequestID, "message", s.Message)...)
		}
	}
}

func logPlan(log *slog.Logger, p plan.Plan) {
	log.Info("planned", "commit", p.Commit, "planHash", p.PlanHash, "mode", p.Mode,
		"inSync", p.Summary.InSync, "pending", p.Summary.Pending, "converging", p.Summary.Converging,
		"blocked", p.Summary.Blocked, "held", p.Summary.Held, "denied", p.Summary.Denied, "error", p.Summary.Error)
	if p.Hold != "" {
		log.Warn("the commit is held", "commit", p.Commit, "reason", p.Hold)
	}
	for _, r := range p.Resources {
		if r.State != plan.InSync {
			log.Info("resource", "id", r.ID, "spec", r.Spec.Name, "file", r.Spec.File, "line", r.Spec.Line, "state", string(r.State), "reason", r.Reason)
		}
	}
}

// logDrift says what drifted, an address a line.
func logDrift(log *slog.Logger, r plan.Resource) {
	for _, s := range r.Drift.Addresses {
		attrs := []any{"resource", r.ID, "spec", r.Spec.Name, "address", s.Address, "change", string(s.Change), "since", s.Since}
		if !s.RightAt.IsZero() {
			attrs = append(attrs, "rightAt", s.RightAt)
		}
		if s.Who != nil {
			attrs = append(attrs, "who", s.Who.Principal, "operation", s.Who.Operation, "at", s.Who.Time, "sourceIP", s.Who.SourceIP, "eventID", s.Who.EventID)
		}
		if r.Drift.Adopt != "" {
			attrs = append(attrs, "toKeepIt", r.Drift.Adopt)
		}
		if r.Drift.Note != "" {
			attrs = append(attrs, "note", r.Drift.Note)
		}
		log.Warn("drift", attrs...)
	}
}

func logProbes(log *slog.Logger, probes []apply.Probe) {
	for _, p := range probes {
		log.Info("dry-run", "resource", p.ID, "action", p.Action.String(), "authorised", p.Authorised, "feasible", p.Feasible,
			"code", p.Code, "requestId", p.RequestID, "message", p.Message)
	}
}
