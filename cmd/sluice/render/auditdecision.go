package render

import "github.com/seed-6ca89210/sluice/reconcile/plan"

// AuditSummary counts documents, each by the gravest thing said of it.
type AuditSummary struct {
	Documents int `json:"documents"`
	Passed    int `json:"passed"` // nothing but passes and warnings
	Held      int `json:"held"`
	Denied    int `json:"denied"`
	Faulty    int `json:"faulty"`   // with problems, no rule, a rule that could not be evaluated, or no plan
	Warnings  int `json:"warnings"` // of all documents
	Problems  int `json:"problems"` // of all documents, and of none
}

// Count summarises a report.
func (r *AuditReport) Count() AuditSummary {
	s := AuditSummary{Documents: len(r.Documents), Problems: len(r.Problems)}
	for _, d := range r.Documents {
		for _, rule := range d.Rules {
			if rule.Decision == "warn" {
				s.Warnings++
			}
		}
		s.Problems += len(d.Problems)
		switch d.Decision() {
		case "error":
			s.Faulty++
		case "deny":
			s.Denied++
		case "hold":
			s.Held++
		default:
			s.Passed++
		}
	}
	return s
}

// Decision is the gravest thing said of a document: error, deny, hold, warn or
// pass. No rule is no pass, and neither is a resource that cannot be planned.
func (d AuditDocument) Decision() string {
	if len(d.Problems) > 0 || len(d.Rules) == 0 || d.Live != nil && !d.Live.Plannable() {
		return "error"
	}
	worst := "pass"
	for _, rule := range d.Rules {
		if g := grade(rule.Decision); graver(g, worst) && (g != "hold" || !d.Approved()) {
			worst = g
		}
	}
	return worst
}

// Approved reports whether what rules hold goes ahead all the same: a resource
// that is pending was let past its holds.
func (d AuditDocument) Approved() bool { return d.Live != nil && d.Live.State == plan.Pending }

// Plannable reports whether a plan could be made for the resource.
func (s AuditState) Plannable() bool {
	switch s.State {
	case plan.Error, plan.Blocked:
		return false
	case plan.InSync, plan.Pending, plan.Converging, plan.Held, plan.Denied:
		return true
	}
	return false
}

// Gravest returns the gravest decision of a list; "" for none.
func Gravest(decisions ...string) string {
	worst := ""
	for _, d := range decisions {
		if graver(d, worst) {
			worst = d
		}
	}
	return worst
}

// graver reports whether one decision stands above another.
func graver(a, b string) bool { return weight(a) > weight(b) }

// weight orders decisions. What is not known is no pass.
func weight(decision string) int {
	switch decision {
	case "":
		return 0
	case "pass", "allow":
		return 1
	case "cap", "waived":
		return 2
	case "warn":
		return 3
	case "hold":
		return 4
	case "deny":
		return 5
	}
	return 6
}

// grade is one of the words that a document is counted by.
func grade(decision string) string {
	switch w := weight(decision); {
	case w == 0, w > 5:
		return "error"
	case w < 3:
		return "pass"
	}
	return decision
}
