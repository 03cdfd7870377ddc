package ruling

import (
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Set is all rulings of the policy sources, in the order of their files, and what
// the configuration says of rules.
type Set struct {
	Waivers   []Waiver
	Approvals []Approval
	Lowered   []string // ids of the rules that the configuration made advisory
}

// Waiver takes a rule's hold off the resources that it selects.
type Waiver struct {
	Name     string
	Rule     string // <scope>.<name>
	Selector Selector
	Owner    string
	Reason   string
	Expires  time.Time
	File     string
	Line     int
}

// Approval lets a plan go past its holds.
type Approval struct {
	Name     string
	PlanHash string // sha256:…
	Approver string // an e-mail address
	Reason   string
	Expires  time.Time
	File     string
	Line     int
}

// Selector picks the specs that a waiver is about.
type Selector = spec.Selector

// Covers reports whether the waiver is about this rule and document, whether or
// not it has expired.
func (w Waiver) Covers(rule string, doc spec.Document) bool {
	return w.Rule == rule && w.Selector.Selects(doc)
}
