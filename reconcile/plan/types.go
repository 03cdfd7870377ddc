package plan

import (
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Version is the version of the JSON form of a [Plan].
const Version = 1

// Plan is what is to be done, as data: the JSON of `sluice plan -o json`.
type Plan struct {
	Version       int        `json:"version"`
	Commit        string     `json:"commit"`
	PolicyDigest  string     `json:"policyDigest"`
	InventoryHash string     `json:"inventoryHash"`
	PlanHash      string     `json:"planHash"`
	Mode          string     `json:"mode"`
	Hold          string     `json:"hold,omitempty"` // why the commit itself is held, and with it every change
	Resources     []Resource `json:"resources"`      // by target, kind, id, spec
	Summary       Summary    `json:"summary"`
}

// Resource is one spec's part of a plan.
type Resource struct {
	Target   string         `json:"target"`
	Kind     inventory.Kind `json:"kind"`
	ID       string         `json:"id"` // empty when the spec could not be matched to a resource
	Spec     SpecRef        `json:"spec"`
	State    State          `json:"state"`
	Reason   string         `json:"reason"`
	Waves    [][]Action     `json:"waves"`
	Verdicts []Verdict      `json:"verdicts"`
	Drift    *Drift         `json:"drift,omitempty"` // nil: a commit asked for the difference, or there is none
	// Opens is when what the calendar holds goes on by itself, if nothing else holds
	// it then; nil: the calendar does not hold it, or no such instant is within sight.
	Opens *time.Time `json:"opens,omitempty"`
}

// SpecRef says where a spec stands.
type SpecRef struct {
	Name string `json:"name"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Action is one EC2 call to be made.
type Action struct {
	Verb            inventory.Verb `json:"verb"`
	Addresses       []netip.Addr   `json:"addresses,omitempty"`
	Prefixes        []netip.Prefix `json:"prefixes,omitempty"`
	MaxDrainSeconds int            `json:"maxDrainSeconds,omitempty"`
	From            string         `json:"from,omitempty"` // move: the interface that holds the address now
}

// Verdict is what one policy rule said of a resource or of the whole plan.
type Verdict struct {
	Rule     string `json:"rule"`
	Decision string `json:"decision"` // allow, warn, cap, hold, deny
	Msg      string `json:"msg"`
}

// State is where a resource stands.
type State string

// The states of a resource.
const (
	InSync     State = "in-sync"    // nothing to do
	Pending    State = "pending"    // the waves are to be carried out
	Converging State = "converging" // something is in transition: wait
	Blocked    State = "blocked"    // cannot go on until something outside sluice changes
	Held       State = "held"       // policy or a budget wants an approval, or the calendar says not now
	Denied     State = "denied"     // policy said no
	Error      State = "error"      // the spec is wrong, or EC2 could not be read
)

// Summary counts resources by state.
type Summary struct {
	InSync     int `json:"inSync"`
	Pending    int `json:"pending"`
	Converging int `json:"converging"`
	Blocked    int `json:"blocked"`
	Held       int `json:"held"`
	Denied     int `json:"denied"`
	Error      int `json:"error"`
}

// WholeLists returns the plan with every list a JSON list: readers need not know
// null.
func (p Plan) WholeLists() Plan {
	p.Resources = append([]Resource{}, p.Resources...)
	for i := range p.Resources {
		r := &p.Resources[i]
		r.Waves, r.Verdicts = append([][]Action{}, r.Waves...), append([]Verdict{}, r.Verdicts...)
		for w := range r.Waves {
			r.Waves[w] = append([]Action{}, r.Waves[w]...)
		}
	}
	return p
}
