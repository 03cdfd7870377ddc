package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

const bound = 120 // rounds in which every drawn world comes to rest

// simulate turns until nothing is pending or converging, and checks after every
// turn that no rule was broken. It returns the last plan.
func simulate(t *rapid.T, m *model) Plan {
	t.Helper()
	quiet := 0
	for range bound {
		p := m.turn()
		checkPlan(t, m, p)
		if len(m.broken) > 0 {
			t.Fatalf("%s\nspecs:\n%s", strings.Join(m.broken, "\n"), m.describe())
		}
		if p.Summary.Pending+p.Summary.Converging > 0 {
			quiet = 0
		} else if quiet++; quiet > m.lag {
			return p
		}
	}
	p, _ := m.plan()
	t.Fatalf("no rest after %d rounds:\n%s\nspecs:\n%s", bound, lines(p), m.describe())
	return p
}

// checkPlan checks what holds for every plan, carried out or not.
func checkPlan(t *rapid.T, m *model, p Plan) {
	t.Helper()
	if len(p.Resources) != len(m.docs) {
		t.Fatalf("%d resources for %d specs", len(p.Resources), len(m.docs))
	}
	for _, r := range p.Resources {
		switch {
		case r.Waves == nil || r.Verdicts == nil:
			t.Fatalf("%s: null in place of a list", r.ID)
		case r.State == Pending && len(r.Waves) == 0:
			t.Fatalf("%s is pending without a wave", r.ID)
		case r.State != Pending && r.State != Converging && len(r.Waves) > 0:
			t.Fatalf("%s is %s, and yet has waves", r.ID, r.State)
		case r.State != InSync && r.Reason == "":
			t.Fatalf("%s is %s without a reason", r.ID, r.State)
		}
		res := m.resources[r.ID]
		if res == nil {
			continue
		}
		for _, a := range slices.Concat(r.Waves...) {
			if a.Verb == inventory.VerbUnassign && (res.hidden || slices.Contains(a.Addresses, res.rows[0].IP)) {
				t.Fatalf("%s: %s names a primary, or one may be the primary", r.ID, a)
			}
			if len(a.Addresses)+len(a.Prefixes) == 0 {
				t.Fatalf("%s: %s names nothing", r.ID, a)
			}
		}
	}
}

func lines(p Plan) string {
	var out strings.Builder
	for _, r := range p.Resources {
		fmt.Fprintf(&out, "%s: %s\n", notation(r), r.Reason)
	}
	return out.String()
}

func (m *model) describe() string {
	var out strings.Builder
	fmt.Fprintf(&out, "limit %d, lag %d\n", m.limit, m.lag)
	for _, d := range m.docs {
		fmt.Fprintf(&out, "want %s min=%d move=%v", d.ID, d.MinServing, d.AllowReassignment)
		if s := d.Secondary; s != nil && s.Count != nil {
			fmt.Fprintf(&out, " count=%d pool=%v", *s.Count, s.Pool)
		} else if s != nil {
			fmt.Fprintf(&out, " %v", s.Addresses)
		}
		if d.Prefixes != nil {
			fmt.Fprintf(&out, " cidrs=%v", d.Prefixes.CIDRs)
		}
		out.WriteString("\n")
	}
	for _, id := range m.ids() {
		fmt.Fprintf(&out, "%s in %s, hidden %v:", id, m.resources[id].subnet, m.resources[id].hidden)
		for _, a := range m.resources[id].rows {
			fmt.Fprintf(&out, " %s/%s", a.IP, a.Status)
		}
		fmt.Fprintf(&out, " %v\n", m.resources[id].prefixes)
	}
	return out.String()
}

// met reports whether a resource is as its spec says.
func (m *model) met(d spec.Document) bool {
	r := m.resources[d.ID]
	if s := d.Secondary; s != nil && s.Count != nil && len(r.secondary()) != *s.Count {
		return false
	} else if s != nil && s.Count == nil && !slices.Equal(r.secondary(), s.Addresses) {
		return false
	}
	if p := d.Prefixes; p != nil && p.Count != nil && len(r.prefixes) != *p.Count {
		return false
	}
	return true
}

// converges is the property for specs that can be met: the world becomes what
// they say, and then the plan is empty.
func converges(t *rapid.T, like taste) {
	m := drawModel(t, like)
	start := m.describe()
	p := simulate(t, m)
	for _, r := range p.Resources {
		if r.State != InSync {
			t.Fatalf("%s: %s\nbegan as\n%s\nended as\n%s", notation(r), r.Reason, start, m.describe())
		}
	}
	for _, d := range m.docs {
		if !m.met(d) {
			t.Fatalf("%s is called in sync\nbegan as\n%s\nended as\n%s", d.ID, start, m.describe())
		}
	}
	if m.lag == 0 && m.refused > 0 {
		t.Fatalf("EC2 refused %d calls", m.refused)
	}
}

func TestSpecsThatCanBeMetAreMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { converges(t, taste{}) })
}

func TestSpecsThatCanBeMetAreMetThoughReadsLag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { converges(t, taste{lag: true}) })
}

func TestServingNeverFallsBelowMinServing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{floors: true})
		for _, r := range simulate(t, m).Resources {
			i := slices.IndexFunc(m.docs, func(d spec.Document) bool { return d.ID == r.ID })
			if (r.State == InSync) != m.met(m.docs[i]) || r.State == Error {
				t.Fatalf("%s: %s\n%s", notation(r), r.Reason, m.describe())
			}
		}
	})
}

func TestRulesHoldWithFailedRowsTransitionsAndUnknownPrimaries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{floors: true, faults: true, lag: rapid.Bool().Draw(t, "reads lag")})
		simulate(t, m)
	})
}

func TestRulesHoldWhateverSpecsAskFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{faults: rapid.Bool().Draw(t, "faults"), wild: true})
		simulate(t, m)
	})
}

func TestWhatNoSpecNamesNeverChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{wild: rapid.Bool().Draw(t, "wild")})
		before := map[string]string{}
		for _, id := range m.ids() {
			before[id] = digest(m.resources[id].cidrs())
		}
		simulate(t, m)
		for _, id := range m.ids() {
			if !m.named(id) && digest(m.resources[id].cidrs()) != before[id] {
				t.Fatalf("%s changed", id)
			}
		}
	})
}

// shuffled returns the same input in another order: documents, resources, rows,
// prefixes, subnets and holders.
func shuffled(t *rapid.T, in Input) Input {
	in.Documents = shuffle(t, in.Documents)
	in.Inventories = slices.Clone(in.Inventories)
	for i, inv := range in.Inventories {
		inv.NatGateways = shuffle(t, inv.NatGateways)
		for j := range inv.NatGateways {
			inv.NatGateways[j].Addresses = shuffle(t, inv.NatGateways[j].Addresses)
		}
		inv.NetworkInterfaces = shuffle(t, inv.NetworkInterfaces)
		for j := range inv.NetworkInterfaces {
			inv.NetworkInterfaces[j].Addresses = shuffle(t, inv.NetworkInterfaces[j].Addresses)
			inv.NetworkInterfaces[j].Prefixes = shuffle(t, inv.NetworkInterfaces[j].Prefixes)
		}
		inv.Subnets = shuffle(t, inv.Subnets)
		for j := range inv.Subnets {
			inv.Subnets[j].Holders = shuffle(t, inv.Subnets[j].Holders)
		}
		in.Inventories[i] = inv
	}
	return in
}

func encode(t *rapid.T, p Plan) []byte {
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{wild: rapid.Bool().Draw(t, "wild"), faults: rapid.Bool().Draw(t, "faults")})
		for range rapid.IntRange(0, 2).Draw(t, "turns") {
			m.turn()
		}
		p, in := m.plan()
		mixed := shuffled(t, in)
		untouched := digest(mixed)
		again := Make(mixed)
		if a, b := encode(t, p), encode(t, again); !bytes.Equal(a, b) {
			t.Fatalf("%s\nand\n%s", a, b)
		}
		if digest(mixed) != untouched {
			t.Fatal("Make changed its input")
		}
	})
}

func TestNamesAndPlacesOfFilesChangeNoAction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t, taste{wild: rapid.Bool().Draw(t, "wild")})
		p, in := m.plan()
		in.Documents = slices.Clone(in.Documents)
		places := shuffle(t, in.Documents)
		for i := range in.Documents {
			in.Documents[i].Name, in.Documents[i].File, in.Documents[i].Line = fmt.Sprint("n", i), "moved/"+places[i].File, 10*i+1
		}
		if a, b := actions(p), actions(Make(in)); !slices.Equal(a, b) {
			t.Fatalf("%v\nand\n%v", a, b)
		}
	})
}

// actions is what a plan does and says, without where its specs stand.
func actions(p Plan) []string {
	var list []string
	for _, r := range p.Resources {
		list = append(list, notation(r))
	}
	slices.Sort(list)
	return list
}

func TestAPlanIsWithinItselfAndNothingMoreIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, _ := drawModel(t, taste{}).plan()
		if !whole.Within(&whole) {
			t.Fatal("not within itself")
		}
		data := encode(t, whole)
		clone := func() (p Plan) {
			if err := json.Unmarshal(data, &p); err != nil {
				t.Fatal(err)
			}
			return p
		}
		var acting []int
		for i, r := range whole.Resources {
			if len(r.Waves) > 0 {
				acting = append(acting, i)
			}
		}
		if len(acting) == 0 {
			t.Skip("nothing to do")
		}
		i := rapid.SampledFrom(acting).Draw(t, "resource")
		w := rapid.IntRange(0, len(whole.Resources[i].Waves)-1).Draw(t, "wave")

		less := clone()
		less.Resources[i].Waves = slices.Delete(less.Resources[i].Waves, w, w+1)
		if !less.Within(&whole) {
			t.Fatal("less is not within")
		}
		if whole.Within(&less) {
			t.Fatal("a plan is within one that lacks a wave of it")
		}
		more := clone()
		a := &more.Resources[i].Waves[w][0]
		switch rapid.IntRange(0, 3).Draw(t, "what more") {
		case 0:
			a.Addresses = append(a.Addresses, netip.MustParseAddr("10.9.9.9"))
		case 1:
			a.MaxDrainSeconds += 4001
		case 2:
			a.Verb = "other"
		case 3:
			a.From = "eni-other"
		}
		if more.Within(&whole) {
			t.Fatalf("%s is within %s", a, describe(whole.Resources[i].Waves))
		}
	})
}
