package judge

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Commit is what rules see of the commit under judgement.
type Commit struct {
	ID        string `json:"id"`
	Author    Person `json:"author"`
	Committer Person `json:"committer"`
	Signer    string `json:"signer"` // empty: not verified
	Time      string `json:"time"`   // RFC 3339
	Message   string `json:"message"`
}

// Person is an author or a committer.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// actionInput is the input of sluice.action rules.
type actionInput struct {
	Action   actionFields   `json:"action"`
	Resource map[string]any `json:"resource"`
	Document map[string]any `json:"document"`
	Commit   Commit         `json:"commit"`
	Mode     string         `json:"mode"`
	Time     string         `json:"time"`
}

type actionFields struct {
	Verb            inventory.Verb `json:"verb"`
	Addresses       []netip.Addr   `json:"addresses"`
	Prefixes        []netip.Prefix `json:"prefixes"`
	MaxDrainSeconds int            `json:"maxDrainSeconds"`
	Wave            int            `json:"wave"`
	From            string         `json:"from"`
	ServingBefore   int            `json:"servingBefore"`
	ServingAfter    int            `json:"servingAfter"`
}

// planInput is the input of sluice.plan rules.
type planInput struct {
	Plan   plan.Plan `json:"plan"`
	Commit Commit    `json:"commit"`
	Mode   string    `json:"mode"`
	Time   string    `json:"time"`
}

// documentInput is the input of sluice.spec rules: the document as it is
// written, and where it stands.
func documentInput(doc spec.Document) map[string]any {
	in := object(doc.JSON)
	in["file"], in["line"] = doc.File, doc.Line
	return in
}

func (j *judgement) actionInput(doc spec.Document, r *plan.Resource, l live, a plan.Action, wave, before, after int) actionInput {
	data, _ := json.Marshal(l.resource) // a plain value always marshals
	resource := object(data)
	resource["target"], resource["kind"] = r.Target, r.Kind
	f := actionFields{
		Verb: a.Verb, Addresses: a.Addresses, Prefixes: a.Prefixes, MaxDrainSeconds: a.MaxDrainSeconds,
		Wave: wave, From: a.From, ServingBefore: before, ServingAfter: after,
	}
	if f.Addresses == nil {
		f.Addresses = []netip.Addr{}
	}
	if f.Prefixes == nil {
		f.Prefixes = []netip.Prefix{}
	}
	return actionInput{
		Action: f, Resource: resource, Document: documentInput(doc),
		Commit: j.c.Commit, Mode: j.p.Mode, Time: formatTime(j.c.Now),
	}
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
	addresses []inventory.Address
	prefixes  []netip.Prefix
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
			index[liveKey{inv.Target, inventory.KindNatGateway, g.ID}] = live{g, g.Addresses, nil}
		}
		for _, n := range inv.NetworkInterfaces {
			index[liveKey{inv.Target, inventory.KindNetworkInterface, n.ID}] = live{n, n.Addresses, n.Prefixes}
		}
	}
	return index
}

// indexDocuments leaves out bad documents: there is nothing in them to judge.
func indexDocuments(docs []spec.Document) map[plan.SpecRef]spec.Document {
	index := map[plan.SpecRef]spec.Document{}
	for _, d := range docs {
		if len(d.Problems) == 0 {
			index[plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}] = d
		}
	}
	return index
}
