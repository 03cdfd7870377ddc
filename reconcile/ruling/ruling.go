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
	Name     string    // unique among waivers
	Rule     string    // <scope>.<name>; of scope spec or action
	Selector Selector  // whose zero value fits all
	Owner    string    // whom to ask
	Reason   string    // for people
	Expires  time.Time // from then on it does not count
	File     string    // the source's name and the path in it
	Line     int       // where the document begins, from 1
}

// Approval lets a plan go past its holds.
type Approval struct {
	Name     string    // unique among approvals
	PlanHash string    // sha256:…; see plan.Plan
	Approver string    // an e-mail address; one of the change's authors does not count
	Reason   string    // for people
	Expires  time.Time // from then on it does not count
	File     string    // the source's name and the path in it
	Line     int       // where the document begins, from 1
}

// Selector picks the specs that a waiver is about.
type Selector = spec.Selector

// Covers reports whether the waiver is about this rule and document, whether or
// not it has expired.
func (w Waiver) Covers(rule string, doc spec.Document) bool {
	return w.Rule == rule && w.Selector.Selects(doc)
}
