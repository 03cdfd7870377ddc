package judge

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Commit is what rules see of the commit under judgement.
type Commit struct {
	ID        string `json:"id"`        // see gitsource.Commit
	Author    Person `json:"author"`    // a claim, as is Committer; empty of a folder
	Committer Person `json:"committer"` // likewise
	Signer    string `json:"signer"`    // proven; empty: not verified
	Time      string `json:"time"`      // RFC 3339, of the committer; empty of a folder
	Message   string `json:"message"`

	SignerKey        string `json:"signerKey,omitempty"`        // its fingerprint
	SignatureProblem string `json:"signatureProblem,omitempty"` // why Signer is empty: "it is not signed"
}

// Person is an author or a committer.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// planInput is the input of sluice.plan rules.
type planInput struct {
	Plan   planFields `json:"plan"`
	Commit Commit     `json:"commit"`
	Mode   string     `json:"mode"`
	Time   string     `json:"time"`
}

// planFields is the plan, with what rules see of each resource beside it.
type planFields struct {
	plan.Plan
	Resources []resourceFields `json:"resources"` // in the place of the plan's own
}

type resourceFields struct {
	plan.Resource
	Holds *holds `json:"holds,omitempty"` // absent: not in the inventory
	Drift any    `json:"drift,omitempty"` // hides the plan's: rules do not go by who changed what
}

// holds is how much a resource has that a plan could take away: neither its
// primary address, nor what EC2 failed to assign, nor what is on its way out.
type holds struct {
	Secondary int `json:"secondary"`
	Prefixes  int `json:"prefixes"`
}

func (j *judgement) planInput() planInput {
	fields := planFields{Plan: j.p, Resources: make([]resourceFields, len(j.p.Resources))}
	for i, r := range j.p.Resources {
		fields.Resources[i].Resource = r
		if live, found := j.live[keyOf(&r)]; found {
			fields.Resources[i].Holds = live.holds()
		}
	}
	return planInput{Plan: fields, Commit: j.c.Commit, Mode: j.p.Mode, Time: formatTime(j.c.Now)}
}

// documentInput is the input of sluice.spec rules: the document as it is
// written, and where it stands.
func documentInput(doc spec.Document) map[string]any {
	in := maps.Clone(doc.Fields())
	if in == nil {
		in = map[string]any{}
	}
	in["file"], in["line"] = doc.File, doc.Line
	return in
}

// actionInputs makes the inputs of action rules. What actions have in common is
// made once.
type actionInputs struct {
	common    map[string]any
	resources map[*plan.Resource]any
	j         *judgement
}

func (j *judgement) newActionInputs() *actionInputs {
	return &actionInputs{j: j, resources: map[*plan.Resource]any{}, common: map[string]any{
		"commit": value(j.c.Commit), "mode": j.p.Mode, "time": formatTime(j.c.Now),
	}}
}

// of is the input of one action.
func (in *actionInputs) of(s step) any {
	if in.resources[s.r] == nil {
		live := in.j.live[keyOf(s.r)]
		data, _ := json.Marshal(live.resource) // a plain value always marshals
		resource := object(data)
		resource["target"], resource["kind"] = s.r.Target, string(s.r.Kind)
		resource["primary"] = texts(live.primary())
		in.resources[s.r] = value(resource)
	}
	out := maps.Clone(in.common)
	out["resource"], out["document"] = in.resources[s.r], in.j.docs[s.r.Spec].input
	action := map[string]any{
		"verb": string(s.a.Verb), "addresses": texts(s.a.Addresses), "prefixes": texts(s.a.Prefixes),
		"maxDrainSeconds": s.a.MaxDrainSeconds, "wave": s.wave, "from": s.a.From, "servingBefore": s.before, "servingAfter": s.after,
	}
	if s.free != nil {
		action["subnetFreeAfter"] = *s.free
	}
	out["action"] = action
	return out
}

func texts[T fmt.Stringer](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}

// value is v as the rule engine has it; what cannot be one fails where it is used.
func value(v any) any {
	made, err := policy.Value(v)
	if err != nil {
		return v
	}
	return made
}

func object(data []byte) map[string]any {
	m := map[string]any{}
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		return map[string]any{}
	}
	return m
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// live is a resource as EC2 reports it.
type live struct {
	resource  any
	subnet    string
	addresses []inventory.Address
	prefixes  []netip.Prefix
}

func (l live) holds() *holds {
	h := &holds{Prefixes: len(l.prefixes)}
	for _, a := range l.addresses {
		if !a.Primary && a.Status != inventory.StatusFailed && a.Status != inventory.StatusUnassigning {
			h.Secondary++
		}
	}
	return h
}

// primary is every address that EC2 calls primary: more than one would be wrong,
// and then none of them may go.
func (l live) primary() []netip.Addr {
	var list []netip.Addr
	for _, a := range l.addresses {
		if a.Primary {
			list = append(list, a.IP)
		}
	}
	return list
}

func (l live) serving() int {
	n := 0
	for _, a := range l.addresses {
		if a.Status.Serving() {
			n++
		}
	}
	return n
}

func (l live) draining() int {
	n := 0
	for _, a := range l.addresses {
		if a.Status == inventory.StatusUnassigning {
			n++
		}
	}
	return n
}

// liveKey names a resource.
type liveKey struct {
	target string
	kind   inventory.Kind
	id     string
}

func keyOf(r *plan.Resource) liveKey { return liveKey{r.Target, r.Kind, r.ID} }

func indexLive(inventories []inventory.Inventory) map[liveKey]live {
	index := map[liveKey]live{}
	for _, inv := range inventories {
		for _, g := range inv.NatGateways {
			index[liveKey{inv.Target, inventory.KindNatGateway, g.ID}] = live{g, g.SubnetID, g.Addresses, nil}
		}
		for _, n := range inv.NetworkInterfaces {
			index[liveKey{inv.Target, inventory.KindNetworkInterface, n.ID}] = live{n, n.SubnetID, n.Addresses, n.Prefixes}
		}
	}
	return index
}

// document is a good document and the input that rules see of it.
type document struct {
	spec.Document
	input any
}

// indexDocuments leaves out bad documents: there is nothing in them to judge.
func indexDocuments(docs []spec.Document) map[plan.SpecRef]document {
	index := map[plan.SpecRef]document{}
	for _, d := range docs {
		if len(d.Problems) == 0 {
			index[plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}] = document{d, value(documentInput(d))}
		}
	}
	return index
}
