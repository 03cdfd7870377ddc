package view

import (
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Fleet is one status, with what finds its way in it. It does not change, and is
// made once a turn.
type Fleet struct {
	status      reconcile.Status
	live        map[place]live
	documents   map[plan.SpecRef]*spec.Document
	transitions map[place][]reconcile.Transition
	planned     map[place][]int // indexes into the plan's resources
}

// place names a resource.
type place struct{ target, id string }

// live is what EC2 reports of a resource: one of the two is set.
type live struct {
	gateway *inventory.NatGateway
	nic     *inventory.NetworkInterface
}

func (l live) addresses() []inventory.Address {
	switch {
	case l.gateway != nil:
		return l.gateway.Addresses
	case l.nic != nil:
		return l.nic.Addresses
	}
	return nil
}

// NewFleet indexes a status.
func NewFleet(s reconcile.Status) *Fleet {
	f := &Fleet{
		status: s, live: map[place]live{}, documents: map[plan.SpecRef]*spec.Document{},
		transitions: map[place][]reconcile.Transition{}, planned: map[place][]int{},
	}
	for i := range s.Inventories {
		inv := &s.Inventories[i]
		for n := range inv.NatGateways {
			f.live[place{inv.Target, inv.NatGateways[n].ID}] = live{gateway: &inv.NatGateways[n]}
		}
		for n := range inv.NetworkInterfaces {
			f.live[place{inv.Target, inv.NetworkInterfaces[n].ID}] = live{nic: &inv.NetworkInterfaces[n]}
		}
	}
	for i := range s.Documents {
		d := &s.Documents[i]
		f.documents[plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}] = d
	}
	for _, t := range s.Transitions {
		f.transitions[place{t.Target, t.ID}] = append(f.transitions[place{t.Target, t.ID}], t)
	}
	for i, r := range s.Plan.Resources {
		f.planned[placeOf(r)] = append(f.planned[placeOf(r)], i)
	}
	return f
}

func placeOf(r plan.Resource) place { return place{r.Target, r.ID} }

// Status returns what the fleet was made of.
func (f *Fleet) Status() reconcile.Status { return f.status }

// Query picks resources: all that is set must fit.
type Query struct {
	Text   string // a part of a name, id, file, label (key=value) or address
	State  plan.State
	Target string
	Due    bool // only those that something is to be done or to be said about
	Offset int
	Limit  int // 1 to MaxRows
}

// MaxRows is how many resources are shown at once.
const MaxRows = 1000

// List is the resources that fit a query.
type List struct {
	Resources []Resource `json:"resources"`
	Matched   int        `json:"matched"` // that fit, of which Resources is a part
	Total     int        `json:"total"`
	Offset    int        `json:"offset"`
}

// List picks resources, those that need attention first, else in the plan's order.
func (f *Fleet) List(q Query, now time.Time) List {
	q.Limit, q.Offset = min(max(q.Limit, 1), MaxRows), max(q.Offset, 0)
	text := strings.ToLower(strings.TrimSpace(q.Text))
	var picked []int
	for i, r := range f.status.Plan.Resources {
		if (q.State == "" || r.State == q.State) && (q.Target == "" || r.Target == q.Target) && (!q.Due || due(r)) && f.mentions(r, text) {
			picked = append(picked, i)
		}
	}
	slices.SortStableFunc(picked, func(a, b int) int {
		return urgency(f.status.Plan.Resources[a].State) - urgency(f.status.Plan.Resources[b].State)
	})
	list := List{Resources: []Resource{}, Matched: len(picked), Total: len(f.status.Plan.Resources), Offset: q.Offset}
	for _, i := range picked[min(q.Offset, len(picked)):min(q.Offset+q.Limit, len(picked))] {
		list.Resources = append(list.Resources, f.resource(f.status.Plan.Resources[i], now))
	}
	return list
}

// due reports whether something is to be done, waited for or said of a resource.
func due(r plan.Resource) bool {
	return r.State != plan.InSync || len(r.Waves)+len(r.Verdicts) > 0
}

// order is how urgently a person looks at each state.
var order = []plan.State{plan.Error, plan.Denied, plan.Held, plan.Blocked, plan.Converging, plan.Pending, plan.InSync}

func urgency(s plan.State) int { return slices.Index(order, s) }

func (f *Fleet) mentions(r plan.Resource, text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if text == "" || has(r.Spec.Name) || has(r.ID) || has(r.Spec.File) || has(r.Target) {
		return true
	}
	if d := f.documents[r.Spec]; d != nil {
		for k, v := range d.Labels {
			if has(k + "=" + v) {
				return true
			}
		}
	}
	return slices.ContainsFunc(f.live[placeOf(r)].addresses(), func(a inventory.Address) bool {
		return a.IP.IsValid() && strings.Contains(a.IP.String(), text)
	})
}

// Find returns what is planned for one resource: nothing when no spec names it, and
// several entries when more than one does.
func (f *Fleet) Find(target, id string, now time.Time) []Resource {
	var found []Resource
	for _, i := range f.planned[place{target, id}] {
		found = append(found, f.resource(f.status.Plan.Resources[i], now))
	}
	return found
}

// Name is what specs call a resource now; empty when none, or more than one, names it.
func (f *Fleet) Name(target, id string) string {
	if at := f.planned[place{target, id}]; len(at) == 1 {
		return f.status.Plan.Resources[at[0]].Spec.Name
	}
	return ""
}

// Targets lists the targets of the plan, sorted.
func (f *Fleet) Targets() []string {
	var list []string
	for _, r := range f.status.Plan.Resources {
		if len(list) == 0 || list[len(list)-1] != r.Target {
			list = append(list, r.Target)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Indexes reports whether a status is of the turn that the fleet was made of.
func (f *Fleet) Indexes(s reconcile.Status) bool {
	return f.status.Turns == s.Turns && len(f.status.Plan.Resources) == len(s.Plan.Resources) &&
		len(f.status.Inventories) == len(s.Inventories) && len(f.status.Documents) == len(s.Documents)
}

// With returns the fleet with a newer status of the same turn.
func (f *Fleet) With(s reconcile.Status) *Fleet {
	newer := *f
	newer.status = s
	return &newer
}
