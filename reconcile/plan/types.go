package plan

import (
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Version is the version of the JSON form of a [Plan].
const Version = 1

// Plan is what is to be done, as data: the JSON of `sluice plan -o json`. A copy shares
// its slices: whoever changes one clones them first, and seals it afterwards.
type Plan struct {
	Version       int        `json:"version"`        // see [Version]
	Commit        string     `json:"commit"`         // see gitsource.Commit; only compared here
	PolicyDigest  string     `json:"policyDigest"`   // sha256:…, of all rules in force
	InventoryHash string     `json:"inventoryHash"`  // sha256:…, of what EC2 reports of the resources of specs
	PlanHash      string     `json:"planHash"`       // sha256:…, what an approval names; set by [Plan.Seal]
	Mode          string     `json:"mode"`           // observe, dry-run or apply; not in the hash
	Hold          string     `json:"hold,omitempty"` // why the commit itself is held, and with it every change
	Resources     []Resource `json:"resources"`      // by target, kind, id, spec
	Summary       Summary    `json:"summary"`        // set by [Plan.Seal]
}

// Resource is one spec's part of a plan.
type Resource struct {
	Target   string         `json:"target"`
	Kind     inventory.Kind `json:"kind"`
	ID       string         `json:"id"` // empty when the spec could not be matched to a resource
	Spec     SpecRef        `json:"spec"`
	State    State          `json:"state"`
	Reason   string         `json:"reason"`          // why it is in that state, for people
	Waves    [][]Action     `json:"waves"`           // what is left to do, in order; the next wave begins once this one has settled
	Verdicts []Verdict      `json:"verdicts"`        // of reconcile/judge; none in a plan that Make made
	Drift    *Drift         `json:"drift,omitempty"` // nil: a commit asked for the difference, or there is none
	// Opens is when what the calendar holds goes on by itself, if nothing else holds
	// it then; nil: the calendar does not hold it, or no such instant is within sight.
	Opens *time.Time `json:"opens,omitempty"`
}

// SpecRef says where a spec stands. It names one document of a snapshot.
type SpecRef struct {
	Name string `json:"name"`
	File string `json:"file"` // within the snapshot, with slashes
	Line int    `json:"line"` // from 1
}

// Action is one EC2 call to be made, on the resource that it stands at. It names either
// addresses or prefixes.
type Action struct {
	Verb            inventory.Verb `json:"verb"`
	Addresses       []netip.Addr   `json:"addresses,omitempty"`
	Prefixes        []netip.Prefix `json:"prefixes,omitempty"`        // network interfaces only
	MaxDrainSeconds int            `json:"maxDrainSeconds,omitempty"` // unassign on a NAT gateway, 1 to 4000; else 0
	From            string         `json:"from,omitempty"`            // move: the interface that holds the address now
}

// Verdict is what one policy rule said of a resource or of the whole plan.
type Verdict struct {
	Rule     string `json:"rule"`     // its id, such as action.cap_drain; sluice's own are constants of reconcile/judge
	Decision string `json:"decision"` // allow, warn, waived, cap, hold, deny
	Msg      string `json:"msg"`      // for people
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
