package adopt

import (
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Input is what [Make] goes by.
type Input struct {
	Inventories  []inventory.Inventory // one a target
	Documents    []spec.Document       // the specs that there are, good and bad
	GatewayLimit map[string]int        // by target; see plan.Input

	// Wanted selects the resources to write specs for; nil: all.
	Wanted func(Resource) bool
	// Bare writes specs too for network interfaces that hold neither a secondary
	// address nor a prefix. Such a spec says that it shall stay so.
	Bare bool
	// FolderPerTarget puts each target's files into a folder of its own.
	FolderPerTarget bool
}

// Spec is a spec that was written.
type Spec struct {
	Resource
	Name string // of the document
	File string // relative to the folder of the specs, with slashes
	Text []byte // YAML, one document
}

// Why says what kind of reason a resource was left out for.
type Why string

// The kinds of reason.
const (
	Named   Why = "named"   // a spec names it already
	Waiting Why = "waiting" // in transition, or not fully known: later it may be written
	Service Why = "service" // an AWS service manages it
	Bare    Why = "bare"    // an interface with nothing that a spec could keep
	Unfit   Why = "unfit"   // it cannot be managed
)

const noPrimary = "EC2 does not say which of its addresses is the primary, so it is not known which are secondary"

// Left is a resource that was left out.
type Left struct {
	Resource
	Why    Why
	Reason string         // for people
	By     *spec.Document // that names it; nil unless Why is Named
}

// Make writes a spec for each wanted resource that no document names, as far as its
// plan then makes no call and spoils no other spec. Both lists are by target, kind
// and id; each wanted resource is in one of them.
func Make(in Input) ([]Spec, []Left) {
	var specs []Spec
	var left []Left
	for _, r := range Resources(in.Inventories) {
		if in.Wanted != nil && !in.Wanted(r) {
			continue
		}
		if l, out := leaveOut(r, in); out {
			left = append(left, l)
			continue
		}
		specs = append(specs, Spec{Resource: r})
	}
	name(specs, in)
	for i := range specs {
		specs[i].Text = write(specs[i])
	}
	good, bad := prove(specs, in)
	left = append(left, bad...)
	slices.SortStableFunc(left, func(a, b Left) int { return compare(a.Resource, b.Resource) })
	return good, left
}

// leaveOut finds the reasons that the planner does not know.
func leaveOut(r Resource, in Input) (Left, bool) {
	if d, named := r.NamedBy(in.Documents); named {
		return Left{r, Named, "a spec names it already", &d}, true
	}
	if why := r.foreign(); why != "" {
		return Left{r, Unfit, why, nil}, true
	}
	if r.service || r.passing {
		return Left{}, false // the planner says it better
	}
	if _, known := inventory.Primary(r.Addresses); !known && len(r.Addresses) > 0 {
		return Left{r, Waiting, noPrimary, nil}, true
	}
	if r.Kind == inventory.KindNetworkInterface && !in.Bare && len(r.secondary())+len(r.Prefixes) == 0 {
		return Left{r, Bare, "it holds no secondary address and no prefix; name it by its id to write a spec all the same", nil}, true
	}
	return Left{}, false
}

// prove plans all specs together with those that there are, and keeps the ones that
// are in sync. To leave one out never makes another one worse: it takes away a claim.
func prove(specs []Spec, in Input) (good []Spec, bad []Left) {
	var files []spec.File
	for _, s := range specs {
		files = append(files, spec.File{Path: s.File, Data: s.Text})
	}
	docs := slices.DeleteFunc(slices.Clone(in.Documents), func(d spec.Document) bool { return len(d.Problems) > 0 })
	if len(files) > 0 {
		docs = append(docs, spec.Parse(files).Documents...)
	}
	planned := plan.Make(plan.Input{Documents: docs, Inventories: in.Inventories, GatewayLimit: in.GatewayLimit})
	states := map[string]plan.Resource{}
	for _, r := range planned.Resources {
		states[r.Spec.File] = r // of the new ones, each has a file of its own
	}
	for _, s := range specs {
		switch r := states[s.File]; {
		case r.State == plan.InSync:
			good = append(good, s)
		case s.service:
			bad = append(bad, Left{s.Resource, Service, r.Reason, nil})
		case r.State == plan.Converging || r.State == plan.Blocked:
			bad = append(bad, Left{s.Resource, Waiting, r.Reason, nil})
		default:
			bad = append(bad, Left{s.Resource, Unfit, r.Reason, nil})
		}
	}
	return good, bad
}
