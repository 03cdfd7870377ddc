package rulebook

import (
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

// Book is the rules in force, and what people decided beside them.
type Book struct {
	Rules     []Rule     `json:"rules"`     // by id
	Approvals []Approval `json:"approvals"` // by file
	now       time.Time
}

// Rule is a rule and its waivers.
type Rule struct {
	policy.Rule
	Waivers []Waiver `json:"waivers,omitempty"`
}

// Waiver is a waiver as it stands now.
type Waiver struct {
	Name     string          `json:"name"`
	Selector ruling.Selector `json:"selector"`
	Owner    string          `json:"owner"`
	Reason   string          `json:"reason"`
	Expires  time.Time       `json:"expires"`
	Standing ruling.Standing `json:"standing"`
	File     string          `json:"file"`
	Line     int             `json:"line"`
}

// Approval is an approval as it stands now.
type Approval struct {
	Name     string          `json:"name"`
	PlanHash string          `json:"planHash"`
	Approver string          `json:"approver"`
	Reason   string          `json:"reason"`
	Expires  time.Time       `json:"expires"`
	Standing ruling.Standing `json:"standing"`
	File     string          `json:"file"`
	Line     int             `json:"line"`
}

// New puts waivers beside their rules, as all of it stands at an instant.
func New(rules []policy.Rule, rulings ruling.Set, now time.Time) Book {
	book := Book{Rules: []Rule{}, Approvals: []Approval{}, now: now}
	for _, r := range rules {
		listed := Rule{Rule: r}
		for _, w := range rulings.Waivers {
			if w.Rule == r.ID {
				listed.Waivers = append(listed.Waivers, Waiver{w.Name, w.Selector, w.Owner, w.Reason, w.Expires, w.Standing(now), w.File, w.Line})
			}
		}
		book.Rules = append(book.Rules, listed)
	}
	for _, a := range rulings.Approvals {
		book.Approvals = append(book.Approvals, Approval{a.Name, a.PlanHash, a.Approver, a.Reason, a.Expires, a.Standing(now), a.File, a.Line})
	}
	return book
}
