package render

import (
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// AuditReport is what policy says of specs. Its JSON is the output of
// `sluice audit -o json`.
type AuditReport struct {
	PolicyDigest string          `json:"policyDigest"`
	Documents    []AuditDocument `json:"documents"`
	Problems     []string        `json:"problems"`       // "file:line:column: …", of no one document
	Diff         *AuditDiff      `json:"diff,omitempty"` // nil: every document was judged
	Live         *AuditLive      `json:"live,omitempty"` // nil: EC2 was not asked
	Summary      AuditSummary    `json:"summary"`        // set by [AuditJSON]

	Titles map[string]string `json:"titles,omitempty"` // of rules, by id, as far as they are known
}

// AuditDocument is one spec. With problems it was not judged and has no rules.
type AuditDocument struct {
	File     string      `json:"file"`
	Line     int         `json:"line"`
	Kind     string      `json:"kind"`
	Name     string      `json:"name"`
	Problems []string    `json:"problems"` // "file:line:column: …"
	Rules    []AuditRule `json:"rules"`

	// Explanations say of a document that is denied or held why each rule fired, or
	// did not; empty when nobody asked.
	Explanations []policy.Explanation `json:"explanations,omitempty"`

	// With a diff: what became of it (one of the changes below), and the gravest
	// decision before and now. Was is empty where there was no such document.
	Change string `json:"change,omitempty"`
	Was    string `json:"was,omitempty"`
	Now    string `json:"now,omitempty"`

	Live *AuditState `json:"live,omitempty"` // nil: EC2 was not asked
}

// AuditRule is what one rule says of a document: pass, warn, cap, hold, deny, or
// error when it could not be evaluated.
type AuditRule struct {
	ID       string `json:"rule"`
	Decision string `json:"decision"`
	Msg      string `json:"msg"`
	Line     int    `json:"line,omitempty"`   // of the offending YAML in the document's file; 0: the document's own
	Column   int    `json:"column,omitempty"` // counted in characters from 1; 0 when not known
	Was      string `json:"was,omitempty"`    // with a diff: the rule's gravest decision before
}

// NotJudged is said of a document that has neither problems nor rules.
const NotJudged = "no rule was evaluated, so nothing is known of this document"

// The changes of a document since the base of a diff. One that did not change is
// listed for its problems only.
const (
	Added     = "added"
	Changed   = "changed"
	Unchanged = "unchanged"
)

// AuditDiff says what the documents were compared with.
type AuditDiff struct {
	Base      string      `json:"base"`             // as it was asked for
	Commit    string      `json:"commit,omitempty"` // its id; empty where nothing of the paths was there
	Unchanged int         `json:"unchanged"`        // documents that were not judged, as they did not change
	Gone      []AuditGone `json:"gone"`
}

// AuditGone is a document that is there no more. Its resource stays as it is.
type AuditGone struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	Was  string `json:"was"` // the gravest decision
}

// AuditLive is what EC2 adds to an audit: the judged plan, and the live addresses
// that no spec names.
type AuditLive struct {
	Plan    plan.Plan        `json:"plan"`
	Unnamed []AuditAddresses `json:"unnamed"`

	Commit Commit `json:"-"` // that the plan would carry out
}

// AuditState is where the resource of a document stands.
type AuditState struct {
	Target string     `json:"target"`
	ID     string     `json:"id"` // empty when no resource was found
	State  plan.State `json:"state"`
	Reason string     `json:"reason"`
}

// AuditAddresses are secondary addresses of one resource that no spec names.
type AuditAddresses struct {
	Target    string         `json:"target"`
	Kind      string         `json:"kind"`
	ID        string         `json:"id"`
	Name      string         `json:"name,omitempty"` // the tag Name
	Addresses []AuditAddress `json:"addresses"`
	Spec      *plan.SpecRef  `json:"spec,omitempty"` // of the resource; nil when no spec names it at all
	Why       string         `json:"why"`
}

// AuditAddress is a live address. Its status is empty when it is settled.
type AuditAddress struct {
	IP     string `json:"ip"`
	Status string `json:"status,omitempty"` // EC2's, such as unassigning
}

// List writes the addresses on one line.
func (a AuditAddresses) List() string {
	var list []string
	for _, one := range a.Addresses {
		text := one.IP
		if one.Status != "" {
			text += " (" + one.Status + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// AuditJSON writes a report's stable JSON form.
func AuditJSON(w io.Writer, r AuditReport) error {
	r.Summary = r.Count()
	r.Problems = append([]string{}, r.Problems...)
	r.Documents = append([]AuditDocument{}, r.Documents...)
	for i := range r.Documents {
		d := &r.Documents[i]
		d.Problems, d.Rules = append([]string{}, d.Problems...), append([]AuditRule{}, d.Rules...)
	}
	if r.Diff != nil {
		diff := *r.Diff
		diff.Gone = append([]AuditGone{}, diff.Gone...)
		r.Diff = &diff
	}
	if r.Live != nil {
		live := *r.Live
		live.Plan, live.Unnamed = live.Plan.WholeLists(), append([]AuditAddresses{}, live.Unnamed...)
		r.Live = &live
	}
	return writeJSON(w, r)
}

// Add lists addresses, if there are any.
func (l *AuditLive) Add(a AuditAddresses, any bool) {
	if any {
		l.Unnamed = append(l.Unnamed, a)
	}
}
